"""Nadir-pointing attitude: body rates, magnetic field in the body frame, wheel speeds."""

import numpy as np

from simulator.physics.orbit import EARTH_RADIUS_KM, Array, Geometry

DIPOLE_UT = 30.0
_POLE_LATITUDE, _POLE_LONGITUDE = np.radians(80.7), np.radians(-72.7)
MAGNETIC_POLE = np.array(
    [
        np.cos(_POLE_LATITUDE) * np.cos(_POLE_LONGITUDE),
        np.cos(_POLE_LATITUDE) * np.sin(_POLE_LONGITUDE),
        np.sin(_POLE_LATITUDE),
    ]
)
WHEEL_BIAS_RPM, WHEEL_SWING_RPM = 3000.0, 120.0


def body_axes(geometry: Geometry) -> Array:
    """Unit vectors x (ahead), y (against the orbit's normal), z (nadir) [axis, step, satellite, 3]."""
    zenith = geometry.position_km / np.linalg.norm(geometry.position_km, axis=-1, keepdims=True)
    normal = np.cross(geometry.position_km, geometry.velocity_kmps)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return np.stack([np.cross(normal, zenith), -normal, -zenith])


def magnetic_field(geometry: Geometry, axes: Array) -> Array:
    """Field of the tilted dipole in body axes, uT [axis, step, satellite] (Wertz 1978, appendix H)."""
    radius = np.linalg.norm(geometry.position_km, axis=-1)
    zenith = -axes[2]
    strength = DIPOLE_UT * (EARTH_RADIUS_KM / radius) ** 3
    field = strength[..., None] * (MAGNETIC_POLE - 3 * (zenith @ MAGNETIC_POLE)[..., None] * zenith)
    return np.asarray(np.einsum("aksi,ksi->aks", axes, field))


def body_rates(geometry: Geometry, unix_s: Array) -> Array:
    """Body rates in deg/s [axis, step, satellite]: one turn an orbit and a slow limit cycle."""
    radius = np.linalg.norm(geometry.position_km, axis=-1)
    speed = np.linalg.norm(geometry.velocity_kmps, axis=-1)
    cycle = 0.02 * np.sin(2 * np.pi * unix_s / 240.0)[:, None] * np.ones_like(radius)
    return np.stack([cycle, -np.degrees(speed / radius), -0.7 * cycle])


def wheel_speeds(geometry: Geometry, axes: Array) -> Array:
    """Wheel speeds in rpm [wheel, step, satellite]: momentum stored against the gravity gradient."""
    along_pole = axes[..., 2]
    ripple = np.sin(np.radians(2 * geometry.sun_angle_deg))
    return WHEEL_BIAS_RPM + WHEEL_SWING_RPM * (along_pole + 0.3 * ripple)

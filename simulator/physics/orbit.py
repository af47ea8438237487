"""Where the satellites, the Sun and the Earth's shadow are."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sgp4.api import WGS72, Satrec, SatrecArray

Array = NDArray[np.float64]

EARTH_RADIUS_KM = 6378.137
FLATTENING = 1 / 298.257223563
SUN_ANGULAR_RADIUS_RAD = np.radians(0.2666)
UNIX_EPOCH_JD = 2440587.5
SGP4_EPOCH_JD = 2433281.5
DAY_S = 86400.0

INCLINATION_RAD = np.radians(51.6)
MEAN_MOTION_RAD_PER_MIN = 2 * np.pi * 15.49 / 1440  # about 420 km
ORBIT_PERIOD_S = DAY_S / 15.49
ECCENTRICITY = 0.0005
SATELLITES_PER_PLANE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """Orbit of every satellite at every instant; vectors in Earth-fixed axes, arrays [step, satellite]."""

    position_km: Array
    """[step, satellite, 3]"""
    velocity_kmps: Array
    """Inertial velocity, [step, satellite, 3]"""
    sunlit: Array
    """Visible share of the solar disc, 0 in the umbra, 1 in full sunlight."""
    sun_angle_deg: Array
    """Angle between zenith and the Sun."""
    latitude_deg: Array
    longitude_deg: Array
    altitude_km: Array


def build_constellation(satellites: int, start: datetime, seed: int) -> SatrecArray:
    """Build circular orbits, ten satellites a plane, evenly spaced; the seed turns the first node."""
    planes = -(-satellites // SATELLITES_PER_PLANE)
    first_node = np.random.default_rng([seed, 1]).uniform(0, 2 * np.pi)
    epoch_days = start.timestamp() / DAY_S + UNIX_EPOCH_JD - SGP4_EPOCH_JD
    in_plane = min(satellites, SATELLITES_PER_PLANE)
    return SatrecArray(
        [_orbit(index, planes, in_plane, first_node, epoch_days) for index in range(satellites)]
    )


def _orbit(index: int, planes: int, in_plane: int, first_node: float, epoch_days: float) -> Satrec:
    plane, slot = divmod(index, SATELLITES_PER_PLANE)
    node = (first_node + 2 * np.pi * plane / planes) % (2 * np.pi)
    anomaly = 2 * np.pi * (slot / in_plane + plane / planes / in_plane) % (2 * np.pi)
    orbit = Satrec()
    orbit.sgp4init(
        WGS72, "i", index % 99_999, epoch_days, 0.0, 0.0, 0.0,
        ECCENTRICITY, 0.0, INCLINATION_RAD, anomaly, MEAN_MOTION_RAD_PER_MIN, node,
    )  # fmt: skip
    return orbit


def propagate(constellation: SatrecArray, unix_s: Array) -> Geometry:
    """Propagate by SGP4 to the instants `unix_s` [step], seconds since 1970 UTC.

    Source: Vallado et al., Revisiting Spacetrack Report 3 (2006). Raises ArithmeticError for a decayed orbit.
    """
    jd = unix_s / DAY_S + UNIX_EPOCH_JD
    whole = np.floor(jd)
    fraction = (unix_s - (whole - UNIX_EPOCH_JD) * DAY_S) / DAY_S
    errors, position, velocity = constellation.sgp4(whole, fraction)
    if errors.any():
        raise ArithmeticError("the propagated orbit has decayed: simulate a shorter time")
    sidereal = sidereal_angle_rad(unix_s)
    fixed = to_earth_fixed(position.transpose(1, 0, 2), sidereal)
    sun = to_earth_fixed(sun_direction(unix_s)[:, None, :], sidereal)
    latitude, longitude, altitude = geodetic(fixed)
    return Geometry(
        position_km=fixed,
        velocity_kmps=to_earth_fixed(velocity.transpose(1, 0, 2), sidereal),
        sunlit=sunlit_share(fixed, sun),
        sun_angle_deg=np.degrees(_separation(fixed, sun)),
        latitude_deg=latitude,
        longitude_deg=longitude,
        altitude_km=altitude,
    )


def sidereal_angle_rad(unix_s: Array) -> Array:
    """Greenwich mean sidereal angle [step] (IAU 1982, linear term; 1e-4 rad over decades)."""
    days = unix_s / DAY_S + UNIX_EPOCH_JD - 2451545.0
    return np.radians((280.46061837 + 360.98564736629 * days) % 360.0)


def to_earth_fixed(vectors: Array, sidereal_rad: Array) -> Array:
    """Turn `vectors` [step, satellite, 3] from equinox axes by the sidereal angle [step]."""
    cosine, sine = np.cos(sidereal_rad)[:, None], np.sin(sidereal_rad)[:, None]
    x, y, z = np.moveaxis(vectors, -1, 0)
    return np.stack([cosine * x + sine * y, cosine * y - sine * x, np.broadcast_to(z, x.shape)], axis=-1)


def sun_direction(unix_s: Array) -> Array:
    """Unit vector to the Sun [step, 3], equinox axes, 0.01 degree (Astronomical Almanac, section C)."""
    days = unix_s / DAY_S + UNIX_EPOCH_JD - 2451545.0
    anomaly = np.radians(357.528 + 0.9856003 * days)
    longitude = np.radians(280.460 + 0.9856474 * days + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    obliquity = np.radians(23.439 - 4e-7 * days)
    sine = np.sin(longitude)
    return np.stack([np.cos(longitude), np.cos(obliquity) * sine, np.sin(obliquity) * sine], axis=-1)


def sunlit_share(position_km: Array, sun: Array) -> Array:
    """Share of the solar disc above the Earth's limb, conical shadow, linear across the penumbra.

    From `position_km` and unit vectors to the `sun`, [step, satellite, 3] after broadcasting, to [step,
    satellite].
    """
    to_earth = np.pi - _separation(position_km, sun)
    earth = np.arcsin(EARTH_RADIUS_KM / np.linalg.norm(position_km, axis=-1))
    share = (to_earth - earth) / (2 * SUN_ANGULAR_RADIUS_RAD) + 0.5
    return np.asarray(np.clip(share, 0.0, 1.0))


def _separation(position_km: Array, sun: Array) -> Array:
    cosine = (position_km * sun).sum(axis=-1) / np.linalg.norm(position_km, axis=-1)
    return np.asarray(np.arccos(np.clip(cosine, -1.0, 1.0)))


def geodetic(position_km: Array) -> tuple[Array, Array, Array]:
    """Latitude and longitude in degrees and height in km above WGS 84 (Bowring 1976, one step).

    From Earth-fixed positions [step, satellite, 3] to three [step, satellite].
    """
    x, y, z = np.moveaxis(position_km, -1, 0)
    polar_radius, eccentricity2 = EARTH_RADIUS_KM * (1 - FLATTENING), FLATTENING * (2 - FLATTENING)
    equatorial = np.hypot(x, y)
    angle = np.arctan2(z * EARTH_RADIUS_KM, equatorial * polar_radius)
    second = eccentricity2 / (1 - eccentricity2)
    latitude = np.arctan2(
        z + second * polar_radius * np.sin(angle) ** 3,
        equatorial - eccentricity2 * EARTH_RADIUS_KM * np.cos(angle) ** 3,
    )
    curvature = EARTH_RADIUS_KM / np.sqrt(1 - eccentricity2 * np.sin(latitude) ** 2)
    altitude = equatorial / np.cos(latitude) - curvature
    return np.degrees(latitude), np.degrees(np.arctan2(y, x)), altitude

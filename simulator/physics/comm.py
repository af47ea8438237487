"""Ground contact: passes over the stations, signal strength, backlog, time since the last contact."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.physics.orbit import EARTH_RADIUS_KM, Array

Flags = NDArray[np.bool_]

STATIONS_DEG = (
    (36.4, 127.4), (33.4, 126.5), (67.9, 21.0), (40.6, 16.7),
    (28.0, -15.6), (-33.2, -70.7), (20.9, -156.3), (-29.0, 115.3),
)  # fmt: skip
MIN_ELEVATION_DEG = 5.0
RSSI_AT_420_KM_DBM = -70.5
NOISE_FLOOR_DBM = -110.0
HOUSEKEEPING_MB_PER_S, IMAGING_MB_PER_S, DOWNLINK_MB_PER_S = 0.02, 0.6, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Best station in view, arrays [step, satellite]."""

    in_contact: Flags
    rssi_dbm: Array


def find_contact(position_km: Array) -> Contact:
    """Contact of satellites at `position_km` [step, satellite, 3] (Earth-fixed) by free-space path loss."""
    latitude, longitude = np.radians(np.array(STATIONS_DEG)).T
    up = np.stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)]
    )
    along = (position_km @ up).max(axis=-1)
    radius = np.linalg.norm(position_km, axis=-1)
    distance_km = np.sqrt(radius**2 + EARTH_RADIUS_KM**2 - 2 * EARTH_RADIUS_KM * along)
    in_contact = (along - EARTH_RADIUS_KM) / distance_km > np.sin(np.radians(MIN_ELEVATION_DEG))
    rssi = RSSI_AT_420_KM_DBM - 20 * np.log10(distance_km / 420.0)
    return Contact(in_contact=in_contact, rssi_dbm=np.where(in_contact, rssi, NOISE_FLOOR_DBM))


def integrate_backlog(backlog_mb: Array, imaging: Flags, in_contact: Flags, dt_s: float) -> Array:
    """Data waiting on board in MB, [step, satellite].

    `backlog_mb`, [satellite], is what waits before the first step; `imaging` and `in_contact` are [step,
    satellite].
    """
    rate = HOUSEKEEPING_MB_PER_S + IMAGING_MB_PER_S * imaging - DOWNLINK_MB_PER_S * in_contact
    series = np.empty_like(rate)
    for step, change in enumerate(rate * dt_s):
        backlog_mb = np.maximum(backlog_mb + change, 0.0)
        series[step] = backlog_mb
    return series


def seconds_since(age_s: Array, happened: Flags, dt_s: float) -> Array:
    """Seconds since `happened` [step, satellite] was last true; `age_s` [satellite] before the first step."""
    series = np.empty(happened.shape)
    for step, now in enumerate(happened):
        age_s = np.where(now, 0.0, age_s + dt_s)
        series[step] = age_s
    return series

"""What the sensors make of the truth: noise, limits and resolution of each numeric channel."""

from dataclasses import dataclass

import numpy as np

from simulator.physics.orbit import Array

Telemetry = dict[str, dict[str, Array]]
"""Subsystem, channel, values [step, satellite]; flags are 0 and 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """Measurement of one channel, all in the channel's unit."""

    noise: float = 0.0
    """Standard deviation of the white noise."""
    decimals: int = 2
    span: float
    """How far the nominal value usually wanders within an orbit: the unit of a fault's size."""
    low: float = -np.inf
    high: float = np.inf


def _each(names: str, sensor: Sensor) -> dict[str, Sensor]:
    return dict.fromkeys(names.split(), sensor)


SENSORS: dict[str, dict[str, Sensor]] = {
    "obc": _each("cpu_usage_percent", Sensor(noise=1.5, decimals=1, span=10, low=0, high=100))
    | _each("memory_usage_percent", Sensor(noise=0.5, decimals=1, span=5, low=0, high=100)),
    "eps": {
        "battery_soc_percent": Sensor(noise=0.03, decimals=2, span=6, low=0, high=100),
        "battery_voltage": Sensor(noise=0.002, decimals=3, span=0.1, low=0),
        "battery_current": Sensor(noise=0.01, decimals=3, span=0.8),
        "battery_temperature": Sensor(noise=0.08, decimals=2, span=3),
    }
    | _each(
        "solar_panel_1_voltage solar_panel_2_voltage solar_panel_3_voltage",
        Sensor(noise=0.01, decimals=3, span=1.5, low=0),
    )
    | _each(
        "solar_panel_1_current solar_panel_2_current solar_panel_3_current",
        Sensor(noise=0.01, decimals=3, span=0.5, low=0),
    )
    | _each(
        "obc_power_watts comm_power_watts payload_power_watts total_power_consumption",
        Sensor(noise=0.1, decimals=2, span=3, low=0),
    )
    | _each("total_power_generation", Sensor(noise=0.15, decimals=2, span=10, low=0)),
    "thermal": _each("battery_temp", Sensor(noise=0.08, decimals=2, span=3))
    | _each("obc_temp comm_temp payload_temp", Sensor(noise=0.1, decimals=2, span=4))
    | _each("solar_panel_temp external_temp", Sensor(noise=0.2, decimals=2, span=12)),
    "aocs": _each("gyro_x gyro_y gyro_z", Sensor(noise=0.006, decimals=4, span=0.03))
    | {"sun_sensor_angle": Sensor(noise=0.1, decimals=2, span=30, low=0, high=180)}
    | _each("magnetometer_x magnetometer_y magnetometer_z", Sensor(noise=0.08, decimals=2, span=10))
    | _each(
        "reaction_wheel_1_rpm reaction_wheel_2_rpm reaction_wheel_3_rpm",
        Sensor(noise=1.5, decimals=1, span=60),
    )
    | {
        "thruster_fuel_percent": Sensor(decimals=3, span=2, low=0, high=100),
        "thruster_pressure_bar": Sensor(noise=0.02, span=1, low=0),
        "thruster_temperature": Sensor(noise=0.1, span=5),
        "gps_latitude": Sensor(noise=1e-5, decimals=6, span=20),
        "gps_longitude": Sensor(noise=1e-5, decimals=6, span=60),
        "gps_altitude_km": Sensor(noise=0.003, decimals=4, span=5),
        "gps_velocity_kmps": Sensor(noise=2e-5, decimals=5, span=0.005),
    },
    "comm": {
        "rssi_dbm": Sensor(noise=0.4, decimals=1, span=6),
        "data_backlog_mb": Sensor(decimals=2, span=60, low=0),
        "last_contact_seconds_ago": Sensor(decimals=1, span=600, low=0),
    },
    "payload": {
        "payload_temp": Sensor(noise=0.1, decimals=2, span=4),
        "payload_power_watts": Sensor(noise=0.1, decimals=2, span=3, low=0),
    },
}

_MEASURED = [
    (subsystem, channel, sensor)
    for subsystem, sensors in SENSORS.items()
    for channel, sensor in sensors.items()
]
_NOISE = np.array([sensor.noise for *_, sensor in _MEASURED])


def add_noise(truth: Telemetry, generator: np.random.Generator) -> None:
    """Add each sensor's noise in place; consumes the same random numbers however a run is cut into blocks."""
    shape = truth["eps"]["battery_voltage"].shape
    noise = generator.standard_normal((*shape, len(_MEASURED))) * _NOISE
    for index, (subsystem, channel, _) in enumerate(_MEASURED):
        truth[subsystem][channel] = truth[subsystem][channel] + noise[..., index]


def quantise(telemetry: Telemetry) -> None:
    """Clip to the sensor's limits and round to its resolution, in place; NaN stays NaN."""
    for subsystem, channel, sensor in _MEASURED:
        values = np.clip(telemetry[subsystem][channel], sensor.low, sensor.high)
        telemetry[subsystem][channel] = np.round(values, sensor.decimals) + 0.0

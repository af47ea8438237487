"""The satellites' physics: one block of time steps after another, every satellite at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sgp4.api import SatrecArray

from simulator.physics import attitude, comm, power, thermal
from simulator.physics.orbit import ORBIT_PERIOD_S, Array, Geometry, propagate
from simulator.physics.sensors import Telemetry

SPIN_UP_ORBITS = 2.5
SPIN_UP_STEP_S = 60.0
IMAGE_EVERY_S = 60.0
IMAGING_LATITUDE_DEG = (15.0, 30.0)
IMAGING_MAX_SUN_ANGLE_DEG = 70.0
CPU_IDLE_PERCENT, CPU_IMAGING_PERCENT, CPU_CONTACT_PERCENT = 30.0, 20.0, 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the satellites carry from one step to the next; arrays [satellite] or [node, satellite]."""

    soc_percent: Array
    external_degc: Array
    internal_degc: Array
    backlog_mb: Array
    silence_s: Array
    imaging_s: Array
    image_age_s: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What the satellites do and what it costs, arrays [step, satellite]."""

    imaging: NDArray[np.bool_]
    contact: comm.Contact
    cpu_percent: Array
    obc_w: Array
    comm_w: Array
    payload_w: Array

    @property
    def load_w(self) -> Array:
        """Power in W that the whole satellite draws, [step, satellite]."""
        return self.obc_w + self.comm_w + self.payload_w + power.ATTITUDE_W


def settled_state(constellation: SatrecArray, satellites: int, before_s: float) -> State:
    """State at `before_s` (Unix time) of satellites that have been flying nominally for some orbits."""
    ones = np.ones(satellites)
    state = State(
        soc_percent=90.0 * ones,
        external_degc=np.array([[2.0], [12.0]]) * ones,
        internal_degc=np.array([[18.0], [17.0], [14.0], [9.0]]) * ones,
        backlog_mb=100.0 * ones,
        silence_s=0.0 * ones,
        imaging_s=0.0 * ones,
        image_age_s=3600.0 * ones,
    )
    steps = int(SPIN_UP_ORBITS * ORBIT_PERIOD_S / SPIN_UP_STEP_S)
    times = before_s - SPIN_UP_STEP_S * np.arange(steps, dtype=float)[::-1]
    for block in np.array_split(times, max(1, steps * satellites // 100_000)):
        state, _ = advance(constellation, state, block, SPIN_UP_STEP_S)
    return state


def advance(constellation: SatrecArray, state: State, unix_s: Array, dt_s: float) -> tuple[State, Telemetry]:
    """Advance by steps of `dt_s` to the instants `unix_s` [step]; the true values [step, satellite]."""
    geometry = propagate(constellation, unix_s)
    activity = _plan_activity(geometry)
    panels_w = power.panel_power(geometry.sunlit, geometry.sun_angle_deg)
    soc, battery_w = power.integrate_charge(state.soc_percent, panels_w.sum(axis=0), activity.load_w, dt_s)
    external = thermal.external_temperatures(state.external_degc, geometry.sunlit, dt_s)
    heat = np.stack([0.08 * np.abs(battery_w), activity.obc_w, activity.comm_w, activity.payload_w], axis=1)
    internal = thermal.internal_temperatures(state.internal_degc, external[:, 0], heat, dt_s)
    in_contact = activity.contact.in_contact
    backlog = comm.integrate_backlog(state.backlog_mb, activity.imaging, in_contact, dt_s)
    silence = comm.seconds_since(state.silence_s, in_contact, dt_s)
    imaging_s = state.imaging_s + dt_s * np.cumsum(activity.imaging, axis=0)
    images = np.floor(imaging_s / IMAGE_EVERY_S)
    captured = np.diff(images, axis=0, prepend=np.floor(state.imaging_s / IMAGE_EVERY_S)[None]) > 0
    image_age = comm.seconds_since(state.image_age_s, captured, dt_s)
    after = State(
        soc_percent=soc[-1],
        external_degc=external[-1],
        internal_degc=internal[-1],
        backlog_mb=backlog[-1],
        silence_s=silence[-1],
        imaging_s=imaging_s[-1],
        image_age_s=image_age[-1],
    )
    thermal_values = _thermal(internal, external)
    return after, {
        "eps": _eps(geometry, activity, panels_w, soc, battery_w, thermal_values),
        "thermal": thermal_values,
        "aocs": _aocs(geometry, unix_s, thermal_values["external_temp"]),
        "comm": _comm(activity, backlog, silence),
        "obc": _obc(activity, unix_s),
        "payload": _payload(activity, thermal_values["payload_temp"], images),
        "beacon": {"sunlit": geometry.sunlit, "image_age_s": image_age, "contact_age_s": silence},
    }


def _plan_activity(geometry: Geometry) -> Activity:
    """Images of the subtropics by day, downlink whenever a station is in view."""
    contact = comm.find_contact(geometry.position_km)
    low, high = IMAGING_LATITUDE_DEG
    latitude = np.abs(geometry.latitude_deg)
    imaging = (latitude > low) & (latitude < high) & (geometry.sun_angle_deg < IMAGING_MAX_SUN_ANGLE_DEG)
    cpu = CPU_IDLE_PERCENT + CPU_IMAGING_PERCENT * imaging + CPU_CONTACT_PERCENT * contact.in_contact
    return Activity(
        imaging=imaging,
        contact=contact,
        cpu_percent=cpu,
        obc_w=power.OBC_IDLE_W + power.OBC_W_PER_CPU_PERCENT * cpu,
        comm_w=np.where(contact.in_contact, power.TRANSMITTER_W, power.RECEIVER_W),
        payload_w=np.where(imaging, power.PAYLOAD_W, 0.0),
    )


def _eps(
    geometry: Geometry,
    activity: Activity,
    panels_w: Array,
    soc: Array,
    battery_w: Array,
    temperatures: dict[str, Array],
) -> dict[str, Array]:
    generation = np.maximum(activity.load_w + battery_w, 0.0)
    current = power.battery_current(soc, battery_w)
    voltage = power.panel_voltage(geometry.sunlit, temperatures["solar_panel_temp"])
    share = panels_w / np.maximum(panels_w.sum(axis=0), 1e-9)
    panels = {}
    for number, part in enumerate(share, start=1):
        panels[f"solar_panel_{number}_voltage"] = voltage
        panels[f"solar_panel_{number}_current"] = part * generation / np.maximum(voltage, 1.0)
    return {
        "battery_soc_percent": soc,
        "battery_voltage": power.cell_voltage(soc, current),
        "battery_current": current,
        "battery_temperature": temperatures["battery_temp"],
        **panels,
        "obc_power_watts": activity.obc_w,
        "comm_power_watts": activity.comm_w,
        "payload_power_watts": activity.payload_w,
        "total_power_consumption": activity.load_w,
        "total_power_generation": generation,
    }


def _thermal(internal: Array, external: Array) -> dict[str, Array]:
    nodes = dict(zip(thermal.INTERNAL_NODES, np.moveaxis(internal, 1, 0), strict=True))
    return nodes | dict(zip(thermal.EXTERNAL_NODES, np.moveaxis(external, 1, 0), strict=True))


def _aocs(geometry: Geometry, unix_s: Array, external_temp: Array) -> dict[str, Array]:
    axes = attitude.body_axes(geometry)
    rates = attitude.body_rates(geometry, unix_s)
    field = attitude.magnetic_field(geometry, axes)
    wheels = attitude.wheel_speeds(geometry, axes)
    still = np.zeros_like(external_temp)
    return {
        **{f"gyro_{axis}": value for axis, value in zip("xyz", rates, strict=True)},
        "sun_sensor_angle": geometry.sun_angle_deg,
        **{f"magnetometer_{axis}": value for axis, value in zip("xyz", field, strict=True)},
        **{f"reaction_wheel_{number}_rpm": value for number, value in enumerate(wheels, start=1)},
        "thruster_fuel_percent": still + np.linspace(97.0, 82.0, still.shape[1]),
        "thruster_pressure_bar": still,
        "thruster_temperature": 18.0 + 0.3 * external_temp,
        "thruster_active": still,
        "gps_latitude": geometry.latitude_deg,
        "gps_longitude": geometry.longitude_deg,
        "gps_altitude_km": geometry.altitude_km,
        "gps_velocity_kmps": np.linalg.norm(geometry.velocity_kmps, axis=-1),
    }


def _comm(activity: Activity, backlog: Array, silence: Array) -> dict[str, Array]:
    transmitting = activity.contact.in_contact.astype(float)
    return {
        "rssi_dbm": activity.contact.rssi_dbm,
        "tx_active": transmitting,
        "rx_active": transmitting,
        "data_backlog_mb": backlog,
        "last_contact_seconds_ago": silence,
    }


def _obc(activity: Activity, unix_s: Array) -> dict[str, Array]:
    memory = 45.0 + 5.0 * np.sin(2 * np.pi * unix_s / 7200.0)[:, None] + 4.0 * activity.imaging
    return {"cpu_usage_percent": activity.cpu_percent, "memory_usage_percent": memory}


def _payload(activity: Activity, payload_temp: Array, images: Array) -> dict[str, Array]:
    camera = activity.imaging.astype(float)
    return {
        "camera_on": camera,
        "sensor_on": camera,
        "payload_temp": payload_temp,
        "payload_power_watts": activity.payload_w,
        "images_captured_count": images,
    }

"""Injected faults: what may be asked for, what it does to the telemetry, the truth about it.

A fault reads `[SATELLITE/]KIND[:[SUBSYSTEM.]CHANNEL][*SIZE][@START][+SECONDS]`, for example `spike`,
`drift:battery_temperature*2@60` or `SAT-002/stuck:aocs.gyro_x@30+120`. Without SATELLITE it strikes the
first one, START counts seconds from the first message (default 30), without SECONDS it lasts to the end,
SIZE scales it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from simulator.physics import power
from simulator.physics.orbit import Array
from simulator.physics.sensors import SENSORS, Telemetry

DEFAULT_START_S = 30.0
SPIKE_EVERY_S = 10.0
SPIKE_SPANS, DRIFT_SPANS, NOISE_SPANS = 8.0, 10.0, 1.5
DRIFT_FULL_AFTER_S = 120.0
SHORTED_SOC_PERCENT, SHORT_TAU_S, SHORT_CURRENT_A = 18.0, 12.0, 2.5
OVERHEATED_DEGC, OVERHEATING_TAU_S = 66.0, 30.0
THRUST_RATES_DEG_S = {"gyro_x": 5.0, "gyro_y": 3.0, "gyro_z": 2.0}
THRUST_PRESSURE_BAR, THRUST_DEGC, THRUST_TAU_S, FUEL_PERCENT_PER_S = 200.0, 600.0, 8.0, 0.01

DEFAULT_CHANNELS = {
    "spike": "aocs.magnetometer_x",
    "drift": "eps.battery_temperature",
    "stuck": "aocs.gyro_x",
    "noise": "comm.rssi_dbm",
    "dropout": "thermal.comm_temp",
}
AFFECTED_CHANNELS = {
    "low_battery": ("eps", ("battery_soc_percent", "battery_voltage", "battery_current")),
    "overheating": ("thermal", ("obc_temp", "comm_temp", "payload_temp")),
    "thruster": (
        "aocs",
        (
            "thruster_active", "gyro_x", "gyro_y", "gyro_z",
            "thruster_pressure_bar", "thruster_temperature", "thruster_fuel_percent",
        ),
    ),
}  # fmt: skip
KINDS = (*DEFAULT_CHANNELS, *AFFECTED_CHANNELS)

_SPECIFICATION = re.compile(
    r"(?:(?P<satellite>[A-Za-z0-9][A-Za-z0-9_.-]*)/)?(?P<kind>[a-z_-]+)(?::(?P<channel>[a-z0-9_.]+))?"
    r"(?:\*(?P<size>\d+(?:\.\d+)?))?(?:@(?P<start>\d+(?:\.\d+)?))?(?:\+(?P<seconds>\d+(?:\.\d+)?))?"
)


class InvalidFaultError(ValueError):
    """The requested fault does not exist; the message lists those that do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of one satellite, from `start_s` up to `end_s` seconds after the first message."""

    satellite: int
    """Index, from 0."""
    kind: str
    subsystem: str
    channels: tuple[str, ...]
    """The first is the one that the fault is about."""
    size: float
    start_s: float
    end_s: float


def parse_fault(specification: str, satellite_ids: Sequence[str]) -> Fault:
    """Read a fault as typed; raises `InvalidFaultError` with what would be right."""
    match = _SPECIFICATION.fullmatch(specification.strip())
    if match is None:
        raise InvalidFaultError(
            f"{specification!r} is no fault: write [SATELLITE/]KIND[:CHANNEL][*SIZE][@START][+SECONDS]"
        )
    kind = match["kind"].replace("-", "_")
    if kind not in KINDS:
        raise InvalidFaultError(f"unknown kind of fault {kind!r}: choose from {', '.join(KINDS)}")
    satellite = match["satellite"] or satellite_ids[0]
    if satellite not in satellite_ids:
        raise InvalidFaultError(
            f"{satellite!r} is not simulated: {satellite_ids[0]} to {satellite_ids[-1]} are"
        )
    size = float(match["size"] or 1.0)
    if not size > 0:
        raise InvalidFaultError(f"{specification!r}: a fault's size must lie above 0")
    subsystem, channels = _channels(kind, match["channel"])
    start_s = float(match["start"] or DEFAULT_START_S)
    return Fault(
        satellite=satellite_ids.index(satellite),
        kind=kind,
        subsystem=subsystem,
        channels=channels,
        size=size,
        start_s=start_s,
        end_s=start_s + float(match["seconds"]) if match["seconds"] else np.inf,
    )


def _channels(kind: str, channel: str | None) -> tuple[str, tuple[str, ...]]:
    if kind in AFFECTED_CHANNELS:
        if channel is not None:
            raise InvalidFaultError(
                f"{kind} takes no channel: it changes {', '.join(AFFECTED_CHANNELS[kind][1])}"
            )
        return AFFECTED_CHANNELS[kind]
    subsystem, _, name = (channel or DEFAULT_CHANNELS[kind]).rpartition(".")
    for candidate in [subsystem] if subsystem else ["eps", "thermal", "aocs", "comm", "obc", "payload"]:
        if name in SENSORS.get(candidate, {}):
            return candidate, (name,)
    raise InvalidFaultError(
        f"no subsystem measures {channel!r}: name a numeric channel, for example eps.battery_voltage"
    )


def truth_line(
    fault: Fault, satellite_ids: Sequence[str], start: datetime, duration_s: float
) -> dict[str, Any]:
    """Describe the injected fault for programs that check a detector; times in ISO 8601."""
    end_s = min(fault.end_s, duration_s)
    return {
        "satellite_id": satellite_ids[fault.satellite],
        "subsystem": fault.subsystem,
        "channel": fault.channels[0],
        "channels": list(fault.channels),
        "kind": fault.kind,
        "size": fault.size,
        "start": (start + timedelta(seconds=fault.start_s)).isoformat(),
        "end": (start + timedelta(seconds=end_s)).isoformat(),
    }


class FaultInjector:
    """Applies faults to block after block; remembers what a stuck sensor showed."""

    def __init__(self, faults: Iterable[Fault], *, interval_s: float, seed: int) -> None:
        self._interval_s = interval_s
        self._faults = [
            (fault, np.random.default_rng([seed, 3, number])) for number, fault in enumerate(faults)
        ]
        self._held: dict[int, float] = {}

    def apply(self, telemetry: Telemetry, elapsed_s: Array) -> None:
        """Change `telemetry` [step, satellite] in place; `elapsed_s` [step] since the first message."""
        for number, (fault, generator) in enumerate(self._faults):
            active = (elapsed_s >= fault.start_s) & (elapsed_s < fault.end_s)
            if not active.any():
                continue
            columns = {name: telemetry[fault.subsystem][name][:, fault.satellite] for name in fault.channels}
            values = {name: column[active] for name, column in columns.items()}
            since_s = elapsed_s[active] - fault.start_s
            changed = self._change(number, fault, values, since_s, generator)
            for name, column in columns.items():
                column[active] = changed[name]

    def _change(
        self,
        number: int,
        fault: Fault,
        values: dict[str, Array],
        since_s: Array,
        generator: np.random.Generator,
    ) -> dict[str, Array]:
        if fault.kind in SYSTEM_FAULTS:
            return SYSTEM_FAULTS[fault.kind](values, since_s, fault.size)
        name = fault.channels[0]
        sensor = SENSORS[fault.subsystem][name]
        value = values[name]
        if fault.kind == "spike":
            value = value + spikes(since_s, self._interval_s) * fault.size * SPIKE_SPANS * sensor.span
        elif fault.kind == "drift":
            value = value + drift(since_s) * fault.size * DRIFT_SPANS * sensor.span
        elif fault.kind == "noise":
            value = value + generator.standard_normal(value.shape) * fault.size * NOISE_SPANS * sensor.span
        elif fault.kind == "stuck":
            value = np.full_like(value, self._held.setdefault(number, float(value[0])))
        else:
            value = np.full_like(value, np.nan)
        return {name: value}


def spikes(since_s: Array, interval_s: float) -> Array:
    """1 at the first sample and every `SPIKE_EVERY_S` (at least every fifth sample), else 0 [step]."""
    every = max(SPIKE_EVERY_S, 5 * interval_s)
    return (np.floor((since_s + 1e-6) / every) > np.floor((since_s - interval_s + 1e-6) / every)).astype(
        float
    )


def drift(since_s: Array) -> Array:
    """Linear from 0 to 1 within `DRIFT_FULL_AFTER_S`, constant afterwards [step]."""
    return np.minimum(since_s / DRIFT_FULL_AFTER_S, 1.0)


def low_battery(values: dict[str, Array], since_s: Array, size: float) -> dict[str, Array]:
    """Discharge through a shorted cell: charge, voltage and current leave their nominal relation.

    `values` by channel and `since_s`, seconds since the start, are [step].
    """
    progress = -np.expm1(-since_s / SHORT_TAU_S)
    soc = values["battery_soc_percent"]
    emptied = soc + np.minimum(SHORTED_SOC_PERCENT / size - soc, 0.0) * progress
    drop = power.cell_voltage(emptied, -SHORT_CURRENT_A * size * progress) - power.cell_voltage(
        soc, 0.0 * soc
    )
    return {
        "battery_soc_percent": emptied,
        "battery_voltage": values["battery_voltage"] + drop,
        "battery_current": values["battery_current"] - SHORT_CURRENT_A * size * progress,
    }


def overheating(values: dict[str, Array], since_s: Array, size: float) -> dict[str, Array]:
    """Runaway computer: its temperature settles above the limit and warms its neighbours.

    `values` by channel and `since_s`, seconds since the start, are [step].
    """
    rise = size * (OVERHEATED_DEGC - values["obc_temp"]) * -np.expm1(-since_s / OVERHEATING_TAU_S)
    return {
        "obc_temp": values["obc_temp"] + rise,
        "comm_temp": values["comm_temp"] + 0.4 * rise,
        "payload_temp": values["payload_temp"] + 0.2 * rise,
    }


def thruster(values: dict[str, Array], since_s: Array, size: float) -> dict[str, Array]:
    """Unplanned firing: the satellite turns, the chamber is hot and under pressure, fuel is used up.

    `values` by channel and `since_s`, seconds since the start, are [step].
    """
    heat = -np.expm1(-since_s / THRUST_TAU_S)
    turned = {name: values[name] + size * rate for name, rate in THRUST_RATES_DEG_S.items()}
    return turned | {
        "thruster_active": np.ones_like(since_s),
        "thruster_pressure_bar": values["thruster_pressure_bar"] + THRUST_PRESSURE_BAR,
        "thruster_temperature": values["thruster_temperature"]
        + (THRUST_DEGC - values["thruster_temperature"]) * heat,
        "thruster_fuel_percent": values["thruster_fuel_percent"] - FUEL_PERCENT_PER_S * since_s,
    }


SYSTEM_FAULTS: dict[str, Callable[[dict[str, Array], Array, float], dict[str, Array]]] = {
    "low_battery": low_battery,
    "overheating": overheating,
    "thruster": thruster,
}

"""Telemetry messages: the arrays of a block as the objects that go to Kafka, in sending order."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from simulator.physics.orbit import Array
from simulator.physics.sensors import Telemetry

Message = dict[str, Any]

FLAGS = {
    "thermal": ("heater_1_on", "heater_2_on", "cooler_active"),
    "aocs": ("thruster_active",),
    "comm": ("tx_active", "rx_active"),
    "payload": ("camera_on", "sensor_on"),
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SAFE_MODE_SOC_PERCENT = 25.0
UPTIME_AT_START_S = 86_400


def to_iso(unix_us: int) -> str:
    """ISO 8601 in UTC with `+00:00`, milliseconds unless microseconds are needed."""
    time = EPOCH + timedelta(microseconds=unix_us)
    return time.isoformat(timespec="microseconds" if unix_us % 1000 else "milliseconds")


def add_derived(telemetry: Telemetry) -> None:
    """Add what on-board logic derives from the measured temperatures, in place."""
    thermal = telemetry["thermal"]
    thermal["heater_1_on"] = (thermal["battery_temp"] < 0).astype(float)
    thermal["heater_2_on"] = (thermal["obc_temp"] < -10).astype(float)
    thermal["cooler_active"] = (thermal["obc_temp"] > 60).astype(float)


def build_messages(
    telemetry: Telemetry, satellite_ids: Sequence[str], unix_us: Sequence[int], start_us: int
) -> Iterator[Message]:
    """Messages of a block of noisy, quantised values [step, satellite], step by step."""
    satellites = len(satellite_ids)
    times = [to_iso(us) for us in unix_us]
    uptimes = [UPTIME_AT_START_S + (us - start_us) // 1_000_000 for us in unix_us]
    eps, thermal, aocs, comm, obc, payload = (
        _rows(telemetry[name], FLAGS.get(name, ()))
        for name in ("eps", "thermal", "aocs", "comm", "obc", "payload")
    )
    modes = _modes(telemetry)
    contacts = _past(unix_us, telemetry["beacon"]["contact_age_s"])
    images = _past(unix_us, telemetry["beacon"]["image_age_s"])
    for row, mode in enumerate(modes):
        step, satellite = divmod(row, satellites)
        captured = int(payload[row]["images_captured_count"])
        yield {
            "timestamp": times[step],
            "satellite_id": satellite_ids[satellite],
            "beacon": {
                "alive": True,
                "uptime_seconds": uptimes[step],
                "mode": mode,
                "last_command_time": contacts[row],
            },
            "obc": obc[row]
            | {
                "uptime_seconds": uptimes[step],
                "error_count": 0,
                "boot_count": 1,
                "onboard_time": times[step],
            },
            "eps": eps[row],
            "thermal": thermal[row],
            "aocs": aocs[row],
            "comm": comm[row],
            "payload": payload[row]
            | {"images_captured_count": captured, "last_image_time": images[row] if captured else None},
        }


def _rows(columns: dict[str, Array], flags: Sequence[str]) -> list[dict[str, Any]]:
    """One object a message, step by step; a missing value (NaN) becomes None."""
    lists = [_values(values, is_flag=name in flags) for name, values in columns.items()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]


def _values(values: Array, *, is_flag: bool) -> list[Any]:
    flat = values.ravel()
    if is_flag:
        return list((flat > 0).tolist())
    if np.isnan(flat).any():
        return [None if value != value else value for value in flat.tolist()]  # noqa: PLR0124
    return list(flat.tolist())


def _modes(telemetry: Telemetry) -> list[str]:
    """Operating mode of every message, the most pressing first."""
    conditions = [
        telemetry["eps"]["battery_soc_percent"] < SAFE_MODE_SOC_PERCENT,
        telemetry["aocs"]["thruster_active"] > 0,
        telemetry["payload"]["camera_on"] > 0,
        telemetry["beacon"]["sunlit"] == 0,
    ]
    chosen = np.select(conditions, [0, 1, 2, 3], 4).ravel().tolist()
    return [("safe", "maneuver", "payload_active", "eclipse", "nominal")[index] for index in chosen]


def _past(unix_us: Sequence[int], age_s: Array) -> list[str]:
    """Times `age_s` [step, satellite] before each step, to the second."""
    seconds = np.array(unix_us)[:, None] // 1_000_000 - age_s.astype(int)
    return [f"{time}+00:00" for time in np.datetime_as_string(seconds.ravel().astype("datetime64[s]"))]

"""Messages as the tests of the contract parse them."""

import json
from typing import Any

import pytest

from telemetry_core.contract.errors import InvalidTelemetryMessage
from telemetry_core.contract.messages import (
    TelemetryMessage,
    parse_telemetry_message,
)
from telemetry_core.contract.mission import Mission

MISSION = Mission.model_validate(
    {
        "name": "test",
        "model": {"name": "lstm_timeseries"},
        "window": {"length": 64, "max_span_s": 900, "max_gap_s": 60},
        "periodic": {"share": 0.1},
        "subsystems": {
            "eps": {"horizon": 5, "channels": {"voltage": {"unit": "V"}, "soc": {"unit": "%"}}},
            "aocs": {
                "horizon": 3,
                "channels": {
                    "gyro": {"unit": "deg/s", "missing": [-9999, 1e30, 0.1]},
                    "thruster": {"unit": "flag", "kind": "flag", "missing": [255]},
                    "latch": {"unit": "flag", "kind": "flag", "missing": [0]},
                },
            },
        },
    }
)
TIME = "2025-10-30T05:34:56.789+00:00"
TIME_US = 1_761_802_496_789_000
REASONS = {
    "not_json",
    "too_large",
    "invalid_satellite_id",
    "invalid_timestamp",
    "time_ahead",
    "time_too_early",
    "no_usable_channel",
}


def parse(body: object, *, received_us: int = TIME_US) -> TelemetryMessage:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse_telemetry_message(raw, mission=MISSION, received_us=received_us)


def message(**fields: Any) -> dict[str, Any]:
    return {"satellite_id": "SAT-001", "timestamp": TIME, "eps": {"voltage": 3.9, "soc": 80}, **fields}


def refusal(body: object, *, received_us: int = TIME_US) -> str:
    with pytest.raises(InvalidTelemetryMessage) as raised:
        parse(body, received_us=received_us)
    return raised.value.reason

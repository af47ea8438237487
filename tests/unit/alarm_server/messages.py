"""Messages of the default mission as Kafka hands them over."""

import json
from pathlib import Path
from typing import Any, Final

from telemetry_core.contract.messages import time_of
from telemetry_core.contract.mission import Mission
from telemetry_core.kafka.records import Record
from telemetry_core.service.settings import load_mission

SECOND_US: Final = 1_000_000
NOW_US: Final = 1_780_000_000 * SECOND_US
MISSION: Final = load_mission(Path("missions/default.yaml"))


def record(
    at_s: float,
    *,
    received_s: float | None = None,
    is_replayed: bool = False,
    satellite: str = "SAT-1",
    timestamp: str | None = None,
    **subsystems: Any,
) -> Record:
    """A message of so many seconds after `NOW_US`, received then unless it says otherwise."""
    generated = time_of(NOW_US + round(at_s * SECOND_US)).isoformat()
    body = {"satellite_id": satellite, "timestamp": timestamp or generated, **subsystems}
    return Record(
        value=json.dumps(body).encode(),
        key=None,
        partition=0,
        offset=0,
        received_us=NOW_US + round((at_s if received_s is None else received_s) * SECOND_US),
        is_replayed=is_replayed,
    )


def soc(value: object) -> dict[str, Any]:
    """Values of a subsystem with a limit: below 30 is broken."""
    return {"eps": {"battery_soc_percent": value}}


def on_change_mission() -> Mission:
    """The default mission, with a state of charge that is sent only when it changed."""
    body = MISSION.model_dump(mode="json")
    body["subsystems"]["eps"]["channels"]["battery_soc_percent"]["reporting"] = "on_change"
    return Mission.model_validate(body)


def contextual_mission() -> Mission:
    """The default mission, with a state of charge that is compared above 4 V only."""
    body = MISSION.model_dump(mode="json")
    body["subsystems"]["eps"]["rules"][0]["when"] = [{"channel": "battery_voltage", "above": 4}]
    return Mission.model_validate(body)

"""Records of Kafka and a trigger that plans them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kafka_inference_trigger.trigger import InferenceTrigger
from telemetry_core.kafka.records import Record
from telemetry_core.service.settings import load_mission

MISSION = load_mission(Path(__file__).parents[3] / "missions" / "default.yaml")
START = datetime(2026, 5, 1, 12, tzinfo=UTC)


def record(offset: int, body: object) -> Record:
    received = START + timedelta(seconds=offset)
    return Record(
        value=body if isinstance(body, bytes) else json.dumps(body).encode(),
        key=b"SAT-001",
        partition=0,
        offset=offset,
        received_us=int(received.timestamp() * 1_000_000),
    )


def telemetry(second: float, **eps: float) -> dict[str, Any]:
    timestamp = (START + timedelta(seconds=second)).isoformat()
    return {"timestamp": timestamp, "satellite_id": "SAT-001", "eps": {"battery_soc_percent": 20.0, **eps}}


def new_trigger() -> InferenceTrigger:
    return InferenceTrigger(MISSION, topic="satellite-telemetry", clock=lambda: START)

"""Telemetry of one channel in volts, and the jobs that a trigger makes of it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from kafka_inference_trigger.batches import PlannedJob
from kafka_inference_trigger.trigger import InferenceTrigger
from telemetry_core.contract.mission import Mission
from telemetry_core.kafka.records import Record

SECOND_US: Final = 1_000_000
START_US: Final = 1_800_000_000 * SECOND_US
LENGTH: Final = 40
QUIET_STEPS: Final = 8
NOMINAL: Final[Mapping[str, Mapping[str, Any]]] = {
    "eps": {"volts": 5.0, "cycles": 3, "amps": 1.0},
    "aocs": {"firing": False},
}


def mission(
    *, added_share: float = 1.0, share: float = 0.0, firing_when: Sequence[object] = (), **window: float
) -> Mission:
    volts = {"unit": "V", "nominal": [0, 10]}
    rule = {"channel": "volts", "above": 12, "reason": "too_high", "log": "{value}"}
    firing = {"channel": "firing", "equals": 1, "reason": "firing", "log": "", "when": firing_when}
    cycles = {"unit": "", "kind": "counter", "modulo": 10, "nominal": [0, 1000]}
    return Mission.model_validate(
        {
            "name": "test",
            "model": {"name": "lstm_timeseries"},
            "window": {"length": LENGTH, "max_span_s": 200, "max_gap_s": 20} | window,
            "periodic": {"share": share},
            "look_again": {"quiet_steps": QUIET_STEPS, "added_share": added_share},
            "subsystems": {
                "eps": {
                    "horizon": 3,
                    "channels": {"volts": volts, "cycles": cycles, "amps": {"unit": "A"}},
                    "rules": [rule],
                },
                "aocs": {
                    "horizon": 3,
                    "channels": {"gyro": {"unit": ""}, "firing": {"unit": "flag", "kind": "flag"}},
                    "rules": [firing],
                },
            },
        }
    )


def record(
    second: float,
    values: Mapping[str, Mapping[str, Any]] = NOMINAL,
    *,
    satellite_id: str = "SAT-001",
    received: float | None = None,
    partition: int = 0,
) -> Record:
    generated_at = datetime.fromtimestamp((START_US + round(second * SECOND_US)) / SECOND_US, UTC)
    body = {"timestamp": generated_at.isoformat(), "satellite_id": satellite_id, **values}
    return Record(
        value=json.dumps(body).encode(),
        key=satellite_id.encode(),
        partition=partition,
        offset=0,
        received_us=START_US + round((second if received is None else received) * SECOND_US),
    )


def volts(second: float, value: float, **where: Any) -> Record:
    return record(second, {**NOMINAL, "eps": {**NOMINAL["eps"], "volts": value}}, **where)


def new_trigger(of: Mission) -> InferenceTrigger:
    return InferenceTrigger(of, topic="t", clock=lambda: datetime(2027, 1, 15, tzinfo=UTC))


def jobs(records: Iterable[Record], of: Mission | None = None) -> list[PlannedJob]:
    return new_trigger(of or mission()).plan(list(records)).jobs


def seconds(found: Iterable[PlannedJob]) -> list[int]:
    return [int(job.job.job_id.rsplit("-", 1)[1]) // 1000 - START_US // SECOND_US for job in found]

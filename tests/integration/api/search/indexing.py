"""Verdicts to relay, and what the search engine holds of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import save_inferences
from telemetry_core.search import VERDICT_INDEX, SearchEngine
from tests.integration.postgres.saving import inference, job
from tests.integration.postgres.windows import window_ending
from verdict_relay.relay import Relay

WINDOW = {
    "input_data": {"newest": {"battery_voltage": 3.9}},
    **window_ending(datetime(2025, 10, 30, 12, 34, 56, tzinfo=UTC), interval_s=3, samples=21),
}


def job_id(number: int) -> str:
    return f"kafka-SAT-001-{1_761_827_696_000 + number}"


def save(pool: Pool, numbers: Sequence[int], **changes: Any) -> None:
    jobs = [job(job_id(number), total_subsystems=1) for number in numbers]
    found = [inference(job_id(number), **WINDOW, **changes) for number in numbers]
    with transaction(pool) as connection:
        save_inferences(connection, jobs, found)


def indexed(engine: SearchEngine) -> set[str]:
    engine.send("POST", f"/{VERDICT_INDEX}/_refresh")
    hits = engine.send("POST", f"/{VERDICT_INDEX}/_search", {"size": 10_000, "_source": False})["hits"][
        "hits"
    ]
    return {hit["_id"] for hit in hits}


def keys(numbers: Sequence[int]) -> set[str]:
    return {f"{job_id(number)}/eps" for number in numbers}


def drain(relay: Relay) -> None:
    while relay.step():
        pass

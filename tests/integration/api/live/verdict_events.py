"""Verdicts as they are saved, and the events that tell of them."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests

from telemetry_core.contract.inferences import Job
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import save_inferences
from tests.integration.api.calls import NOW, verdict
from tests.integration.servers.running_api import RunningApi

WAIT_S = 10


def save(pool: Pool, job_id: str, subsystem: str = "eps", **changes: Any) -> None:
    job = Job(job_id=job_id, satellite_id="SAT-001", source="kafka_auto_trigger",
              trigger_reason="low_battery", total_subsystems=4, created_at=NOW, metadata={})  # fmt: skip
    with transaction(pool) as connection:
        save_inferences(connection, [job], [verdict(job_id, subsystem, **changes)])


@contextmanager
def stream(
    api: RunningApi, last_event_id: str | None = None, *, ticks: bool = False
) -> Iterator[Callable[[], dict[str, Any]]]:
    headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    url = f"{api.url}/api/v1/verdicts/stream"
    with requests.get(url, headers=headers, stream=True, timeout=WAIT_S) as answer:
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        lines = answer.iter_lines(chunk_size=1, decode_unicode=True)

        def next_event() -> dict[str, Any]:
            event: dict[str, Any] = {}
            begun = time.monotonic()
            for line in lines:
                assert time.monotonic() - begun < WAIT_S, "nothing but ticks"
                if not line and "data" in event:
                    if ticks or event["event"] != "tick":
                        return event
                    event = {}
                key, _, value = line.partition(": ")
                event[key] = json.loads(value) if key == "data" else value
            raise EOFError

        yield next_event

"""The verdict stream over a real PostgreSQL."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from operation_server.streams.feed import EVENT_PAGE, EVENTS_KEPT
from telemetry_core.contract.inferences import Job, JobStatus
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import save_inferences
from telemetry_core.service.settings import Settings
from testbed.postgres_server import administer
from tests.integration.api.calls import MANUAL, NOW, finish, submitted, verdict
from tests.integration.api.live.verdict_events import WAIT_S, save, stream
from tests.integration.postgres.windows import window_ending
from tests.integration.servers.running_api import RunningApi, running_api

pytestmark = pytest.mark.integration


def test_stream_sends_each_verdict_once_in_commit_order(api: RunningApi, api_pool: Pool) -> None:
    with stream(api, "0-0") as next_event:
        for number in range(5):
            save(api_pool, f"job-{number}")
        events = [next_event() for _ in range(5)]
    assert [event["data"]["job_id"] for event in events] == [f"job-{number}" for number in range(5)]
    assert {event["event"] for event in events} == {"verdict"}
    assert (events[0]["data"]["satellite_id"], events[0]["data"]["anomaly_score"]) == ("SAT-001", 0.25)


def test_verdict_tells_the_time_of_its_newest_sample_where_there_is_one(
    api: RunningApi, api_pool: Pool
) -> None:
    with stream(api, "0-0") as next_event:
        save(api_pool, "telemetry", **window_ending(datetime(2025, 10, 30, 12, 34, 56, 250_000, UTC)))
        save(api_pool, "series")
        told, untold = (next_event()["data"]["generated_at"] for _ in range(2))
    assert (datetime.fromisoformat(told), untold) == (datetime(2025, 10, 30, 12, 34, 56, 250_000, UTC), None)


def test_stream_resumes_after_the_last_event(api: RunningApi, api_pool: Pool) -> None:
    for number in range(3):
        save(api_pool, f"job-{number}")
    with stream(api, "0-0") as next_event:
        second = [next_event() for _ in range(2)][1]
    with stream(api, second["id"]) as next_event:
        assert next_event()["data"]["job_id"] == "job-2"


def test_stream_without_last_event_starts_now(api: RunningApi, api_pool: Pool) -> None:
    save(api_pool, "past")
    with stream(api) as next_event:
        save(api_pool, "present")
        assert next_event()["data"]["job_id"] == "present"


def test_late_commit_of_an_early_transaction_is_not_skipped(api: RunningApi, api_pool: Pool) -> None:
    early = api_pool.acquire()
    job = Job(job_id="early", satellite_id="SAT-001", source="test", trigger_reason=None, total_subsystems=1,
              created_at=NOW, metadata={})  # fmt: skip
    save_inferences(early, [job], [verdict("early", "eps")])
    with stream(api, "0-0") as next_event:
        save(api_pool, "late")
        early.commit()
        assert [next_event()["data"]["job_id"] for _ in range(2)] == ["early", "late"]
    api_pool.release(early)


def test_pending_rows_are_no_verdicts(api: RunningApi, api_pool: Pool) -> None:
    job_id = submitted(api, MANUAL)
    save(api_pool, "other")
    with stream(api, "0-0") as next_event:
        assert next_event()["data"]["job_id"] == "other"
        finish(api_pool, job_id)
        assert next_event()["data"]["job_id"] == job_id


def test_completed_redrive_is_a_new_event(api: RunningApi, api_pool: Pool) -> None:
    failure: dict[str, Any] = {
        "status": JobStatus.FAILED,
        "verdict": None,
        "anomaly_score": None,
        "anomaly_detected": None,
    }
    save(api_pool, "job", **failure, error_message="model gone")
    with stream(api, "0-0") as next_event:
        assert next_event()["data"]["error_message"] == "model gone"
        save(api_pool, "job")
        assert next_event()["data"]["status"] == "completed"


def test_many_clients_and_a_long_backlog_are_served_in_full(api: RunningApi, api_pool: Pool) -> None:
    count = EVENT_PAGE + EVENTS_KEPT // 4
    jobs = [
        Job(job_id=f"job-{number:05d}", satellite_id="SAT-001", source="test", trigger_reason=None,
            total_subsystems=1, created_at=NOW, metadata={})
        for number in range(count)
    ]  # fmt: skip
    seen: list[list[str]] = []

    def read_all() -> None:
        with stream(api, "0-0") as next_event:
            seen.append([next_event()["data"]["job_id"] for _ in range(count)])

    threads = [threading.Thread(target=read_all) for _ in range(4)]
    for thread in threads[:2]:
        thread.start()
    with transaction(api_pool) as connection:
        save_inferences(connection, jobs, [verdict(job.job_id) for job in jobs])
    for thread in threads[2:]:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()
    assert seen == [[job.job_id for job in jobs]] * 4


@pytest.mark.parametrize("event_id", ["yesterday", "1", "1-2-3", "-1-2", f"{10**30}-1"])
def test_unknown_last_event_id_is_refused(api: RunningApi, event_id: str) -> None:
    answer = requests.get(
        f"{api.url}/api/v1/verdicts/stream", headers={"Last-Event-ID": event_id}, timeout=WAIT_S
    )
    assert answer.status_code == 422


def test_event_id_from_the_future_begins_now(api: RunningApi, api_pool: Pool) -> None:
    with stream(api, f"{10**15}-1") as next_event:
        save(api_pool, "present")
        assert next_event()["data"]["job_id"] == "present"


def assert_ticks(next_event: Callable[[], dict[str, Any]]) -> None:
    for _ in range(3):
        started = time.monotonic()
        event = next_event()
        assert time.monotonic() - started < 2
        assert (event["event"], "id" in event) == ("tick", False)
        generated_at = datetime.fromisoformat(event["data"]["generated_at"])
        assert abs((datetime.now(UTC) - generated_at).total_seconds()) < 2


def test_tick_tells_every_second_that_the_line_lives(api: RunningApi) -> None:
    with stream(api, ticks=True) as next_event:
        assert_ticks(next_event)


@contextmanager
def refusing_connections(database: Settings) -> Iterator[None]:
    name = database.postgres_db
    administer(database, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    administer(database, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    try:
        yield
    finally:
        administer(database, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def test_ticks_continue_while_the_database_is_unavailable(database: Settings, tmp_path: Path) -> None:
    with running_api(database, tmp_path) as api, stream(api, ticks=True) as next_event:
        with refusing_connections(database):
            assert_ticks(next_event)
        save(api.pool, "after")
        while (event := next_event())["event"] == "tick":
            pass
        assert event["data"]["job_id"] == "after"

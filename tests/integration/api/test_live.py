"""WebSockets and the verdict stream over a real PostgreSQL."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from operation_server.dashboard.routes import DASHBOARD_FEED
from operation_server.http.limits import MAX_LINES_OF_ONE
from operation_server.verdicts.feed import VERDICT_PAGE, VERDICTS_KEPT
from telemetry_core.contract.inferences import Job, JobStatus
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import save_inferences
from telemetry_core.service.settings import Settings
from testbed.postgres_server import administer
from tests.integration.api.test_routes import MANUAL, NOW, finish, submitted, verdict
from tests.integration.servers.running_api import RunningApi, running_api
from tests.integration.windows import window_ending

pytestmark = pytest.mark.integration

WAIT_S = 10


def watch(api: RunningApi, path: str, **options: Any) -> ClientConnection:
    client: ClientConnection = connect(
        api.url.replace("http", "ws") + path, open_timeout=WAIT_S, proxy=None, **options
    )
    return client


def opened_as(api: RunningApi, *, host: str, origin: str) -> ClientConnection:
    """Connect as a browser does whose page had its own name point at this machine."""
    there = urlsplit(api.url)
    socket_there = socket.create_connection((there.hostname, there.port), timeout=WAIT_S)
    client: ClientConnection = connect(
        f"ws://{host}:{there.port}/api/v1/dashboard/ws",
        sock=socket_there,
        origin=Origin(origin),
        open_timeout=WAIT_S,
    )
    return client


def message(client: ClientConnection) -> Any:
    return json.loads(client.recv(timeout=WAIT_S))


def message_of_type(client: ClientConnection, kind: str) -> Any:
    while (found := message(client))["type"] != kind:
        pass
    return found


def test_job_socket_pushes_the_change_to_completed(api: RunningApi, api_pool: Pool) -> None:
    job_id = submitted(api)
    with watch(api, f"/api/v1/inference/ws/{job_id}") as client:
        first = message(client)
        assert (first["type"], first["job_id"], first["status"]) == ("status", job_id, "pending")
        finish(api_pool, job_id)
        assert message_of_type(client, "progress")["progress"] == 1.0
        assert message_of_type(client, "status")["status"] == "completed"


def test_job_socket_answers_status_and_result(api: RunningApi, api_pool: Pool) -> None:
    job_id = submitted(api)
    finish(api_pool, job_id)
    with watch(api, f"/api/v1/inference/ws/{job_id}") as client:
        message(client)
        client.send("status")
        assert message(client)["status"] == "completed"
        client.send("result")
        answer = message(client)
        assert (answer["type"], answer["result"]["predictions"]) == ("result", [35.0, 36.0])
        client.send("help")
        assert message(client)["type"] == "error"


def test_socket_of_an_unknown_job_says_so_and_closes(api: RunningApi) -> None:
    with watch(api, "/api/v1/inference/ws/nothing") as client:
        assert message(client)["message"] == "Job not found"
        with pytest.raises(ConnectionClosed):
            message(client)


def test_page_of_another_origin_may_not_connect(api: RunningApi) -> None:
    with pytest.raises(InvalidStatus) as refused:
        watch(api, "/api/v1/dashboard/ws", origin="http://elsewhere.example")
    assert refused.value.response.status_code == 403
    with watch(api, "/api/v1/dashboard/ws", origin=api.url) as client:
        assert message(client)["type"] == "update"


def test_dashboard_socket_pushes_updates(api: RunningApi, api_pool: Pool) -> None:
    job_id = submitted(api)
    with watch(api, "/api/v1/dashboard/ws") as client:
        update = message(client)
        assert (update["type"], update["statistics"]["total_jobs"]) == ("update", 1)
        assert update["recent_results"][0]["job_id"] == job_id
        finish(api_pool, job_id)
        while message(client)["statistics"]["completed"] != 1:
            pass


def test_clients_share_one_poller(api: RunningApi) -> None:
    feed = DASHBOARD_FEED.of(api.app)
    with watch(api, "/api/v1/dashboard/ws") as one, watch(api, "/api/v1/dashboard/ws") as two:
        assert message(one)["type"] == message(two)["type"] == "update"
        assert feed._clients == 2


def test_client_with_too_many_lines_is_told_so_and_gets_one_again_when_it_closed_one(api: RunningApi) -> None:
    with ExitStack() as opened:
        lines = [opened.enter_context(watch(api, "/api/v1/dashboard/ws")) for _ in range(MAX_LINES_OF_ONE)]
        with pytest.raises(InvalidStatus) as refused, watch(api, "/api/v1/dashboard/ws"):
            pass
        assert refused.value.response.status_code == 429
        assert b"live lines" in refused.value.response.body
        answer = requests.get(f"{api.url}/api/v1/verdicts/stream", timeout=10)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")
        lines[0].close()
        with watch(api, "/api/v1/dashboard/ws") as client:
            assert message(client)["type"] == "update"


def test_name_that_is_not_ours_opens_no_line(api: RunningApi) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        opened_as(api, host="evil.example", origin="http://evil.example"),
    ):
        pass
    assert refused.value.response.status_code == 421


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
    count = VERDICT_PAGE + VERDICTS_KEPT // 4
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

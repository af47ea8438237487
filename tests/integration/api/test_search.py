"""Verdicts from PostgreSQL to a real OpenSearch, and the routes that search there."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from housekeeping.retention import drop_unfollowed_deletions
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, save_inferences
from telemetry_core.search import VERDICT_INDEX, SearchEngine
from telemetry_core.service.settings import Settings
from testbed.postgres_server import free_port
from tests.integration.postgres.test_store import inference, job
from tests.integration.servers.running_api import running_api
from tests.integration.servers.search_server import SearchServer
from tests.integration.windows import window_ending
from verdict_relay.relay import PAGE, Cursor, Refusal, Relay, restart
from verdict_relay.sinks import SearchSink

pytestmark = pytest.mark.integration

WINDOW = {
    "input_data": {"newest": {"battery_voltage": 3.9}},
    **window_ending(datetime(2025, 10, 30, 12, 34, 56, tzinfo=UTC), interval_s=3, samples=21),
}


@pytest.fixture
def engine(search_server: SearchServer) -> Iterator[SearchEngine]:
    client = SearchEngine(search_server.url, answer_timeout_s=30)
    yield client
    client.send("DELETE", f"/{VERDICT_INDEX}-*")
    client.close()


@pytest.fixture
def relay(pool: Pool, engine: SearchEngine) -> Relay:
    return Relay(pool, SearchSink(engine))


@pytest.fixture
def client(database: Settings, search_server: SearchServer, tmp_path: Path) -> Iterator[httpx.Client]:
    settings = database.model_copy(update={"elasticsearch_url": search_server.url})
    with running_api(settings, tmp_path) as api, httpx.Client(base_url=api.url) as client:
        yield client


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


def test_every_verdict_is_found_once_over_several_pages(
    pool: Pool, relay: Relay, engine: SearchEngine
) -> None:
    save(pool, range(PAGE + 7))
    drain(relay)
    assert indexed(engine) == keys(range(PAGE + 7))
    assert relay.cursor().relayed == PAGE + 7


def test_transaction_that_commits_late_is_not_skipped(pool: Pool, relay: Relay, engine: SearchEngine) -> None:
    with transaction(pool) as early:
        save_inferences(early, [job(job_id(1), total_subsystems=1)], [inference(job_id(1), **WINDOW)])
        save(pool, [2])
        drain(relay)
        assert indexed(engine) == set()
    drain(relay)
    assert indexed(engine) == keys([1, 2])


class DiesBeforeTheCursorMoves(SearchSink):
    """What a relay that is killed after its write leaves behind."""

    def write(self, generation: int, verdicts: Sequence[Row]) -> Sequence[Refusal]:
        super().write(generation, verdicts)
        raise SystemExit


def test_relay_killed_between_write_and_cursor_leaves_no_gap_and_no_double(
    pool: Pool, relay: Relay, engine: SearchEngine
) -> None:
    save(pool, [1, 2])
    with pytest.raises(SystemExit):
        Relay(pool, DiesBeforeTheCursorMoves(engine)).step()
    save(pool, [3])
    drain(relay)
    assert indexed(engine) == keys([1, 2, 3])


def test_engine_outage_keeps_the_cursor_where_it_was(pool: Pool, relay: Relay) -> None:
    save(pool, [1])
    away = SearchEngine(f"http://127.0.0.1:{free_port()}", answer_timeout_s=1)
    with pytest.raises(DependencyUnavailable):
        Relay(pool, SearchSink(away)).step()
    assert relay.cursor() == Cursor(generation=1, xact=0, id=0, relayed=0)


def test_rebuild_serves_the_old_index_until_the_new_one_is_complete(
    pool: Pool, relay: Relay, engine: SearchEngine
) -> None:
    save(pool, range(PAGE + 1))
    drain(relay)
    restart(pool, "search", generation=1)
    relay.step()
    assert len(indexed(engine)) == PAGE + 1
    drain(relay)
    assert list(engine.send("GET", f"/{VERDICT_INDEX}/_alias")) == [f"{VERDICT_INDEX}-000002"]
    assert len(indexed(engine)) == PAGE + 1


def test_lost_index_is_filled_again_by_itself(pool: Pool, relay: Relay, engine: SearchEngine) -> None:
    save(pool, [1, 2])
    drain(relay)
    engine.send("DELETE", f"/{VERDICT_INDEX}-000001")
    drain(relay)
    assert indexed(engine) == keys([1, 2])


def delete(pool: Pool, condition: str) -> None:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {condition}")


def waiting_deletions(pool: Pool) -> int:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ops.deleted_verdicts")
        (count,) = cursor.fetchone() or (0,)
        return int(count)


def test_deleted_jobs_are_found_no_more(pool: Pool, relay: Relay, engine: SearchEngine) -> None:
    save(pool, range(2 * PAGE + 7))
    drain(relay)
    delete(pool, f"inference_jobs WHERE job_id <> '{job_id(3)}'")
    drain(relay)
    assert indexed(engine) == keys([3])
    assert waiting_deletions(pool) == 0


def test_row_that_is_deleted_before_it_was_relayed_leaves_no_document(
    pool: Pool, relay: Relay, engine: SearchEngine
) -> None:
    save(pool, [1, 2])
    delete(pool, f"subsystem_inferences WHERE job_id = '{job_id(1)}'")
    drain(relay)
    assert indexed(engine) == keys([2])


class DeletesWhileItWrites(SearchSink):
    """A deletion that commits after the page was read and before it is written."""

    pool: Pool

    def write(self, generation: int, verdicts: Sequence[Row]) -> Sequence[Refusal]:
        delete(self.pool, "inference_jobs")
        return super().write(generation, verdicts)


def test_row_that_is_deleted_while_it_is_relayed_leaves_no_document(
    pool: Pool, relay: Relay, engine: SearchEngine
) -> None:
    save(pool, [1, 2])
    sink = DeletesWhileItWrites(engine)
    sink.pool = pool
    Relay(pool, sink).step()
    drain(relay)
    assert indexed(engine) == set()


def test_job_that_is_judged_again_after_its_deletion_is_found(
    pool: Pool, relay: Relay, engine: SearchEngine
) -> None:
    save(pool, [1, 2])
    drain(relay)
    delete(pool, "inference_jobs")
    save(pool, [2])
    drain(relay)
    assert indexed(engine) == keys([2])
    assert waiting_deletions(pool) == 0


def test_engine_outage_keeps_the_deletions_for_later(pool: Pool, relay: Relay, engine: SearchEngine) -> None:
    save(pool, [1])
    drain(relay)
    delete(pool, "inference_jobs")
    away = SearchEngine(f"http://127.0.0.1:{free_port()}", answer_timeout_s=1)
    with pytest.raises(DependencyUnavailable):
        Relay(pool, SearchSink(away)).step()
    drain(relay)
    assert indexed(engine) == set()


@pytest.mark.parametrize("cause", ["truncated", "deletions that were not followed for a week"])
def test_index_that_missed_deletions_is_rebuilt(
    pool: Pool, relay: Relay, engine: SearchEngine, cause: str
) -> None:
    save(pool, [1, 2])
    drain(relay)
    if cause == "truncated":
        with transaction(pool) as connection, connection.cursor() as cursor:
            cursor.execute("TRUNCATE inference_jobs CASCADE")
    else:
        delete(pool, "inference_jobs")
        drop_unfollowed_deletions(pool, datetime.now(UTC))
        assert waiting_deletions(pool) == 2
        drop_unfollowed_deletions(pool, datetime.now(UTC) + timedelta(days=8))
        assert waiting_deletions(pool) == 0
    save(pool, [3])
    drain(relay)
    assert indexed(engine) == keys([3])
    assert list(engine.send("GET", f"/{VERDICT_INDEX}/_alias")) == [f"{VERDICT_INDEX}-000002"]


def test_routes_find_what_was_relayed(
    pool: Pool, relay: Relay, engine: SearchEngine, client: httpx.Client
) -> None:
    save(pool, [1, 2, 3])
    drain(relay)
    indexed(engine)
    text = client.get("/api/v1/search", params={"q": "SAT-001 low battery", "limit": 2}).json()
    assert (len(text["hits"]), text["total"]) == (2, 3)
    assert set(text["hits"][0]) == {"job_id", "model_name", "metadata", "score"}
    assert client.get("/api/v1/search", params={"q": "SAT-002"}).json()["total"] == 0
    found = client.get(
        "/api/v1/search/inference", params={"model_name": "lstm_timeseries", "limit": 2}
    ).json()
    assert found["count"] == 2
    assert client.get("/api/v1/search/inference", params={"status": "failed"}).json()["results"] == []
    readings = client.get("/api/v1/search/sensor", params={"sensor_id": "battery_voltage"}).json()
    assert readings["count"] == 3
    assert readings["results"][0]["value"] == 3.9
    models = client.get("/api/v1/search/analytics/models").json()["model_statistics"]
    assert models == [
        {
            "model_name": "lstm_timeseries",
            "total_inferences": 3,
            "avg_inference_time": 0.0125,
            "status_breakdown": {"completed": 3},
        }
    ]


@pytest.mark.parametrize("words", ["* OR 1", 'a" AND "b', "job_id:*", "/.*/", "\\", "free_text:(low"])
def test_operators_are_words_like_others(
    pool: Pool, relay: Relay, engine: SearchEngine, client: httpx.Client, words: str
) -> None:
    save(pool, [1])
    drain(relay)
    indexed(engine)
    answer = client.get("/api/v1/search", params={"q": words})
    assert (answer.status_code, answer.json()["total"]) == (200, 0)


@pytest.mark.parametrize(
    "path",
    [
        "?q=", "?q=x&limit=0", "/inference?limit=1001", "/inference?status=lost", "/sensor?limit=10001",
        "/inference?from_date=2025-10-31T00:00:00Z&to_date=2025-10-30T00:00:00Z", "",
    ],
)  # fmt: skip
def test_wrong_parameters_are_refused(client: httpx.Client, path: str) -> None:
    assert client.get(f"/api/v1/search{path}").status_code == 422


def test_only_search_is_unavailable_without_the_engine(database: Settings, tmp_path: Path) -> None:
    away = database.model_copy(update={"elasticsearch_url": f"http://127.0.0.1:{free_port()}"})
    with running_api(away, tmp_path) as api, httpx.Client(base_url=api.url) as client:
        for path in ("?q=x", "/inference", "/sensor", "/analytics/models"):
            answer = client.get(f"/api/v1/search{path}")
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert client.get("/api/v1/results/history").status_code == 200
        assert client.get("/readyz").status_code == 200

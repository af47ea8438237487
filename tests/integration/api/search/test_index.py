"""Verdicts from PostgreSQL to a real OpenSearch."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from housekeeping.retention import drop_unfollowed_deletions
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.cursors.verdict_cursor import PAGE, Cursor, restart
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, save_inferences
from telemetry_core.search import VERDICT_INDEX, SearchEngine
from testbed.postgres_server import free_port
from tests.integration.api.search.indexing import WINDOW, drain, indexed, job_id, keys, save
from tests.integration.postgres.saving import inference, job
from verdict_relay.relay import Refusal, Relay
from verdict_relay.sinks import SearchSink

pytestmark = pytest.mark.integration


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

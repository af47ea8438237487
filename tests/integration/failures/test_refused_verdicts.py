"""What a sink refused, in the table that Pipeline reads, on a real PostgreSQL."""

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from housekeeping.retention import retention_chores
from operation_server.pipeline import QUERIES
from operation_server.pipeline.databases import database_probe
from telemetry_core.postgres.cursors.verdict_cursor import Cursor, restart
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.roles import as_service
from telemetry_core.postgres.store import Row, select
from telemetry_core.service.settings import Settings
from tests.integration.api.search.indexing import job_id, save
from verdict_relay.relay import Refusal, Relay, refusal_of

pytestmark = pytest.mark.integration


class PickySink:
    """Refuses some verdicts for good."""

    name = "picky"
    follows_deletions = False

    def __init__(self) -> None:
        self.bad: set[str] = set()
        self.reason = "HTTP 400 no"

    def is_intact(self, _cursor: Cursor) -> bool:
        return True

    def write(self, _generation: int, verdicts: Sequence[Row]) -> Sequence[Refusal]:
        return [refusal_of(row, self.reason) for row in verdicts if row["job_id"] in self.bad]

    def forget(self, _generation: int, _keys: Sequence[str]) -> None: ...

    def caught_up(self, _generation: int) -> None: ...


@pytest.fixture
def sink() -> PickySink:
    return PickySink()


def refused(pool: Pool) -> list[tuple[str, int, str, str]]:
    return [
        (row["sink"], row["count"], row["job_id"], row["reason"]) for row in database_probe(pool)().refused
    ]


def test_refused_verdict_is_one_row_however_often_it_is_met_and_goes_once_it_is_taken(
    pool: Pool, database: Settings, sink: PickySink
) -> None:
    """As the relay's own login, which may do this and no more."""
    save(pool, range(5))
    sink.bad = {job_id(1), job_id(3)}
    with closing(open_pool(as_service(database, "verdict-relay"), max_connections=1)) as theirs:
        relay = Relay(theirs, sink)
        relay.step()
        assert relay.cursor().relayed == 5
        assert [(found[:2], found[3]) for found in refused(pool)] == [(("picky", 2), "HTTP 400 no")]
        restart(theirs, sink.name, generation=1)
        sink.bad, sink.reason = {job_id(3)}, "HTTP 413 too long"
        relay.step()
        assert refused(pool) == [("picky", 1, job_id(3), "HTTP 413 too long")]
        sink.bad = set()
        restart(theirs, sink.name, generation=2)
        relay.step()
        assert refused(pool) == []


def test_refusals_go_for_their_age(pool: Pool, database: Settings, sink: PickySink) -> None:
    save(pool, range(3))
    sink.bad = {job_id(0), job_id(1)}
    Relay(pool, sink).step()
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ops.refused_verdicts SET refused_at = %s WHERE job_id = %s",
            [datetime.now(UTC).replace(tzinfo=None) - timedelta(days=31), job_id(0)],
        )
    with closing(open_pool(as_service(database, "housekeeping"), max_connections=1)) as theirs:
        (chore,) = [chore for chore in retention_chores(theirs, database) if chore.name == "refused verdicts"]
        assert not chore.work()
    with transaction(pool) as connection:
        (left,) = select(connection, QUERIES["refused_verdicts"], {"ceiling": 10})
    assert (left["count"], left["job_id"]) == (1, job_id(1))

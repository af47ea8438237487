"""Alarms of the platform's parts in a real PostgreSQL, with the service's own login."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alarm_server.platform.conditions import Condition
from alarm_server.platform.route import DEPENDENCY, Fleet, Pipeline
from alarm_server.platform.store import save_turns
from alarm_server.platform.watch import START, PlatformWatch
from alarms.rounds import Turn
from operation_server.health.probes import Unavailable
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.rules import Severity
from telemetry_core.postgres.database import Connection, Pool, transaction
from tests.integration.alarms.running import events, rows
from tests.unit.alarm_server.parts.answers import fleet, pipeline

pytestmark = pytest.mark.integration

BEGIN = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
AWAY = Unavailable(detail="does not answer")
TRITON_AWAY: dict[str, Any] = {"triton": AWAY}


class Routes:
    """Stands for the operation server: what it says now, None = no answer, a round every four seconds."""

    def __init__(self, **now: Any) -> None:
        self.now: dict[str, Any] | None = now
        self.looks = 0

    def pipeline(self) -> Pipeline:
        if self.now is None:
            raise DependencyUnavailable(DEPENDENCY, "refused")
        return pipeline(**self.now)

    def fleet(self) -> Fleet:
        return fleet(eps={})

    def clock(self) -> datetime:
        self.looks += 1
        return BEGIN + timedelta(seconds=4 * self.looks)

    def look(self, watch: PlatformWatch, times: int = 3) -> None:
        for _ in range(times):
            watch.round()


class Outages:
    """A pool that can be away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.is_away = False

    def acquire(self) -> Connection:
        if self.is_away:
            raise DependencyUnavailable("postgresql", "refused")
        return self._pool.acquire()

    def release(self, connection: Connection) -> None:
        self._pool.release(connection)


def watching(pool: Any, routes: Routes, begun_at: datetime = BEGIN - START) -> PlatformWatch:
    return PlatformWatch(pool, routes, begun_at=begun_at, clock=routes.clock)


def found(pool: Pool) -> list[tuple[str, str, bool]]:
    """Part, reason, whether it stands."""
    return [
        (row["subsystem"], row["reason"], row["returned_at"] is None)
        for row in rows(pool, "alarms")
        if (row["kind"], row["satellite_id"]) == ("platform", "platform")
    ]


def test_a_part_that_is_away_for_three_rounds_is_an_alarm_until_it_is_back_for_three(theirs: Pool) -> None:
    routes = Routes()
    watch = watching(theirs, routes)
    routes.look(watch)
    routes.now = TRITON_AWAY
    routes.look(watch, 2)
    assert found(theirs) == []
    routes.look(watch, 4)
    assert found(theirs) == [("triton", "unavailable", True)]
    routes.now = {}
    routes.look(watch, 2)
    assert found(theirs) == [("triton", "unavailable", True)]
    routes.look(watch, 4)

    assert found(theirs) == [("triton", "unavailable", False)]
    assert [event for _, event in events(theirs)] == ["raised", "returned"]
    (row,) = rows(theirs, "alarms")
    seconds = [(row[name] - BEGIN).total_seconds() for name in ("started_at", "raised_at", "returned_at")]
    assert seconds == [4 * 4, 6 * 4, 10 * 4]
    (raised, _) = sorted(rows(theirs, "alarm_events"), key=lambda event: event["id"])
    assert "does not answer" in raised["details"]["cause"]


def test_in_the_minute_after_the_start_nothing_is_raised_and_what_is_still_away_then_is(
    theirs: Pool,
) -> None:
    routes = Routes(**TRITON_AWAY)
    watch = watching(theirs, routes, BEGIN)
    routes.look(watch, 14)
    assert found(theirs) == []
    routes.look(watch, 1)

    assert found(theirs) == [("triton", "unavailable", True)]
    (row,) = rows(theirs, "alarms")
    assert row["started_at"] == BEGIN + timedelta(seconds=4)


def test_what_stands_returns_in_the_minute_after_a_start_too(theirs: Pool) -> None:
    routes = Routes(workers=[])
    routes.look(watching(theirs, routes))
    routes.now = {}
    routes.look(watching(theirs, routes, routes.clock()), 4)

    assert found(theirs) == [("workers", "impaired", False)]


def test_a_restart_goes_on_with_what_stands(theirs: Pool) -> None:
    routes = Routes(workers=[])
    routes.look(watching(theirs, routes))
    routes.now = {}
    routes.look(watching(theirs, routes), 4)

    assert found(theirs) == [("workers", "impaired", False)]


def test_without_an_answer_the_operation_server_is_away_and_what_stands_of_others_stays(theirs: Pool) -> None:
    routes = Routes(**TRITON_AWAY)
    watch = watching(theirs, routes)
    routes.look(watch)
    routes.now = None
    routes.look(watch, 6)

    assert found(theirs) == [("operation-server", "unavailable", True), ("triton", "unavailable", True)]


def test_an_outage_of_postgresql_is_told_afterwards_with_what_was_seen_meanwhile(theirs: Pool) -> None:
    routes = Routes()
    pool = Outages(theirs)
    watch = watching(pool, routes)
    routes.look(watch)
    pool.is_away = True
    for routes.now in ({"database": AWAY}, {"database": AWAY, **TRITON_AWAY}, {"database": AWAY}):
        for _ in range(3):
            with pytest.raises(DependencyUnavailable):
                watch.round()
    pool.is_away = False
    routes.now = {}
    routes.look(watch, 1)
    assert found(theirs) == [("database", "unavailable", True), ("triton", "unavailable", False)]
    routes.look(watch, 3)

    assert found(theirs) == [("database", "unavailable", False), ("triton", "unavailable", False)]
    begins = {row["subsystem"]: (row["started_at"] - BEGIN).total_seconds() for row in rows(theirs, "alarms")}
    assert begins == {"database": 4 * 4, "triton": 7 * 4}


def test_two_services_raise_and_end_once_at_the_same_time_and_after_an_outage(theirs: Pool) -> None:
    both = [Routes(), Routes()]
    pools = [Outages(theirs), Outages(theirs)]
    watches = [watching(pool, routes) for pool, routes in zip(pools, both, strict=True)]

    def together(times: int, **now: Any) -> None:
        def run(routes: Routes, watch: PlatformWatch) -> None:
            routes.now = now
            routes.look(watch, times)

        threads = [threading.Thread(target=run, args=pair) for pair in zip(both, watches, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    together(5, **TRITON_AWAY)
    assert found(theirs) == [("triton", "unavailable", True)]
    both[1].looks += 1  # the clocks, and so the names that they would give, differ
    together(5)
    pools[0].is_away = pools[1].is_away = True
    for now in (TRITON_AWAY, {}):
        for routes, watch in zip(both, watches, strict=True):
            routes.now = now
            for _ in range(3):
                with pytest.raises(DependencyUnavailable):
                    watch.round()
    pools[0].is_away = pools[1].is_away = False
    together(1)

    assert found(theirs) == [("triton", "unavailable", False)] * 2
    assert [event for _, event in events(theirs)] == ["raised", "returned"] * 2


def test_one_service_waits_until_the_other_has_written(theirs: Pool) -> None:
    turn = Turn(sign=("triton", "unavailable"), stands=True, since_us=1, at_us=2)
    told = {turn: Condition(holds=True, severity=Severity.DISTRESS, cause="does not answer")}
    routes = Routes(**TRITON_AWAY)
    watch = watching(theirs, routes)
    routes.look(watch, 2)
    last = threading.Thread(target=watch.round)
    with transaction(theirs) as connection:
        save_turns(connection, [turn], told)
        last.start()
        last.join(0.5)
        assert last.is_alive()
    last.join()

    assert found(theirs) == [("triton", "unavailable", True)]


def test_a_service_that_did_not_raise_an_alarm_ends_it(theirs: Pool) -> None:
    first, second = Routes(), Routes()
    other = watching(theirs, second)
    second.look(other, 1)
    first.now = TRITON_AWAY
    first.look(watching(theirs, first))
    second.looks = first.looks
    second.look(other, 5)

    assert found(theirs) == [("triton", "unavailable", False)]

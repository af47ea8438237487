"""Retired satellites raise no alarms, and taken back they begin anew; each service by its own login."""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from alarm_server.anomalies.projection import AnomalyProjection
from alarm_server.readings import Contradiction
from alarm_server.retirement.following import Retirements
from housekeeping.retention import retention_chores
from operation_server.fleet.retirement import change_retirement
from operation_server.http.parameters import OperatorAction
from scoring.alert_rule import Judged
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.inferences import Verdict
from telemetry_core.contract.messages import job_id_of
from telemetry_core.kafka.records import Record
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.roles import as_service
from telemetry_core.postgres.store import select
from telemetry_core.service.settings import Settings
from tests.integration.alarms.running import Clock, hear, rows, started
from tests.integration.alarms.test_anomalies import commit
from tests.integration.servers.folding import catch_up
from tests.unit.alarm_server.messages import NOW_US, record, soc

pytestmark = pytest.mark.integration

RETURNS = (
    "SELECT alarm_id, details ->> 'cause' AS cause FROM ops.alarm_events WHERE event = 'returned' ORDER BY id"
)


class Operators:
    """Those who retire SAT-1 and take it back, in the platform's time."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def retire(self, satellite: str = "SAT-1", *, is_retired: bool = True) -> None:
        time.sleep(0.002)  # a retirement has no microseconds
        with transaction(self._pool) as connection:
            given = OperatorAction(operator="Ada", comment="burnt up")
            change_retirement(connection, satellite, given, is_retired=is_retired)
        time.sleep(0.002)

    def take_back(self, satellite: str = "SAT-1") -> None:
        self.retire(satellite, is_retired=False)


@pytest.fixture
def operators(database: Settings) -> Iterator[Operators]:
    with closing(open_pool(as_service(database, "operation-server"), max_connections=1)) as pool:
        yield Operators(pool)


def now_s() -> float:
    return time.time() - NOW_US / 1_000_000


def low(satellite: str = "SAT-1") -> Record:
    """A breach that is received now."""
    return record(now_s(), satellite=satellite, **soc(12))


def standing(pool: Pool) -> list[str]:
    return [row["satellite_id"] for row in rows(pool, "alarms") if row["returned_at"] is None]


def causes(pool: Pool) -> list[str | None]:
    with transaction(pool) as connection:
        return [row["cause"] for row in select(connection, RETURNS)]


def test_alarms_of_a_retired_satellite_end_and_say_why_and_no_others_come(
    theirs: Pool, operators: Operators
) -> None:
    clock = Clock()
    server = started(theirs, clock)
    hear(server, low(), low("SAT-2"))
    operators.retire()
    clock.now_s += 2
    server.round()
    assert (standing(theirs), causes(theirs)) == (["SAT-2"], ["satellite_retired"])
    assert [row["satellite_id"] for row in rows(theirs, "alarm_tracks")] == ["SAT-2"]

    for _ in range(3):
        hear(server, low(), low("SAT-2"))
        clock.now_s += 2
        server.round()
    assert (len(rows(theirs, "alarms")), causes(theirs)) == (2, ["satellite_retired"])
    heard = {row["satellite_id"]: row["received_at"] for row in rows(theirs, "alarm_contacts")}
    assert heard["SAT-1"] > datetime.now(UTC) - timedelta(seconds=30)


@pytest.mark.parametrize("is_restarted", [False, True])
def test_taken_back_it_begins_anew_whatever_is_read_again(
    theirs: Pool, operators: Operators, *, is_restarted: bool
) -> None:
    clock = Clock()
    server = started(theirs, clock)
    before = [low() for _ in range(3)]
    hear(server, *before)
    operators.retire()
    clock.now_s += 2
    server.round()
    meanwhile = [low() for _ in range(3)]
    hear(server, *meanwhile)
    operators.take_back()
    if is_restarted:
        server = started(theirs, clock, look_back=[*before, *meanwhile])
    clock.now_s += 2
    server.round()
    hear(server, *before, *meanwhile)
    assert (standing(theirs), len(rows(theirs, "alarms")), rows(theirs, "alarm_tracks")) == ([], 1, [])

    hear(server, low())
    assert (standing(theirs), len(rows(theirs, "alarms"))) == (["SAT-1"], 2)
    clock.now_s += 2
    server.round()
    assert standing(theirs) == ["SAT-1"]


def test_what_was_retired_and_taken_back_while_nobody_looked_ends_all_the_same(
    theirs: Pool, operators: Operators
) -> None:
    clock = Clock()
    server = started(theirs, clock)
    hear(server, low())
    operators.retire()
    operators.take_back()
    hear(server, low())
    clock.now_s += 2
    server.round()
    assert (standing(theirs), causes(theirs), rows(theirs, "alarm_tracks")) == ([], ["satellite_retired"], [])
    hear(server, low())
    assert (standing(theirs), len(rows(theirs, "alarms"))) == (["SAT-1"], 2)
    started(theirs, clock)
    assert standing(theirs) == ["SAT-1"]


def test_what_a_service_that_is_late_still_saves_is_ended_too(theirs: Pool, operators: Operators) -> None:
    clock = Clock()
    first, late = started(theirs, clock), started(theirs, clock)
    operators.retire()
    clock.now_s += 2
    first.round()
    hear(late, low())
    assert standing(theirs) == ["SAT-1"]
    clock.now_s += 2
    first.round()
    assert (standing(theirs), rows(theirs, "alarm_tracks")) == ([], [])


def test_it_is_silent_to_nobody_until_it_is_taken_back(theirs: Pool, operators: Operators) -> None:
    clock = Clock()
    server = started(theirs, clock)
    begin_s = now_s()
    for second in range(5):
        clock.now_s = begin_s + second
        hear(
            server,
            record(begin_s + second, **soc(80)),
            record(begin_s + second, satellite="SAT-2", **soc(80)),
        )
        server.round()
    operators.retire()
    for _ in range(70):
        clock.now_s += 2
        server.round()
    assert standing(theirs) == ["SAT-2"]
    operators.take_back()
    for _ in range(3):
        clock.now_s += 2
        server.round()
    (alarm,) = [row for row in rows(theirs, "alarms") if row["satellite_id"] == "SAT-1"]
    assert alarm["reason"] == "no_data"
    # Not since it was last heard: it was nobody's concern until then.
    assert alarm["started_at"] > datetime.now(UTC) - timedelta(seconds=30)


def test_verdicts_of_while_it_was_retired_raise_none_and_those_of_before_go_not_on(
    database: Settings, pool: Pool, theirs: Pool, operators: Operators
) -> None:
    def commits(*seconds: int) -> list[str]:
        at_us = [NOW_US + second * 1_000_000 for second in seconds]
        verdicts = [
            Judged(job_id=job_id_of("SAT-001", one), at_us=one, verdict=Verdict.ANOMALOUS, score=0.99)
            for one in at_us
        ]
        commit(pool, *verdicts, completed_at=datetime.now(UTC))
        catch_up(projection)
        clock.now_s += 2
        server.round()
        return [row["started_at"].isoformat() for row in rows(theirs, "alarms") if row["returned_at"] is None]

    clock = Clock()
    server = started(theirs, clock)
    with closing(open_pool(as_service(database, "alarm-server"), max_connections=1)) as own:
        projection = AnomalyProjection(own)
        (first,) = commits(0, 1)
        operators.retire("SAT-001")
        assert commits(2, 3) == []
        operators.take_back("SAT-001")
        (second,) = commits(4, 5)
    assert second > first
    assert [row["violations"] for row in rows(theirs, "alarms")] == [2, 2]
    assert causes(theirs) == ["satellite_retired"]


def test_a_contradiction_of_before_says_nothing(theirs: Pool, operators: Operators) -> None:
    retirements = Retirements(theirs)
    old_us = round(time.time() * 1_000_000)
    operators.retire()
    retirements.look()
    later_us = round(time.time() * 1_000_000)
    found = [
        Contradiction(satellite_id=name, behind_s=9, first_us=at_us, last_us=at_us)
        for name in ("SAT-1", "SAT-2")
        for at_us in (old_us, later_us + 60_000_000)
    ]
    assert retirements.believed(found) == set(found[2:])
    operators.take_back()
    retirements.look()
    assert retirements.believed(found) == set(found[1:])


def test_while_postgresql_is_away_what_is_known_holds(
    theirs: Pool, operators: Operators, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Pool) -> None:
        raise DependencyUnavailable("postgresql", "away")

    clock = Clock()
    server = started(theirs, clock)
    operators.retire()
    clock.now_s += 2
    server.round()
    with monkeypatch.context() as patched:
        patched.setattr("alarm_server.retirement.following.transaction", away)
        clock.now_s += 2
        server.round()
        hear(server, low())
    assert rows(theirs, "alarms") == []


def test_housekeeping_deletes_what_retired_and_silent_satellites_left(
    database: Settings, pool: Pool, theirs: Pool, operators: Operators
) -> None:
    server = started(theirs)
    hear(server, low(), low("SAT-2"), record(now_s(), satellite="SAT-3", **soc(80)))
    server._save_contacts(round(now_s() * 1_000_000))
    operators.retire()
    Retirements(theirs).look()
    much_later = datetime.now(UTC) + timedelta(days=400)
    for _ in range(2):
        with closing(open_pool(as_service(database, "housekeeping"), max_connections=1)) as own:
            for chore in retention_chores(own, database, clock=lambda: much_later):
                if chore.name in {"alarms", "contacts", "tracks"}:
                    assert not chore.work()
    # SAT-2 has an alarm that nobody dealt with.
    for table in ("alarms", "alarm_contacts", "alarm_tracks"):
        assert [row["satellite_id"] for row in rows(pool, table)] == ["SAT-2"], table

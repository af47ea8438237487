"""The alarm service follows contact plans: over a real PostgreSQL, with the service's own login."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest

from alarm_server.service import AlarmServer
from housekeeping.retention import retention_chores
from operation_server.http.parameters import TimeRange
from operation_server.passes.schemas import NewPlan, PlannedPass
from operation_server.passes.store import delete_plan, read_passes, replace_plan
from telemetry_core.kafka.records import Record
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.roles import as_service
from telemetry_core.service.settings import Settings
from tests.integration.alarms.running import START, Clock, events, hear, rows, started
from tests.unit.alarm_server.messages import record

pytestmark = pytest.mark.integration

DAY_S = 86_400


@pytest.fixture
def operators(database: Settings) -> Iterator[Pool]:
    """The operation server's own login."""
    with closing(open_pool(as_service(database, "operation-server"), max_connections=2)) as found:
        yield found


@pytest.fixture
def planners(database: Settings, operators: Pool) -> Iterator["Planners"]:
    with closing(open_pool(database, max_connections=1)) as owner:
        yield Planners(operators, owner)


class Planners:
    """Those who send contact plans, seconds after `START`; each plan is known a day before."""

    def __init__(self, operators: Pool, owner: Pool) -> None:
        self.operators, self.owner = operators, owner

    def plan(
        self,
        *passes: tuple[float, float],
        satellite: str = "SAT-1",
        covered: tuple[float, float] = (0, DAY_S),
    ) -> None:
        plan = NewPlan(
            operator="Ada",
            start_time=at(covered[0]),
            end_time=at(covered[1]),
            satellites=[satellite],
            passes=[
                PlannedPass(
                    satellite_id=satellite, ground_station="Svalbard", start_time=at(begin), end_time=at(end)
                )
                for begin, end in passes
            ],
        )
        with transaction(self.operators) as connection:
            replace_plan(connection, plan)
        with transaction(self.owner) as connection, connection.cursor() as cursor:
            cursor.execute("UPDATE ops.passes SET planned_at = start_at - interval '1 day'")

    def outcomes(self) -> list[tuple[str, float | None, float | None]]:
        with transaction(self.operators) as connection:
            found = read_passes(connection, TimeRange(start=at(-DAY_S), end=at(2 * DAY_S)), limit=100)
        return [(one.outcome, seconds(one.first_heard), seconds(one.last_heard)) for one in found.passes]


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def seconds(moment: datetime | None) -> float | None:
    return None if moment is None else (moment - START).total_seconds()


def message(second: float, **fields: Any) -> Record:
    return record(second, comm={"rssi_dbm": -80}, **fields)


def wait(server: AlarmServer, clock: Clock, until_s: float, *, every_s: float = 1) -> None:
    while clock.now_s < until_s:
        clock.now_s = min(clock.now_s + every_s, until_s)
        server.round()


def alarms(pool: Pool) -> list[tuple[str, float, bool]]:
    """Reason, begin and whether it is over."""
    return [
        (row["reason"], (row["started_at"] - START).total_seconds(), row["returned_at"] is not None)
        for row in sorted(rows(pool, "alarms"), key=lambda row: row["started_at"])
    ]


def test_a_satellite_between_its_passes_is_not_silent_and_a_missed_one_is_told_once(
    theirs: Pool, planners: Planners
) -> None:
    planners.plan((100, 700), (5_800, 6_400), (11_500, 12_100))
    clock = Clock()
    server = started(theirs, clock)
    for second in range(100, 700, 20):
        hear(server, message(second))
        wait(server, clock, second, every_s=20)
    wait(server, clock, 11_500, every_s=50)
    assert alarms(theirs) == [("silent_in_pass", 5_800, False)]
    hear(server, message(11_530))
    wait(server, clock, 11_535)
    assert alarms(theirs) == [("silent_in_pass", 5_800, True)]
    assert planners.outcomes() == [("heard", 100, 680), ("missed", None, None), ("heard", 11_530, 11_530)]
    raised = rows(theirs, "alarm_events")[0]
    assert raised["details"] == {
        "usual_pause_s": 20,
        "pass_start": at(5_800).isoformat(),
        "pass_end": at(6_400).isoformat(),
        "ground_stations": ["Svalbard"],
    }


def test_a_satellite_that_was_never_heard_is_missed_in_its_first_pass(
    theirs: Pool, planners: Planners
) -> None:
    planners.plan((100, 700))
    clock = Clock()
    wait(started(theirs, clock), clock, 800, every_s=20)
    assert alarms(theirs) == [("silent_in_pass", 100, False)]


def test_telemetry_outside_planned_passes_is_normal_and_a_dump_is_no_contact(
    theirs: Pool, planners: Planners
) -> None:
    planners.plan((1_000, 1_600))
    clock = Clock()
    server = started(theirs, clock)
    hear(server, message(500), message(-50_000, received_s=1_100))
    wait(server, clock, 1_700, every_s=20)
    assert alarms(theirs) == [("silent_in_pass", 1_000, False)]
    assert planners.outcomes() == [("missed", None, None)]
    hear(server, message(1_800))
    wait(server, clock, 1_805)
    assert alarms(theirs) == [("silent_in_pass", 1_000, True)]


def test_a_plan_that_changes_amid_a_pass_acts_within_two_seconds(theirs: Pool, planners: Planners) -> None:
    clock = Clock()
    server = started(theirs, clock)
    planners.plan((0, 100))
    wait(server, clock, 300, every_s=20)
    assert alarms(theirs) == [("silent_in_pass", 0, False)]
    planners.plan((0, 100), (200, 900))
    wait(server, clock, 302)
    assert alarms(theirs) == [("silent_in_pass", 0, False)]
    wait(server, clock, 322)
    assert alarms(theirs) == [("silent_in_pass", 0, False), ("silent_in_pass", 200, False)]


def test_a_deleted_plan_leaves_silence_as_it_was_without(theirs: Pool, planners: Planners) -> None:
    planners.plan((5_000, 5_600))
    clock = Clock()
    server = started(theirs, clock)
    hear(server, message(0))
    wait(server, clock, 200, every_s=20)
    assert alarms(theirs) == []
    with transaction(planners.operators) as connection:
        delete_plan(connection, "SAT-1", TimeRange(start=at(0), end=at(DAY_S)), "Bob")
    wait(server, clock, 202)
    assert alarms(theirs) == [("no_data", 0, False)]


def test_a_satellite_without_a_plan_is_silent_as_ever_beside_one_with(
    theirs: Pool, planners: Planners
) -> None:
    planners.plan((5_000, 5_600))
    clock = Clock()
    server = started(theirs, clock)
    hear(server, message(0), message(1, satellite="SAT-2"))
    wait(server, clock, 200, every_s=20)
    assert [row["satellite_id"] for row in rows(theirs, "alarms")] == ["SAT-2"]


def test_restarts_second_deliveries_and_a_second_service_change_nothing(
    theirs: Pool, planners: Planners
) -> None:
    planners.plan((100, 700), (5_800, 6_400), (11_500, 12_100))
    clock = Clock()
    heard = [message(second) for second in (110, 120, 130)]
    server, other = started(theirs, clock), started(theirs, clock)
    hear(server, *heard)
    for until_s in (150, 400, 5_850, 6_000, 6_500, 11_400):
        wait(server, clock, until_s, every_s=50)
        other.round()
        server, other = started(theirs, clock, heard), server
        hear(other, *heard)
    wait(server, clock, 11_450, every_s=10)
    assert alarms(theirs) == [("silent_in_pass", 130, False), ("silent_in_pass", 5_800, False)]
    assert [event for _, event in events(theirs)] == ["raised", "raised"]
    assert planners.outcomes() == [("heard", 110, 130), ("missed", None, None), ("missed", None, None)]


def test_what_a_service_that_was_away_reads_afterwards_was_heard_in_its_pass(
    theirs: Pool, planners: Planners
) -> None:
    planners.plan((100, 700), (800, 900), (2_000, 2_100))
    clock = Clock()
    clock.now_s = 20_000
    server = started(theirs, clock)
    hear(server, *(message(second) for second in (*range(110, 700, 10), 2_050)))
    wait(server, clock, 20_004)
    assert planners.outcomes() == [("heard", 110, 690), ("missed", None, None), ("heard", 2_050, 2_050)]
    assert [reason for reason, _, _ in alarms(theirs)] == []


def test_a_plan_that_ran_out_is_none(theirs: Pool, planners: Planners) -> None:
    planners.plan((100, 700), covered=(0, 2_000))
    clock = Clock()
    server = started(theirs, clock)
    for second in range(100, 700, 20):
        hear(server, message(second))
        wait(server, clock, second, every_s=20)
    wait(server, clock, 2_050, every_s=50)
    wait(server, clock, 2_058)
    assert alarms(theirs) == []
    wait(server, clock, 2_062)
    assert alarms(theirs) == [("no_data", 680, False)]


def test_passes_go_for_their_age(theirs: Pool, planners: Planners, database: Settings) -> None:
    planners.plan((100, 700), (50_000, 50_600))
    later = at(50_000) + timedelta(days=365, seconds=-1)
    with closing(open_pool(as_service(database, "housekeeping"), max_connections=1)) as pool:
        chores = retention_chores(pool, database, clock=lambda: later)
        (chore,) = [chore for chore in chores if chore.name == "passes"]
        assert not chore.work()
    assert [row["start_at"] for row in rows(theirs, "passes")] == [at(50_000)]

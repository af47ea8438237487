"""More alarms of a satellite than anybody can answer are one more alarm, until they become few."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from telemetry_core.kafka.records import Record
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.store import Row
from telemetry_core.service.settings import Settings
from tests.integration.alarms.running import Clock, events, hear, rows, started, written
from tests.unit.alarm_server.messages import record, soc

pytestmark = pytest.mark.integration

APART_S = 100
"""So that each breach is an alarm of its own."""


def breaches(count: int, first: int = 0, **changes: Any) -> list[Record]:
    """Break a limit so often, and end each breach."""
    return [
        record(APART_S * number + second, **changes, **soc(12 if second == 0 else 80))
        for number in range(first, first + count)
        for second in range(0, APART_S, 10)
    ]


def floods(pool: Pool) -> list[Row]:
    return [row for row in rows(pool, "alarms") if row["kind"] == "flood"]


def executed(pool: Pool, statement: str, *parameters: Any) -> None:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def let_age(pool: Pool, alarms: int) -> None:
    """Let ten minutes pass for some alarms, the earliest."""
    executed(
        pool,
        "UPDATE ops.alarms SET noticed_at = noticed_at - interval '10 minutes' WHERE alarm_id IN"
        " (SELECT alarm_id FROM ops.alarms WHERE kind <> 'flood' ORDER BY started_at LIMIT %s)",
        alarms,
    )


def test_a_flood_begins_with_the_eleventh_alarm_in_ten_minutes_and_is_raised_once(theirs: Pool) -> None:
    server = started(theirs)
    hear(server, *breaches(10))
    assert floods(theirs) == []
    for number in range(10, 15):
        hear(server, *breaches(1, number))
    hear(server, *breaches(5, 10))

    (flood,) = floods(theirs)
    assert (flood["satellite_id"], flood["subsystem"], flood["reason"]) == ("SAT-1", "satellite", "flood")
    assert (flood["severity"], flood["violations"], flood["limit_value"]) == ("distress", 11, 10)
    limits = [row for row in rows(theirs, "alarms") if row["kind"] == "limit"]
    assert flood["started_at"] == min(row["noticed_at"] for row in limits)
    assert [event for alarm_id, event in events(theirs) if alarm_id == flood["alarm_id"]] == ["raised"]
    assert flood["alarm_id"] not in {row["alarm_id"] for row in rows(theirs, "grouped_alarms")}


def test_a_flood_is_over_when_fewer_than_five_came_in_ten_minutes(theirs: Pool, pool: Pool) -> None:
    clock = Clock()
    server = started(theirs, clock)
    hear(server, *breaches(14))
    let_age(pool, 9)
    clock.now_s = 10
    server.round()
    (flood,) = floods(theirs)
    assert (flood["returned_at"], flood["value"], flood["worst_value"]) == (None, 5, 14)

    let_age(pool, 10)
    clock.now_s = 20
    server.round()
    (flood,) = floods(theirs)
    assert flood["returned_at"] is not None
    assert [event for alarm_id, event in events(theirs) if alarm_id == flood["alarm_id"]] == [
        "raised",
        "returned",
    ]


def test_a_second_flood_is_another_alarm(theirs: Pool, pool: Pool) -> None:
    clock = Clock()
    server = started(theirs, clock)
    hear(server, *breaches(11))
    let_age(pool, 11)
    server.round()
    hear(server, *breaches(11, 11))

    assert [row["returned_at"] is None for row in floods(theirs)] == [False, True]


def test_alarms_of_other_satellites_and_those_that_call_nobody_make_no_flood(
    theirs: Pool, pool: Pool
) -> None:
    executed(
        pool,
        "INSERT INTO ops.alarm_suppressions (satellite_id, subsystem, reason, kind, operator, comment)"
        " VALUES ('SAT-1', 'eps', 'low_battery', 'out_of_service', 'Ada', 'known')",
    )
    server = started(theirs)
    hear(server, *breaches(20))
    for number in range(20):
        hear(server, *breaches(1, number, satellite=f"SAT-{2 + number}"))

    assert floods(theirs) == []


def test_those_who_write_at_once_raise_one_flood(database: Settings, pool: Pool) -> None:
    with closing(open_pool(database, max_connections=8)) as several, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda second: written(several, second, f"r{second}"), range(32)))

    assert len(floods(pool)) == 1

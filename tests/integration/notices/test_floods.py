"""A flood is told once, instead of each of its alarms."""

from typing import Any

import pytest

from telemetry_core.postgres.database import Pool
from tests.integration.api.alarms.rows import raised
from tests.integration.notices.running import configured, executed, notices, planned, started

pytestmark = pytest.mark.integration


def many(pool: Pool, count: int, first: int = 0, **columns: Any) -> list[str]:
    return [
        raised(pool, 200 * (first + number), **{"severity": "distress", **columns}) for number in range(count)
    ]


def returned(pool: Pool, alarm_id: str) -> None:
    executed(pool, "UPDATE ops.alarms SET returned_at = last_at WHERE alarm_id = %s", alarm_id)
    executed(
        pool,
        "INSERT INTO ops.alarm_events (alarm_id, event, member_at) VALUES (%s, 'returned', now())",
        alarm_id,
    )


def of(pool: Pool, alarm_id: str) -> list[tuple[str, str]]:
    return [(row["told"], row["state"]) for row in notices(pool) if row["alarm_id"] == alarm_id]


def test_from_the_eleventh_on_the_flood_is_told_and_not_its_alarms(pool: Pool, theirs: Pool) -> None:
    planner = started(theirs, configured({"duty": "http://127.0.0.1:9"}))
    before = many(pool, 10)
    planned(planner, pool)
    within = many(pool, 5, 10)
    (critical,) = many(pool, 1, 20, severity="critical")
    (other,) = many(pool, 1, satellite_id="SAT-002")
    returned(pool, before[0])
    returned(pool, within[0])
    planned(planner, pool)

    assert of(pool, before[0]) == [("raised", "pending"), ("returned", "pending")]
    assert {state for alarm_id in within for state in of(pool, alarm_id)} == {("raised", "held")}
    assert of(pool, critical) == of(pool, other) == [("raised", "pending")]
    flood = [row for row in notices(pool) if row["alarm_id"].startswith("satellite.flood.")]
    assert [(row["told"], row["state"]) for row in flood] == [("raised", "pending")]


def test_a_burst_is_held_back_as_a_whole(pool: Pool, theirs: Pool) -> None:
    planner = started(theirs, configured({"duty": "http://127.0.0.1:9"}))
    within = many(pool, 11)
    planned(planner, pool)

    assert [row["alarm_id"] in within for row in notices(pool) if row["state"] == "pending"] == [False]


def test_a_flood_that_is_shelved_holds_nothing_back(pool: Pool, theirs: Pool) -> None:
    planner = started(theirs, configured({"duty": "http://127.0.0.1:9"}))
    executed(
        pool,
        "INSERT INTO ops.alarm_suppressions"
        " (satellite_id, subsystem, reason, kind, operator, comment, until)"
        " VALUES ('SAT-001', 'satellite', 'flood', 'shelved', 'Ada', 'each, please', now() + interval '1 h')",
    )
    many(pool, 11)
    planned(planner, pool)

    assert [row["state"] for row in notices(pool)] == ["pending"] * 11

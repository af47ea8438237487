"""Alarms of limits that are about to break, on a real PostgreSQL."""

from datetime import datetime

import pytest

from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, select
from tests.integration.alarms.running import events, hear, rows, started
from tests.unit.alarm_server.messages import MISSION
from tests.unit.alarm_server.test_forecasts import draining

pytestmark = pytest.mark.integration

FORECAST = "low_battery_forecast"


def alarms(pool: Pool) -> list[Row]:
    """All, without when they were written."""
    written = {"noticed_at", "changed_at", "group_id"}
    return [{name: row[name] for name in row if name not in written} for row in rows(pool, "alarms")]


def details(pool: Pool) -> list[Row]:
    statement = """
    SELECT event, member_at, details FROM ops.alarm_events
    WHERE alarm_id LIKE %(reason)s ORDER BY member_at, id
    """
    with transaction(pool) as connection:
        return select(connection, statement, {"reason": f"%.{FORECAST}.%"})


def test_a_limit_that_is_about_to_break_is_an_alarm_before_it_does(theirs: Pool) -> None:
    server = started(theirs)
    hear(server, *draining(15))
    (row,) = rows(theirs, "alarms")
    assert (row["kind"], row["reason"], row["severity"]) == ("forecast", FORECAST, "distress")
    assert (row["worst_value"], row["limit_value"], row["returned_at"]) == (None, None, None)
    assert row["value"] == pytest.approx(6.5, abs=0.3)

    hear(server, *draining(40, since_s=16))
    forecast, limit = sorted(rows(theirs, "alarms"), key=lambda row: str(row["kind"]))
    assert (limit["kind"], limit["returned_at"]) == ("limit", None)
    raised, returned = details(theirs)
    told = raised["details"]
    assert raised["event"] == "raised"
    assert told["limit"] == 30
    earliest, latest = (datetime.fromisoformat(told[name]) for name in ("earliest_at", "latest_at"))
    broken = datetime.fromisoformat(returned["details"]["broken_at"])
    assert broken == limit["started_at"]
    assert (latest - earliest).total_seconds() < 3
    assert abs((broken - datetime.fromisoformat(told["expected_at"])).total_seconds()) < 1.5
    assert forecast["returned_at"] == returned["member_at"]


@pytest.mark.parametrize("split_at", [45, 50, 55, 63, 65])
def test_a_restart_at_any_moment_changes_nothing(theirs: Pool, pool: Pool, split_at: int) -> None:
    whole = draining(40)
    hear(started(theirs), *whole)
    expected, history = alarms(theirs), details(theirs)
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM ops.alarm_tracks; DELETE FROM ops.alarm_events; DELETE FROM ops.alarms")

    hear(started(theirs), *whole[:split_at])
    # Some messages before the offset are read again, and some that were acted on come a second time.
    hear(started(theirs, look_back=whole[: split_at - 3]), *whole[split_at - 3 :])

    assert (alarms(theirs), details(theirs)) == (expected, history)


def test_a_forecast_of_a_limit_that_is_gone_ends(theirs: Pool) -> None:
    hear(started(theirs), *draining(15))
    body = MISSION.model_dump(mode="json")
    body["subsystems"]["eps"]["rules"] = []
    body["limit_sets"] = {}
    started(theirs, mission=MISSION.model_validate(body))
    (row,) = rows(theirs, "alarms")
    assert row["returned_at"] == row["last_at"]
    assert [event for _, event in events(theirs)] == ["raised", "returned"]

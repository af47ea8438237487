"""Each event is planned once, and what was planned goes with its alarm."""

from contextlib import closing

import pytest

from alarm_notifier.configuration import Notifications
from housekeeping.retention import retention_chores
from telemetry_core.postgres.database import Pool, open_pool
from telemetry_core.postgres.roles import as_service
from telemetry_core.service.settings import Settings
from tests.integration.api.alarms.rows import raised
from tests.integration.notices.running import configured, executed, notices, planned, started

pytestmark = pytest.mark.integration


def test_planning_again_after_a_crash_tells_nothing_twice(pool: Pool, theirs: Pool) -> None:
    configuration = configured({"duty": "http://127.0.0.1:9"})
    planner = started(theirs, configuration)
    before = planner.cursor()
    raised(pool)
    planned(planner, pool)
    executed(
        pool,
        "UPDATE ops.relay_cursors SET xact = %s, id = %s WHERE sink = 'notifications'",
        before.xact,
        before.id,
    )
    planned(planner, pool)
    assert len(notices(pool)) == 1


def test_an_alarm_that_is_raised_again_does_not_begin_a_second_row_of_reminders(
    pool: Pool, theirs: Pool
) -> None:
    configuration = configured({"duty": "http://127.0.0.1:9"}, {"targets": ["duty"], "repeat_s": 600})
    planner = started(theirs, configuration)
    alarm_id = raised(pool)
    executed(
        pool,
        "INSERT INTO ops.alarm_events (alarm_id, event, member_at) VALUES (%s, 'raised_again', now())",
        alarm_id,
    )
    planned(planner, pool)
    assert [row["delay_s"] for row in notices(pool)] == [0, 600, 0]


def test_without_a_file_it_keeps_up_so_that_a_later_one_tells_what_is_new(pool: Pool, theirs: Pool) -> None:
    nobody = Notifications(targets={}, routes=[])
    planner = started(theirs, nobody)
    raised(pool)
    planned(planner, pool)
    assert notices(pool) == []
    later = started(theirs, configured({"duty": "http://127.0.0.1:9"}))
    assert notices(pool) == []
    raised(pool, 60)
    planned(later, pool)
    assert len(notices(pool)) == 1


def test_what_was_told_of_an_alarm_is_deleted_with_it(database: Settings, pool: Pool, theirs: Pool) -> None:
    configuration = configured({"duty": "http://127.0.0.1:9"})
    planner = started(theirs, configuration)
    for second in (0, 60):
        alarm_id = raised(pool, second)
    executed(
        pool,
        "UPDATE ops.alarms SET returned_at = last_at, acknowledged_at = now(),"
        " changed_at = now() - interval '2 years' WHERE alarm_id <> %s",
        alarm_id,
    )
    planned(planner, pool)
    with closing(open_pool(as_service(database, "housekeeping"), max_connections=1)) as keeper:
        (chore,) = [one for one in retention_chores(keeper, database) if one.name == "alarms"]
        chore.work()
    assert [row["alarm_id"] for row in notices(pool)] == [alarm_id]

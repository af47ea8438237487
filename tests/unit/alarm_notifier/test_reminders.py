"""What follows a reminder, and what is still to be sent when it is due."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alarm_notifier.configuration import Route
from alarm_notifier.delivery import LONGEST_WAIT_S, wait_s
from alarm_notifier.routing import AlarmEvent, Notice, is_wanted, next_reminder
from alarms.life_cycle import State
from telemetry_core.contract.rules import Severity

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
EVENT = AlarmEvent(
    event="raised",
    at=NOW - timedelta(hours=1),
    satellite_id="SAT-001",
    kind="limit",
    severity=Severity.CRITICAL,
    state=State.UNACKNOWLEDGED,
)
REMINDER = Notice(target="duty", told="raised", delay_s=600, repeat_s=600, due_at=NOW)


def route(**changes: Any) -> Route:
    return Route.model_validate({"targets": ["duty"], "repeat_s": 600, **changes})


def test_the_next_reminder_counts_from_the_last_one() -> None:
    following = next_reminder([route()], EVENT, REMINDER, NOW)
    assert following == replace(REMINDER, delay_s=1200, due_at=NOW + timedelta(minutes=10))


def test_reminders_wait_for_the_end_of_quiet_hours_unless_another_route_has_none() -> None:
    quiet = route(quiet_hours={"begin": "12:05", "end": "13:00", "zone": "UTC"})
    waits = next_reminder([quiet], EVENT, REMINDER, NOW)
    assert waits
    assert waits.due_at == NOW + timedelta(hours=1)
    earlier = next_reminder([quiet, route()], EVENT, REMINDER, NOW)
    assert earlier
    assert earlier.due_at == NOW + timedelta(minutes=10)


@pytest.mark.parametrize(
    "changed", [route(repeat_s=1200), route(kinds=["stale"]), route(targets=["lead"]), route(repeat_s=None)]
)
def test_reminders_end_when_no_route_says_them_any_more(changed: Route) -> None:
    assert next_reminder([changed], EVENT, REMINDER, NOW) is None


def test_an_escalation_is_not_repeated() -> None:
    assert next_reminder([route()], EVENT, replace(REMINDER, repeat_s=None), NOW) is None


@pytest.mark.parametrize(
    ("state", "sent"),
    [
        (State.UNACKNOWLEDGED, {0, 600}),
        (State.LATCHED_UNACKNOWLEDGED, {0, 600}),
        (State.ACKNOWLEDGED, {0}),
        (State.RETURNED_UNACKNOWLEDGED, {0}),
        (State.SHELVED, set()),
        (State.SUPPRESSED, set()),
        (State.OUT_OF_SERVICE, set()),
    ],
)
def test_the_state_at_the_time_decides_what_is_still_sent(state: State, sent: set[int]) -> None:
    assert {delay_s for delay_s in (0, 600) if is_wanted(delay_s, state)} == sent


def test_attempts_come_at_growing_distances_and_at_least_once_a_minute() -> None:
    waits = [wait_s(attempts) for attempts in (1, 4, 8, 1_000)]
    assert 0.5 <= waits[0] <= 1
    assert 4 <= waits[1] <= 8
    assert all(LONGEST_WAIT_S / 2 <= wait <= LONGEST_WAIT_S for wait in waits[2:])

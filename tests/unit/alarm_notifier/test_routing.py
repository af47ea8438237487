"""Who is told of an event, when, and of what nobody is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alarm_notifier.configuration import Notifications, QuietHours, Route
from alarm_notifier.routing import AlarmEvent, notices, quiet_until
from alarms.life_cycle import State
from telemetry_core.contract.rules import Severity

AT = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def event(**changes: Any) -> AlarmEvent:
    given: dict[str, Any] = {
        "event": "raised", "at": AT, "satellite_id": "SAT-001", "kind": "limit",
        "severity": Severity.CRITICAL, "state": State.UNACKNOWLEDGED,
    }  # fmt: skip
    return AlarmEvent(**{**given, **changes})


def told(event: AlarmEvent, **route: Any) -> list[tuple[str, str, timedelta]]:
    found = notices([Route.model_validate({"targets": ["duty"], **route})], event)
    return [(one.target, one.told, one.due_at - event.at) for one in found]


NOW = timedelta(0)


@pytest.mark.parametrize(
    ("route", "changes"),
    [
        ({"kinds": ["stale"]}, {"kind": "limit"}),
        ({"min_severity": "severe"}, {"severity": Severity.CRITICAL}),
        ({"satellites": ["GEO-*", "SAT-00[2-9]"]}, {}),
        ({"events": ["returned"]}, {}),
        ({}, {"event": "acknowledged", "state": State.ACKNOWLEDGED}),
        ({}, {"event": "commented"}),
        ({}, {"event": "expired", "state": State.RETURNED_UNACKNOWLEDGED}),
        *(({}, {"state": state}) for state in (State.SHELVED, State.SUPPRESSED, State.OUT_OF_SERVICE)),
    ],
)
def test_nobody_is_told_of_what_no_route_names_or_operators_put_aside(
    route: dict[str, Any], changes: dict[str, Any]
) -> None:
    assert told(event(**changes), **route) == []


@pytest.mark.parametrize(
    ("name", "state", "expected"),
    [
        ("raised_again", State.UNACKNOWLEDGED, "raised"),
        ("withdrawn", State.RETURNED_UNACKNOWLEDGED, "returned"),
        ("unshelved", State.UNACKNOWLEDGED, "raised"),
        ("expired", State.LATCHED_UNACKNOWLEDGED, "raised"),
        ("acknowledged", State.ACKNOWLEDGED, "acknowledged"),
    ],
)
def test_each_event_is_told_as_what_it_means_to_people(name: str, state: State, expected: str) -> None:
    assert told(event(event=name, state=state), events=["raised", "returned", "acknowledged"]) == [
        ("duty", expected, NOW)
    ]


def test_a_severity_is_compared_by_rank_not_by_name() -> None:
    assert told(event(severity=Severity.DISTRESS), min_severity="warning") == [("duty", "raised", NOW)]
    assert told(event(severity=Severity.WATCH), min_severity="warning") == []


def test_two_routes_to_one_target_tell_it_once_and_as_early_as_either_says() -> None:
    quiet = {"begin": "11:00", "end": "13:00", "zone": "UTC"}
    routes = [
        Route.model_validate({"targets": ["duty"], "quiet_hours": quiet}),
        Route.model_validate({"targets": ["duty"]}),
    ]
    (only,) = notices(routes, event())
    assert only.due_at == AT


def test_only_what_is_raised_is_repeated_and_escalated() -> None:
    plan = {"repeat_s": 600, "escalate_after_s": {900: "lead", 1800: "director"}}
    assert told(event(), **plan) == [
        ("director", "raised", timedelta(minutes=30)),
        ("duty", "raised", NOW),
        ("duty", "raised", timedelta(minutes=10)),
        ("lead", "raised", timedelta(minutes=15)),
    ]
    assert told(event(event="returned", state=State.RETURNED_UNACKNOWLEDGED), **plan) == [
        ("duty", "returned", NOW)
    ]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-07-01T12:59:59+00:00", "2026-07-01T12:59:59+00:00"),  # 21:59:59 in Seoul
        ("2026-07-01T13:00:00+00:00", "2026-07-01T22:00:00+00:00"),
        ("2026-07-01T21:59:59+00:00", "2026-07-01T22:00:00+00:00"),
        ("2026-07-01T22:00:00+00:00", "2026-07-01T22:00:00+00:00"),
    ],
)
def test_quiet_hours_over_midnight_end_in_the_morning_of_their_zone(at: str, expected: str) -> None:
    quiet = QuietHours.model_validate({"begin": "22:00", "end": "07:00", "zone": "Asia/Seoul"})
    assert quiet_until(quiet, datetime.fromisoformat(at)) == datetime.fromisoformat(expected)


def test_quiet_hours_follow_the_clocks_of_their_zone_through_a_change_to_summer_time() -> None:
    quiet = QuietHours.model_validate({"begin": "22:00", "end": "07:00", "zone": "Europe/Berlin"})
    assert quiet_until(quiet, datetime(2026, 3, 28, 22, 0, tzinfo=UTC)) == datetime(
        2026, 3, 29, 5, 0, tzinfo=UTC
    )


def test_an_escalation_does_not_wait_for_quiet_hours() -> None:
    quiet = {"begin": "11:00", "end": "13:00", "zone": "UTC"}
    assert told(event(), quiet_hours=quiet, escalate_after_s={60: "lead"}) == [
        ("duty", "raised", timedelta(hours=1)),
        ("lead", "raised", timedelta(minutes=1)),
    ]


def told_in_flood(changes: dict[str, Any], *routes: dict[str, Any]) -> list[tuple[str, timedelta, bool]]:
    found = notices(
        [Route.model_validate({"targets": ["duty"], **route}) for route in routes or ({},)],
        event(**changes),
        is_in_flood=True,
    )
    return [(one.told, one.due_at - AT, one.is_held) for one in found]


DISTRESS: dict[str, Any] = {"severity": Severity.DISTRESS}


def test_in_a_flood_an_alarm_is_held_back_with_its_reminders_but_never_a_critical_one() -> None:
    again = {"repeat_s": 600, "escalate_after_s": {900: "lead"}}
    assert told_in_flood(DISTRESS, again) == [("raised", NOW, True)]
    assert told_in_flood({**DISTRESS, "event": "raised_again"}) == [("raised", NOW, True)]
    assert told_in_flood({}, {"repeat_s": 600}) == [
        ("raised", NOW, False),
        ("raised", timedelta(minutes=10), False),
    ]


def test_in_a_flood_a_route_may_tell_each_alarm_also_where_another_would_not() -> None:
    each = {"in_flood": "each", "repeat_s": 600}
    assert told_in_flood(DISTRESS, {}, each) == [
        ("raised", NOW, False),
        ("raised", timedelta(minutes=10), False),
    ]


def test_a_return_in_a_flood_is_told() -> None:
    returned = {**DISTRESS, "event": "returned", "state": State.RETURNED_UNACKNOWLEDGED}
    assert told_in_flood(returned) == [("returned", NOW, False)]


@pytest.mark.parametrize(
    ("route", "times"),
    [
        ({"kinds": ["limit"]}, 1),
        ({"min_severity": "distress"}, 1),
        ({"min_severity": "critical"}, 0),
        ({"satellites": ["GEO-*"]}, 0),
        ({"in_flood": "each", "kinds": ["limit"]}, 0),
        ({"in_flood": "each"}, 1),
    ],
)
def test_a_flood_is_told_to_all_who_are_not_told_its_alarms(route: dict[str, Any], times: int) -> None:
    assert len(told(event(kind="flood", severity=Severity.DISTRESS), **route)) == times


FILE: dict[str, Any] = {
    "targets": {"duty": {"type": "webhook", "url": "https://example.org/${NOTIFY_PATH}"}},
    "routes": [{"targets": ["duty"]}],
}


def test_secrets_come_from_the_environment_and_are_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_PATH", "hidden-9d41e7")
    read = Notifications.model_validate(FILE)
    assert read.targets["duty"].url.get_secret_value() == "https://example.org/hidden-9d41e7"
    assert "hidden" not in repr(read)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"targets": {"duty": {"type": "apprise", "url": "${NOTIFY_MISSING}"}}}, "NOTIFY_MISSING is not set"),
        ({"targets": {"duty": {"type": "apprise", "url": "${POSTGRES_PASSWORD}"}}}, "begin with NOTIFY_"),
        ({"targets": {"duty": {"type": "webhook", "url": "example.org"}}}, "must have the form http://"),
        ({"routes": [{"targets": ["lead"]}]}, "there is no target lead"),
        ({"routes": [{"targets": ["duty"], "escalate_after_s": {60: "boss"}}]}, "there is no target boss"),
        ({"routes": [{"targets": ["duty"], "sattelites": ["*"]}]}, "Extra inputs"),
        ({"routes": [{"targets": ["duty"], "kinds": ["limits"]}]}, "'limit'"),
    ],
)
def test_a_file_that_would_tell_nobody_is_refused(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], message: str
) -> None:
    monkeypatch.setenv("NOTIFY_PATH", "x")
    with pytest.raises(ValueError, match=message):
        Notifications.model_validate({**FILE, **change})


def test_a_refused_address_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_PATH", "hidden-9d41e7")
    duty = {"type": "webhook", "url": "ftp://example.org/${NOTIFY_PATH}"}
    with pytest.raises(ValueError, match="must have the form http://") as refused:
        Notifications.model_validate({**FILE, "targets": {"duty": duty}})
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    "hours",
    [
        {"begin": "08:00", "end": "08:00", "zone": "UTC"},
        {"begin": "08:00", "end": "09:00", "zone": "Mars/Olympus"},
        {"begin": "08:00+09:00", "end": "09:00", "zone": "UTC"},
    ],
)
def test_quiet_hours_without_a_meaning_are_refused(hours: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"time zone|same time|without an offset"):
        QuietHours.model_validate(hours)

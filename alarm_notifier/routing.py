"""From an event of an alarm to the notices that it causes: pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final

from alarm_notifier.configuration import QuietHours, Route, Told
from alarms.life_cycle import State
from telemetry_core.contract.rules import Severity

_SILENT: Final = frozenset({State.SHELVED, State.SUPPRESSED, State.OUT_OF_SERVICE})
_CALLING: Final = frozenset({State.UNACKNOWLEDGED, State.LATCHED_UNACKNOWLEDGED})
_TOLD_AS: Final[dict[str, Told]] = {
    "raised": "raised",
    "raised_again": "raised",
    "returned": "returned",
    "withdrawn": "returned",
    "acknowledged": "acknowledged",
}
_BACK: Final = frozenset({"unshelved", "expired", "returned_to_service"})
"""What brings an alarm back that told nobody: it calls people as if it were raised now."""
_NEVER_HELD: Final = frozenset({Severity.CRITICAL, Severity.SEVERE})
_RANK: Final = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmEvent:
    """An event of `ops.alarm_events`, with what its alarm is now."""

    event: str
    at: datetime
    satellite_id: str
    kind: str
    severity: Severity
    state: State


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Notice:
    """One message to one target; those of a delay are sent only if the alarm still calls then."""

    target: str
    told: Told
    delay_s: int = 0
    """After the event; 0 = the event itself is told."""
    repeat_s: int | None = None
    """After this one the next, while the alarm calls."""
    is_held: bool = False
    """A flood is told instead: this one is journalled and not sent."""
    due_at: datetime


def is_calling(state: State) -> bool:
    """Tell whether somebody is still to acknowledge an alarm that stands or is latched."""
    return state in _CALLING


def notices(routes: Sequence[Route], event: AlarmEvent, *, is_in_flood: bool = False) -> list[Notice]:
    """Return what an event causes, each once however many routes say it, by target and time."""
    told = _told_as(event)
    if told is None or event.state in _SILENT:
        return []
    matching = [route for route in routes if _matches(route, event)]
    is_held = is_in_flood and told == "raised" and event.severity not in _NEVER_HELD
    found = {
        notice
        for route in matching
        for notice in _held_back(_notices(route, told, event), is_held=is_held and _holds(route))
    }
    first: dict[tuple[str, int, int | None], Notice] = {}
    for notice in sorted(found, key=lambda one: (one.target, one.delay_s, one.is_held, one.due_at)):
        first.setdefault((notice.target, notice.delay_s, notice.repeat_s), notice)
    return list(first.values())


def next_reminder(routes: Sequence[Route], event: AlarmEvent, told: Notice, now: datetime) -> Notice | None:
    """Return what follows a reminder that was dealt with, as the routes say by now, or None."""
    if told.repeat_s is None:
        return None
    due_at = [
        quiet_until(route.quiet_hours, now + timedelta(seconds=told.repeat_s))
        for route in routes
        if route.repeat_s == told.repeat_s and told.target in route.targets and _matches(route, event)
    ]
    if not due_at:
        return None
    return replace(told, delay_s=told.delay_s + told.repeat_s, due_at=min(due_at))


def is_wanted(delay_s: int, state: State) -> bool:
    """Tell whether a notice is to be sent, by the state that its alarm has when it is due."""
    return state not in _SILENT and (delay_s == 0 or is_calling(state))


def quiet_until(quiet: QuietHours | None, at: datetime) -> datetime:
    """Return when a notice that is due may be sent: at once, or at the end of the quiet hours."""
    if quiet is None:
        return at
    here = at.astimezone(quiet.zone_info)
    is_over_midnight = quiet.begin > quiet.end
    now = here.time()
    is_quiet = now >= quiet.begin or now < quiet.end if is_over_midnight else quiet.begin <= now < quiet.end
    if not is_quiet:
        return at
    day = here.date() + timedelta(days=is_over_midnight and now >= quiet.begin)
    return datetime.combine(day, quiet.end, tzinfo=quiet.zone_info).astimezone(at.tzinfo)


def _told_as(event: AlarmEvent) -> Told | None:
    if event.event in _BACK:
        return "raised" if is_calling(event.state) else None
    return _TOLD_AS.get(event.event)


def _matches(route: Route, event: AlarmEvent) -> bool:
    """Tell whether a route tells of an alarm; of a flood who is not told its alarms is told in any case."""
    is_of_kind = route.kinds is None or event.kind in route.kinds
    is_severe = _RANK[event.severity] >= _RANK[route.min_severity]
    stands_for_others = event.kind == "flood" and _holds(route)
    is_of_satellite = any(fnmatchcase(event.satellite_id, pattern) for pattern in route.satellites)
    return is_of_satellite and (stands_for_others or (is_of_kind and is_severe))


def _holds(route: Route) -> bool:
    return route.in_flood == "once" and route.min_severity not in _NEVER_HELD


def _held_back(found: Iterable[Notice], *, is_held: bool) -> Iterable[Notice]:
    """Keep of what a flood stands for the event itself, as not told, and nothing of later."""
    return (replace(one, is_held=True) for one in found if not one.delay_s) if is_held else found


def _notices(route: Route, told: Told, event: AlarmEvent) -> Iterator[Notice]:
    if told in route.events:
        due_at = quiet_until(route.quiet_hours, event.at)
        for target in route.targets:
            yield Notice(target=target, told=told, due_at=due_at)
    if told != "raised":
        return
    if route.repeat_s is not None:
        due_at = quiet_until(route.quiet_hours, event.at + timedelta(seconds=route.repeat_s))
        for target in route.targets:
            yield Notice(
                target=target, told=told, delay_s=route.repeat_s, repeat_s=route.repeat_s, due_at=due_at
            )
    for delay_s, target in route.escalate_after_s.items():
        # Quiet hours are those of the route's own targets: an escalation is for when they stay silent.
        yield Notice(target=target, told=told, delay_s=delay_s, due_at=event.at + timedelta(seconds=delay_s))

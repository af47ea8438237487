"""What one step did to the alarms of a track: the events that are its history."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from alarms.limit_tracks import Occurrence, Track, occurrences


class Event(StrEnum):
    """What telemetry or a verdict does to an alarm."""

    RAISED = "raised"
    RETURNED = "returned"
    RAISED_AGAIN = "raised_again"
    """A late violation showed that it had not returned."""
    WITHDRAWN = "withdrawn"
    """A late sample showed that it belongs to another alarm."""
    CHATTERING = "chattering"
    """It began to come and go; told once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An alarm that is new or other than before, and the event if it is one that operators are told of."""

    occurrence: Occurrence
    event: Event | None
    at_us: int
    """Of the sample that did it, microseconds since 1970 UTC."""


def alarm_id_of(subsystem: str, reason: str, named_us: int, satellite_id: str) -> str:
    """Name an alarm by its first member when it was raised: only the last part may hold dots."""
    return f"{subsystem}.{reason}.{named_us // 1000}.{satellite_id}"


def changes(before: Track, after: Track) -> Iterator[Change]:
    """Yield what differs; an alarm that is gone because it ended long ago is no change."""
    known = {occurrence.named_us: occurrence for occurrence in occurrences(before)}
    for occurrence in occurrences(after):
        was = known.pop(occurrence.named_us, None)
        if was != occurrence:
            yield from _changes(was, occurrence)
    for gone in known.values():
        if gone.returned_us is None or gone.returned_us >= after.kept_since_us:
            yield Change(occurrence=gone, event=Event.WITHDRAWN, at_us=gone.last_us)


def _changes(was: Occurrence | None, now: Occurrence) -> Iterator[Change]:
    is_over = None if was is None else was.returned_us is not None
    for event, at_us in events(
        was_over=is_over, raised_us=now.raised_us, last_us=now.last_us, returned_us=now.returned_us
    ):
        yield Change(occurrence=now, event=event, at_us=at_us)
    if now.chattering_us is not None and (was is None or was.chattering_us is None):
        yield Change(occurrence=now, event=Event.CHATTERING, at_us=now.chattering_us)


def events(
    *, was_over: bool | None, raised_us: int, last_us: int, returned_us: int | None
) -> Iterator[tuple[Event | None, int]]:
    """Yield what happened to an alarm that is over, stands or (None) is new, and when.

    Two events where one step both raised and ended it; None where it only has other figures.
    """
    if was_over is None:
        yield Event.RAISED, raised_us
    elif was_over and returned_us is None:
        yield Event.RAISED_AGAIN, last_us
    elif was_over or returned_us is None:
        yield None, last_us
    if returned_us is not None and not was_over:
        yield Event.RETURNED, returned_us


_FOLLOWS: Final[Mapping[Event, Collection[Event]]] = {
    Event.RAISED: (),
    Event.RETURNED: (Event.RAISED, Event.RAISED_AGAIN),
    Event.RAISED_AGAIN: (Event.RETURNED, Event.WITHDRAWN),
    Event.WITHDRAWN: (Event.RAISED, Event.RAISED_AGAIN, Event.RETURNED),
}


def is_news(event: Event, at: object, history: Sequence[tuple[Event, object]]) -> bool:
    """Tell whether an event, at the time of its sample, belongs to the end of a history.

    An alarm is raised once, begins to chatter once, returns only while it stands, and one sample raises it
    again once: so telemetry that is delivered again adds nothing.
    """
    if event is Event.CHATTERING:
        return event not in (told for told, _ in history)
    moves = [told for told, _ in history if told is not Event.CHATTERING]
    is_told = event is Event.RAISED_AGAIN and (event, at) in history
    return not moves or (moves[-1] in _FOLLOWS[event] and not is_told)

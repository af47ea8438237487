"""What one step did to the alarms of a track: the events that are its history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from alarms.limit_tracks import Occurrence


class Event(StrEnum):
    """What telemetry or a verdict does to an alarm."""

    RAISED = "raised"
    RETURNED = "returned"
    RAISED_AGAIN = "raised_again"
    """A late violation showed that it had not returned."""
    WITHDRAWN = "withdrawn"
    """A late sample showed that it belongs to another alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An alarm that is new or other than before, and the event if it is one that operators are told of."""

    occurrence: Occurrence
    event: Event | None
    at_us: int
    """Of the sample that did it, microseconds since 1970 UTC."""


def changes(before: Sequence[Occurrence], after: Sequence[Occurrence]) -> Iterator[Change]:
    """Yield what differs; an alarm that is gone because it is too old to change is no change."""
    known = {occurrence.named_us: occurrence for occurrence in before}
    for occurrence in after:
        was = known.pop(occurrence.named_us, None)
        if was != occurrence:
            yield _change(was, occurrence)
    for gone in known.values():
        if after and gone.started_us >= after[0].started_us:
            yield Change(occurrence=gone, event=Event.WITHDRAWN, at_us=gone.last_us)


def _change(was: Occurrence | None, now: Occurrence) -> Change:
    if was is None:
        return Change(occurrence=now, event=Event.RAISED, at_us=now.raised_us)
    if was.returned_us is None and now.returned_us is not None:
        return Change(occurrence=now, event=Event.RETURNED, at_us=now.returned_us)
    if was.returned_us is not None and now.returned_us is None:
        return Change(occurrence=now, event=Event.RAISED_AGAIN, at_us=now.last_us)
    return Change(occurrence=now, event=None, at_us=now.last_us)

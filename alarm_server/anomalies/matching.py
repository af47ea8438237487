"""Which alarm a run of anomalous verdicts is, after late verdicts moved, joined or parted runs: pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from alarm_server.anomalies.folding import Key, Piece
from alarms.occurrence_changes import Event, alarm_id_of, events
from scoring.alert_rule import Run

ANOMALY: Final = "anomaly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An alarm as it was saved last; times in microseconds since 1970 UTC."""

    alarm_id: str
    started_us: int
    last_us: int
    is_over: bool
    is_withdrawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an alarm is from now on, and what happened to it, each event with the time of its verdict."""

    key: Key
    alarm_id: str
    run: Run | None
    """None = it is withdrawn."""
    events: tuple[tuple[Event, int], ...]


def changes(key: Key, piece: Piece, kept: Sequence[Kept]) -> list[Change]:
    """Return what alarms become where the runs of a piece replace what was known of its span.

    A run is the alarm that it overlaps, the earliest one first, before any that was withdrawn; so operators
    find theirs under its name. `kept` also holds those whose names lie in the span.
    """
    free = sorted(kept, key=lambda alarm: (alarm.is_withdrawn, alarm.started_us))
    taken = {alarm.alarm_id for alarm in kept}
    found = []
    for run in piece.raised:
        was = next((alarm for alarm in free if _overlap(alarm, run)), None)
        if was is None:
            alarm_id = _free_name(key, run, taken)
            taken.add(alarm_id)
        else:
            alarm_id = was.alarm_id
            free.remove(was)
        found.append(Change(key=key, alarm_id=alarm_id, run=run, events=tuple(_events(was, run))))
    withdrawn = [
        Change(key=key, alarm_id=alarm.alarm_id, run=None, events=((Event.WITHDRAWN, alarm.last_us),))
        for alarm in free
        if not alarm.is_withdrawn and _is_refuted(alarm, piece)
    ]
    return [*found, *withdrawn]


def _overlap(alarm: Kept, run: Run) -> bool:
    return alarm.started_us <= run.last_us and alarm.last_us >= run.started_us


def _free_name(key: Key, run: Run, taken: set[str]) -> str:
    """Name a new alarm by its first verdict, or a few milliseconds later where another has that name."""
    satellite_id, subsystem = key
    named_us = run.started_us
    while (alarm_id := alarm_id_of(subsystem, ANOMALY, named_us, satellite_id)) in taken:
        named_us += 1_000
    return alarm_id


def _events(was: Kept | None, run: Run) -> Iterator[tuple[Event, int]]:
    if was is not None and was.is_withdrawn:
        yield Event.RAISED_AGAIN, run.last_us
    is_over = None if was is None else was.is_over and not was.is_withdrawn
    raised_us = run.raised_us or run.started_us
    for event, at_us in events(
        was_over=is_over, raised_us=raised_us, last_us=run.last_us, returned_us=run.ended_us
    ):
        if event is not None:
            yield event, at_us


def _is_refuted(alarm: Kept, piece: Piece) -> bool:
    """Tell whether an alarm lies in a piece's span; of one that reaches beyond the next piece tells."""
    is_within = alarm.started_us <= piece.last_us and alarm.last_us >= piece.first_us
    return is_within and (piece.head.is_finished or alarm.last_us <= piece.last_us)

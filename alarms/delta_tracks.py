"""When a rate or a change is an alarm: one step for each sample of its channel, in any order.

A late sample changes what was told of the one behind it, so the newest samples are kept and judged again, in
time order, from what is known of those before them.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from alarms.deltas import HISTORY, DeltaRule, Point, delta_at, last_changed
from alarms.limit_tracks import REACH_US, Occurrence, Track, groups, is_clear, occurrences, step
from alarms.violation_runs import Run, Sample

MAX_JUDGED: Final = 1024
"""Newest points within reach that a late sample may still change."""

Points = tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaTrack:
    """All that must be known of one rule on a rate or a change, of one satellite."""

    points: Points = ()
    """The newest ones, in time order."""
    settled: int = 0
    """So many of them are not judged again."""
    base: Track = field(default_factory=Track)
    """What is known of deltas up to these."""
    whole: Track = field(default_factory=Track)
    """Likewise of all deltas."""

    @property
    def has_violations(self) -> bool:
        """Tell whether anything broke the rule lately."""
        return self.whole.has_violations

    @property
    def newest(self) -> Point | None:
        """The newest point."""
        return self.points[-1] if self.points else None

    @property
    def newest_pause_us(self) -> int | None:
        """Between the two newest points; None: there are fewer."""
        return self.points[-1].at_us - self.points[-2].at_us if len(self.points) > 1 else None


def step_delta(track: DeltaTrack, measure: DeltaRule, point: Point) -> DeltaTrack:
    """Return the track after one more point; of two at one time the first stands, but a sent one is told.

    A point that was not sent takes the value that holds.
    """
    newest = track.newest
    if newest is not None and point.at_us < newest.at_us - REACH_US:
        return track
    placed = _placed(track.points, point, measure.grain_us)
    if placed is None or placed[1] < track.settled:
        return track
    points, place = placed
    if place == len(points) - 1 and len(points) > len(track.points):
        judged = _judged(track.whole, measure, points, range(place, place + 1))
    else:
        judged = _judged_again(track, measure, points, place)
    return _settled(replace(track, points=points, whole=judged), measure)


def _judged_again(track: DeltaTrack, measure: DeltaRule, points: Points, place: int) -> Track:
    """Compare what a late point may have changed; all that is kept, if anything breaks the rule."""
    if not track.whole.has_violations:
        behind = range(place, last_changed(points, place, measure) + 1)
        deltas = [delta_at(points, one, measure) if points[one].is_in_context else None for one in behind]
        if all(delta is not None and is_clear(measure.rule, delta) for delta in deltas):
            return _judged(track.whole, measure, points, behind)
    again = _judged(track.base, measure, points, range(track.settled, len(points)))
    return _named(again, occurrences(track.whole))


def _placed(points: Points, point: Point, grain_us: int) -> tuple[Points, int] | None:
    """Put a point among the others; None where it tells nothing new. Also return its place."""
    place = bisect_left(points, point.at_us, key=lambda known: known.at_us)
    behind = points[place:]
    if behind and behind[0].at_us == point.at_us:
        if behind[0].is_sent or not point.is_sent:
            return None
        behind = behind[1:]
    elif grain_us:
        if place and points[place - 1].at_us // grain_us == point.at_us // grain_us:
            return None
        if behind and behind[0].at_us // grain_us == point.at_us // grain_us:
            behind = behind[1:]
    return (*points[:place], *_held(points[place - 1] if place else None, (point, *behind))), place


def _held(before: Point | None, points: Points) -> Iterator[Point]:
    """Let the value of each point hold until the next one that was sent."""
    value = before.value if before else math.nan
    for place, point in enumerate(points):
        if point.is_sent and place:
            yield from points[place:]
            return
        value = point.value if point.is_sent else value
        yield point if point.is_sent else replace(point, value=value)


def _judged(track: Track, measure: DeltaRule, points: Points, places: Iterable[int]) -> Track:
    """Compare points with the rule, in order."""
    for place in places:
        point = points[place]
        if not point.is_in_context:
            track = step(track, measure.rule, Sample(at_us=point.at_us, value=0.0), is_in_context=False)
        elif (delta := delta_at(points, place, measure)) is not None:
            track = step(track, measure.rule, delta)
    return track


def _named(track: Track, known: Iterable[Occurrence]) -> Track:
    """Let alarms keep the names that they had: of those that became one, the earliest.

    One whose first violation is none any more is the one that stands while it did.
    """
    parts = groups(track.runs)
    names: dict[int, int] = {}
    left: list[Occurrence] = []
    for one in known:
        holds = [part[0].started_us <= one.named_us <= part[-1].last_us for part in parts]
        if True in holds:
            names.setdefault(holds.index(True), one.named_us)
        else:
            left.append(one)
    for one in left:
        stands = [_stand_together(part, one) for part in parts]
        if True in stands:
            names.setdefault(stands.index(True), one.named_us)
    runs = [
        run
        for place, part in enumerate(parts)
        for run in (replace(part[0], named_us=names.get(place, part[0].started_us)), *part[1:])
    ]
    return replace(track, runs=tuple(runs))


def _stand_together(part: Sequence[Run], one: Occurrence) -> bool:
    begins_in_time = one.returned_us is None or part[0].started_us <= one.returned_us
    cleared_us = part[-1].cleared_us
    return begins_in_time and (cleared_us is None or one.started_us <= cleared_us)


def _settled(track: DeltaTrack, measure: DeltaRule) -> DeltaTrack:
    """Keep no more points than may be judged again, and those that their deltas need."""
    points, settled, base = track.points, track.settled, track.base
    since_us = points[-1].at_us - REACH_US
    while len(points) - settled > MAX_JUDGED or points[settled].at_us < since_us:
        base = _judged(base, measure, points, (settled,))
        settled += 1
    excess = max(0, settled - HISTORY)
    return replace(track, points=points[excess:], settled=settled - excess, base=base)

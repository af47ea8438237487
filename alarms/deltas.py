"""What a channel did since an earlier sample, its rate or its change: pure, from samples in time order."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from alarms.violation_runs import Sample
from telemetry_core.contract.mission import GAP_INTERVALS, GAP_NEIGHBOURS, Mission, Window
from telemetry_core.contract.rules import Rate, Rule

GRAINS: Final = 32
"""Of a rate over a span, the first sample of each such part of the span counts."""
HISTORY: Final = 64
"""So many points before one are enough to tell its delta: those of a span, and six intervals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A sample of a channel; the time is microseconds since 1970 UTC."""

    at_us: int
    value: float
    """Where it was not sent, the one that holds; NaN where none does."""
    is_sent: bool = True
    is_in_context: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaRule:
    """A rule on a rate or a change, with what its channel's samples are measured by."""

    rule: Rule
    window: Window
    #: Of a counter.
    modulo: float | None = None

    @property
    def grain_us(self) -> int:
        """Of how much time only the first sample counts; 0 = each sample counts."""
        return 0 if self.rule.rate is None else round(self.rule.rate.over_s * 1_000_000) // GRAINS


def measure_of(mission: Mission, subsystem: str, rule: Rule) -> DeltaRule | None:
    """Return how a rule's rate or change is measured; None of a rule on the value."""
    if rule.kind == "limit":
        return None
    channel = mission.subsystems[subsystem].channels[rule.channel]
    return DeltaRule(rule=rule, window=mission.window, modulo=channel.modulo)


def delta_at(points: Sequence[Point], place: int, measure: DeltaRule) -> Sample | None:
    """Return a point's rate, or its change, for a limit to be compared with; None where there is none.

    Only what lies before it counts, so it stays when newer points come.
    """
    rate = measure.rule.rate
    if rate is None:
        return _change(points, place)
    over_us = round(rate.over_s * 1_000_000)
    until_us = points[place].at_us - over_us
    first = bisect_right(points, until_us, hi=place, key=lambda point: point.at_us) - 1
    first = min(first, place - 1)
    if first < 0 or not _is_unbroken(points, first, place, measure.window):
        return None
    return Sample(at_us=points[place].at_us, value=_rate(points[first], points[place], rate, measure.modulo))


def last_changed(points: Sequence[Point], place: int, measure: DeltaRule) -> int:
    """Return the place of the last point whose delta another one may change."""
    rate = measure.rule.rate
    over_us = 0 if rate is None else round(rate.over_s * 1_000_000)
    until_us = points[place].at_us + over_us
    within = bisect_right(points, until_us, lo=place, key=lambda point: point.at_us)
    return min(within + GAP_NEIGHBOURS + 1, len(points) - 1)


def _change(points: Sequence[Point], place: int) -> Sample | None:
    """Return a value with the one before, however long ago that was."""
    point = points[place]
    before = points[place - 1] if place else None
    if before is None or not before.is_in_context or math.isnan(before.value):
        return None
    return Sample(at_us=point.at_us, value=point.value, before=before.value)


def _rate(earlier: Point, later: Point, rate: Rate, modulo: float | None) -> float:
    moved = later.value - earlier.value
    seconds = (later.at_us - earlier.at_us) / 1_000_000
    return (moved if modulo is None else moved % modulo) / seconds * rate.unit_s


def _is_unbroken(points: Sequence[Point], first: int, place: int, window: Window) -> bool:
    """Tell whether no gap and no time outside the context lies between two points."""
    return all(points[one].is_in_context and not _is_gap(points, one, window) for one in range(first, place))


def _is_gap(points: Sequence[Point], place: int, window: Window) -> bool:
    """Tell whether the pause behind a point is longer than the channel may pause, by the ones before it."""
    pause_s = (points[place + 1].at_us - points[place].at_us) / 1_000_000
    if pause_s <= window.max_gap_s:
        return False
    near = range(max(place - GAP_NEIGHBOURS, 0), place)
    intervals = sorted(points[one + 1].at_us - points[one].at_us for one in near)
    usual_us = intervals[len(intervals) // 2] if len(intervals) >= GAP_INTERVALS else 0
    return pause_s > window.gap_s(usual_us / 1_000_000)

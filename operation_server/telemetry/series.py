"""The arithmetic of the console's series: one grid of times, gaps, spans."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from telemetry_core.contract.messages import microseconds_of
from telemetry_core.contract.mission import Window, usual_beside

SPAN_GROWTH: Final = 4
_STEP_DIGITS: Final = 3

Values = Mapping[int, float]
"""By time in milliseconds since 1970 UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series: of each time its least and its greatest value, the same where these are samples."""

    low: Values
    high: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Equal intervals from the start of the first to that of the last; each includes its start."""

    first_ms: int
    last_ms: int
    step_ms: int


def milliseconds_of(moment: datetime) -> int:
    """Convert an aware time to whole milliseconds since 1970 UTC, rounded down."""
    return microseconds_of(moment) // 1000


def grid_of(start_ms: int, end_ms: int, size: int) -> Grid:
    """Cover a range with at most `size` >= 2 intervals whose edges are multiples of their width.

    The width has few digits, so that a range that moves, or grows a little, keeps its grid.
    """
    least_ms = max(1, math.ceil((end_ms - start_ms) / (size - 1)))
    unit_ms = 10 ** max(0, len(str(least_ms)) - _STEP_DIGITS)
    step_ms = math.ceil(least_ms / unit_ms) * unit_ms
    return Grid(first_ms=start_ms // step_ms * step_ms, last_ms=end_ms // step_ms * step_ms, step_ms=step_ms)


def times_of(series: Sequence[Series]) -> list[int]:
    """Return every time at which some series has a value, ascending."""
    return sorted(set[int]().union(*(item.low.keys() | item.high.keys() for item in series)))


def with_gaps(series: Sequence[Series], limits: Window, *, step_ms: int) -> list[int]:
    """Return every time of some series, and one without any value within each gap of all of them.

    `step_ms` is the width of the intervals that the times stand for; 0 = they are samples.
    """
    gap_ms = limits.gap_s(step_ms / 1000) * 1000
    packets = {tuple(times_of([one])) for one in series}
    lines = sorted(line for times_ms in packets for line in lines_of(times_ms, limits, step_ms=step_ms))
    marked, end_ms = times_of(series), lines[0][1] if lines else 0
    for first_ms, last_ms in lines:
        if first_ms - end_ms > gap_ms:
            marked.append(end_ms + (step_ms or int(gap_ms / 2)))
        end_ms = max(end_ms, last_ms)
    return sorted(marked)


def lines_of(times_ms: Sequence[int], limits: Window, *, step_ms: int) -> list[tuple[int, int]]:
    """Return the first and the last time of each stretch of a channel that no gap cuts."""
    intervals = [later - earlier for earlier, later in pairwise(times_ms)]
    gaps = [
        place
        for place, interval in enumerate(intervals)
        if interval > limits.max_gap_s * 1000
        and interval > limits.gap_s(max(step_ms, usual_beside(intervals, place)) / 1000) * 1000
    ]
    firsts, lasts = [0, *(place + 1 for place in gaps)], [*gaps, len(intervals)]
    return [(times_ms[first], times_ms[last]) for first, last in zip(firsts, lasts, strict=True) if times_ms]


def span_of_newest(count: Callable[[int], int], *, size: int, longest_ms: int) -> int:
    """Return how far back to look for the newest `size` samples, at most `longest_ms`.

    `count` tells how many samples lie within a span; neither much more than these is read, nor all of the
    past to find that there are few.
    """
    short_ms, span_ms = 0, min(size * 1000, longest_ms)
    while span_ms < longest_ms and count(span_ms) < size:
        short_ms, span_ms = span_ms, min(span_ms * SPAN_GROWTH, longest_ms)
    while span_ms - short_ms > 1 and count(span_ms) > SPAN_GROWTH * size:
        middle_ms = (short_ms + span_ms) // 2
        if count(middle_ms) < size:
            short_ms = middle_ms
        else:
            span_ms = middle_ms
    return span_ms

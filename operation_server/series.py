"""The arithmetic of the console's series: one grid of times, gaps, spans."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from telemetry_core.messages import microseconds_of

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


def with_gaps(times_ms: Sequence[int], *, step_ms: int, max_gap_ms: int) -> list[int]:
    """Insert a time without any value between two that are too far apart to be joined by a line."""
    limit_ms = max(max_gap_ms, 2 * step_ms)
    marked = list(times_ms[:1])
    for earlier, later in pairwise(times_ms):
        if later - earlier > limit_ms:
            marked.append(earlier + (step_ms or limit_ms // 2))
        marked.append(later)
    return marked


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

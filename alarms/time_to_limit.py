"""How long until a channel breaks its limit, with the band of that time: pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from alarms.trends import LENGTHS, Trend, trend_of

WINDOW: Final = LENGTHS[-1]
"""Newest samples that are looked at; so many steps ahead a forecast reaches at most."""
LEAST_SAMPLES: Final = 12
"""With fewer nothing is told: noise is not known."""
REACH: Final = 2.0
"""So many times as far ahead as the trend goes back: an orbit's slopes end before they break a limit."""
EARLIEST, LIKELY, LATEST = 0.05, 0.5, 0.95
"""Probabilities with which the limit is broken by those times."""
PACE: Final = 4
"""Newest steps whose pace tells at little cost whether a closer look is of any use."""
_HALVINGS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeToLimit:
    """Seconds from the newest sample until the limit breaks: with 90 % from `earliest_s` to `latest_s`."""

    likely_s: float
    earliest_s: float
    latest_s: float


def time_to_limit(
    times_us: Sequence[int], values: Sequence[float], limit: float, *, is_high: bool
) -> TimeToLimit | None:
    """Return how long until a limit breaks; None where it is not sure that it will, as far as can be told.

    Args:
        times_us: Of a channel's samples in time order, microseconds; the newest WINDOW count.
        values: Theirs, in the channel's unit; the newest is within the limit.
        limit: In the channel's unit.
        is_high: Whether values above it break it, else those below.
    """
    if len(times_us) < LEAST_SAMPLES or not _may_break(values, limit, is_high=is_high):
        return None
    times_s = [(at_us - times_us[-1]) / 1_000_000 for at_us in times_us[-WINDOW:]]
    beyond = [value - limit if is_high else limit - value for value in values[-WINDOW:]]
    trend = trend_of(times_s, beyond)
    if trend is None:
        return None
    step_s = median(later - earlier for earlier, later in pairwise(times_s))
    far_s = min(WINDOW * step_s, REACH * trend.span_s)
    if trend.odds_above(far_s) < LATEST:
        return None
    earliest_s, likely_s, latest_s = (_time_of(trend, odds, far_s) for odds in (EARLIEST, LIKELY, LATEST))
    return TimeToLimit(likely_s=likely_s, earliest_s=earliest_s, latest_s=latest_s)


def _may_break(values: Sequence[float], limit: float, *, is_high: bool) -> bool:
    """Tell whether the pace of the newest samples breaks the limit in time; that of most does not."""
    gained = values[-1] - values[-PACE - 1] if is_high else values[-PACE - 1] - values[-1]
    return gained > 0 and abs(limit - values[-1]) * PACE <= gained * WINDOW


def _time_of(trend: Trend, odds: float, far_s: float) -> float:
    """Return by when the limit is broken with such odds."""
    low_s, high_s = 0.0, far_s
    for _ in range(_HALVINGS):
        middle_s = (low_s + high_s) / 2
        if trend.odds_above(middle_s) < odds:
            low_s = middle_s
        else:
            high_s = middle_s
    return high_s

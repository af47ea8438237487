"""From a channel's verdicts in time order to alerts: causal, from the stored scores alone.

A verdict's score says how unusual its window is; an alert needs more: that this lasts, and that it is
unusual for the channel's recent verdicts. No rule here looks ahead, so a stream and a scan end the same.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SMALLEST_SCORE: Final = 5e-5
"""Half of the last stored decimal: log odds stay finite."""
LEAST_PAST: Final = 50
"""Verdicts from which the past of a channel counts apart from its newest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeRule:
    """When an alert begins and ends; lengths in verdicts, levels in log odds of the score."""

    smoothing: int = 80
    """Span of the exponential mean over verdicts."""
    past: int = 2000
    """Verdicts whose upper quantile the newest must exceed ..."""
    past_quantile: float = 0.95
    guard: int = 100
    """... which end so many before it."""
    floor: float = -0.5
    """The quantile counts as at least this."""
    margin: float = 0.5
    """An alert begins above the quantile by more than this,"""
    drop: float = 0.5
    """and ends this much below its own peak,"""
    longest: int = 200
    """or after so many verdicts;"""
    rearm: int = 600
    """the next one begins no sooner after its begin than this."""
    warm_up: int = 100
    """No alert among the first verdicts of a channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """An alert: first and last verdict, both inclusive, raised at the first."""

    start: int
    end: int
    peak: float
    """Largest score within."""
    count: int
    """Verdicts with a score within."""


def find_episodes(score: Floats, rule: EpisodeRule) -> list[Episode]:
    """Find the alerts of one channel, or of one subsystem of one satellite.

    Args:
        score: float64[verdict] in time order, in [0, 1] with 4 decimals; NaN = no verdict (warming up).
        rule: Levels and lengths.
    """
    return episodes_of(score, recent_levels(score, rule), rule)


def recent_levels(score: Floats, rule: EpisodeRule) -> tuple[Floats, Floats]:
    """Smoothed log odds of the known verdicts, and what they must exceed; each float64[known verdict]."""
    level = smoothed(log_odds(score[np.isfinite(score)]), rule.smoothing)
    return level, past_quantile(level, rule)


def episodes_of(score: Floats, levels: tuple[Floats, Floats], rule: EpisodeRule) -> list[Episode]:
    """Apply floor, margin and lengths of a rule to levels that `recent_levels` found."""
    known = np.flatnonzero(np.isfinite(score))
    if not known.size:
        return []
    excess = levels[0] - np.maximum(levels[1], rule.floor)
    return [
        Episode(
            start=int(known[first]),
            end=int(known[last]),
            peak=float(score[known[first : last + 1]].max()),
            count=last - first + 1,
        )
        for first, last in _intervals(excess, rule, warm_up=rule.warm_up - int(known[0]))
    ]


def log_odds(score: Floats) -> Floats:
    """log(score / (1 - score)), finite at 0 and 1."""
    inside = np.clip(score, SMALLEST_SCORE, 1 - SMALLEST_SCORE)
    return np.asarray(np.log(inside / (1 - inside)))


def smoothed(value: Floats, span: int) -> Floats:
    """Exponential mean with factor 2 / (span + 1); a plain mean until that many values are there."""
    mean, means = 0.0, np.empty_like(value)
    for index, newest in enumerate(value.tolist()):
        mean += max(2 / (span + 1), 1 / (index + 1)) * (newest - mean)
        means[index] = mean
    return means


def past_quantile(level: Floats, rule: EpisodeRule) -> Floats:
    """Quantile of the levels before the guard at each verdict; of all so far where these are too few."""
    past: list[float] = []
    quantiles = np.empty_like(level)
    for index in range(level.size):
        newest, oldest = index - rule.guard, index - rule.guard - rule.past
        if newest >= 0:
            insort(past, level[newest])
        if oldest >= 0:
            del past[bisect_left(past, level[oldest])]
        known = past if len(past) >= LEAST_PAST else sorted(level[: index + 1])
        quantiles[index] = _between_ranks(known, rule.past_quantile)
    return quantiles


def _between_ranks(ordered: Sequence[float], quantile: float) -> float:
    """Quantile of sorted values, linear between ranks as numpy's."""
    rank = quantile * (len(ordered) - 1)
    low = int(rank)
    return ordered[low] + (rank - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])


def _intervals(excess: Floats, rule: EpisodeRule, *, warm_up: int) -> list[tuple[int, int]]:
    """First and last index of each alert."""
    found: list[tuple[int, int]] = []
    start, peak, ready = -1, 0.0, warm_up
    for index, value in enumerate(excess.tolist()):
        if start >= 0:
            peak = max(peak, value)
            if value < peak - rule.drop or index - start >= rule.longest:
                found.append((start, index))
                start, ready = -1, max(start + rule.rearm, index)
        elif index >= ready and value > rule.margin:
            start, peak = index, value
    return found if start < 0 else [*found, (start, excess.size - 1)]

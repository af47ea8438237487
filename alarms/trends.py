"""Curves through the newest samples of a channel: what changed bends toward, or away from, another level.

A battery that drains and a unit that warms up answer as first-order systems do, by
`level + slope * (1 - exp(-rate * t)) / rate`; with rate 0 that is a straight line. All lists are in time
order.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist, median
from typing import Final

LENGTHS: Final = (4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 24, 28, 34, 40, 48, 56, 64)
"""Samples of the stretches that are tried, one after the other."""
_BENDS: Final = (math.asinh(-1.0), math.asinh(10.0))
"""Least and largest bend: a curve that speeds up, and one that settled long before its end."""
_GOLDEN: Final = (math.sqrt(5) - 1) / 2
_SEARCHES: Final = 16
_HALVINGS: Final = 8
_LIKELY: Final = 3.0
"""Curves within so many standard deviations of the likeliest count."""
_CURVES: Final = 15
_SURE: Final = 3.5
"""A curve does not fit where its residuals are so many standard deviations larger than noise."""
_PRIOR: Final = 4.0
"""Samples of the stretch as which the noise of the whole window counts."""
_QUIETER: Final = 0.9
"""A fault often silences its sensor, too: noise of a stretch in shares of what it seems to be."""
_NORMAL: Final = NormalDist()
_QUARTILE: Final = _NORMAL.inv_cdf(0.75)
"""The median of the absolute values of noise, in its standard deviations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A curve of one bend fitted to a stretch, of which 0 is the first sample and 1 the newest."""

    bend: float
    """asinh of the rate times the stretch's length."""
    rest: float
    """Sum of the squared residuals."""
    centre: float
    """Mean value."""
    slope: float
    mean: float
    """Of the curve's shape, as is `spread`, the sum of squares about it."""
    spread: float

    def odds_above(self, place: float, variance: float, count: int) -> float:
        """Probability that a sample beyond the stretch, of `count` samples with such noise, is above 0."""
        distance = _shape(place, math.sinh(self.bend)) - self.mean
        deviation = math.sqrt(variance * (1 + 1 / count + distance**2 / self.spread))
        return _NORMAL.cdf((self.centre + self.slope * distance) / deviation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The longest of the newest stretches that a curve fits, and all curves that fit it, by their weights."""

    count: int
    span_s: float
    variance: float
    curves: Sequence[tuple[Curve, float]]

    def odds_above(self, ahead_s: float) -> float:
        """Probability that a sample so many seconds after the newest one is above 0."""
        place = 1 + ahead_s / self.span_s
        total = sum(weight for _, weight in self.curves)
        above = sum(
            weight * curve.odds_above(place, self.variance, self.count) for curve, weight in self.curves
        )
        return above / total


def trend_of(times_s: Sequence[float], values: Sequence[float]) -> Trend | None:
    """Return where the newest of at least LENGTHS[0] samples are going; None where no curve fits them."""
    noise = noise_of(values)
    found = _longest(times_s, values, noise)
    if found is None:
        return None
    best, count = found
    places, newest = _places(times_s[-count:]), values[-count:]
    variance = _QUIETER**2 * (_PRIOR * noise**2 + best.rest) / (_PRIOR + count - 3)
    most = best.rest + _LIKELY**2 * variance
    low, high = (_edge(places, newest, best.bend, outside, most) for outside in _BENDS)
    curves = [
        _fitted(places, newest, low + (high - low) * number / (_CURVES - 1)) for number in range(_CURVES)
    ]
    return Trend(
        count=count,
        span_s=times_s[-1] - times_s[-count],
        variance=variance,
        curves=[(curve, math.exp((best.rest - curve.rest) / (2 * variance))) for curve in curves],
    )


def noise_of(values: Sequence[float]) -> float:
    """Standard deviation of the noise, that of rounding at least: third differences know no bends."""
    thirds = [
        abs(d - 3 * c + 3 * b - a)
        for a, b, c, d in zip(values, values[1:], values[2:], values[3:], strict=False)
    ]
    quantum = min((abs(b - a) for a, b in pairwise(values) if not math.isclose(a, b)), default=0.0)
    least = max(abs(value) for value in values) * 1e-9
    return max(median(thirds) / _QUARTILE / math.sqrt(20), quantum / math.sqrt(12), least)


def _longest(times_s: Sequence[float], values: Sequence[float], noise: float) -> tuple[Curve, int] | None:
    found = None
    for count in LENGTHS:
        if count > len(times_s):
            break
        curve, free = _best(_places(times_s[-count:]), values[-count:]), count - 3
        if curve.rest > noise**2 * (free + _SURE * (1 + math.sqrt(2 * free))):
            break
        found = curve, count
    return found


def _places(times_s: Sequence[float]) -> list[float]:
    return [(time_s - times_s[0]) / (times_s[-1] - times_s[0]) for time_s in times_s]


def _shape(place: float, rate: float) -> float:
    return place if abs(rate) < 1e-6 else -math.expm1(-rate * place) / rate


def _fitted(places: Sequence[float], values: Sequence[float], bend: float) -> Curve:
    """Fit level and slope of the curve of one bend by least squares."""
    rate, count = math.sinh(bend), len(places)
    shapes = [_shape(place, rate) for place in places]
    mean, centre = sum(shapes) / count, sum(values) / count
    offsets = [shape - mean for shape in shapes]
    spread = sum(offset**2 for offset in offsets)
    slope = sum(offset * value for offset, value in zip(offsets, values, strict=True)) / spread
    rest = sum((value - centre - slope * offset) ** 2 for offset, value in zip(offsets, values, strict=True))
    return Curve(bend=bend, rest=rest, centre=centre, slope=slope, mean=mean, spread=spread)


def _best(places: Sequence[float], values: Sequence[float]) -> Curve:
    """Find the bend with the least residuals, by golden section."""
    low, high = _BENDS
    left = _fitted(places, values, high - _GOLDEN * (high - low))
    right = _fitted(places, values, low + _GOLDEN * (high - low))
    for _ in range(_SEARCHES):
        if left.rest < right.rest:
            high, right = right.bend, left
            left = _fitted(places, values, high - _GOLDEN * (high - low))
        else:
            low, left = left.bend, right
            right = _fitted(places, values, low + _GOLDEN * (high - low))
    return min(left, right, key=lambda curve: curve.rest)


def _edge(
    places: Sequence[float], values: Sequence[float], inside: float, outside: float, most: float
) -> float:
    """Return up to which bend, from `inside` toward `outside`, residuals are no larger than `most`."""
    if _fitted(places, values, outside).rest <= most:
        return outside
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        if _fitted(places, values, middle).rest <= most:
            inside = middle
        else:
            outside = middle
    return outside

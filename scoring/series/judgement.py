"""Judgement of a series against itself: for channels of which nothing is known but the window.

Differently filtered, a nominal series looks like noise without outliers: values against their median, first,
second and fourth differences, means and lines before and after a place. A fault is an outlier that stands
alone, for what recurs three times is the signal's way (a square wave, a sawtooth); beside it are judged a
stretch that is frozen, missing or noisier than the rest, and values that files write for "none".

Arrays are float64[row, time] in time order, one row per channel of a job.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from scoring.measures.masked import lower_median
from scoring.series.fill_values import fill_statistic
from scoring.series.filters import SPIKE_SHARE, Filtered, filtered
from scoring.series.noise import evenness, noise_statistic
from scoring.series.signal_forms import (
    ROUNDING,
    converter_step,
    levelled,
    relaxed,
    unwrapped,
)
from scoring.series.stretches import frozen_statistic, missing_statistic

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LEAST_SAMPLES: Final = 10
LARGEST_EVIDENCE: Final = 4.0
"""Of one test: all beyond is equally clear."""
LARGEST_VALUE: Final = 1e150
"""Beyond it a square would leave the range of float64."""
TESTS: Final = ("value", "first", "second", "fourth", "level", "line", "noise", "frozen", "missing", "fill")
FAMILY_OF_TEST: Final = dict(
    zip(
        TESTS,
        ("residual",) * 4 + ("change",) * 3 + ("statistics",) * 2 + ("residual",),
        strict=True,
    )
)
LEVEL_LENGTHS: Final = (10, 12, 14, 16, 20, 24, 32, 48, 64, 128, 256)
LEVELS: Final[dict[str, tuple[float, ...]]] = {
    "value": (15.69, 9.34, 8.69, 8.52, 6.83, 6.42, 5.38, 4.13, 3.9, 3.08, 3.83),
    "first": (15.39, 8.73, 7.9, 6.71, 7.89, 6.85, 5.09, 4.99, 4.95, 4.66, 4.73),
    "second": (12.57, 14.07, 8.57, 8.48, 5.9, 6.72, 4.46, 3.62, 3.57, 3.04, 2.67),
    "fourth": (1.0, 1.0, 12.15, 10.74, 8.66, 6.92, 7.48, 4.53, 3.71, 2.91, 2.76),
    "level": (1.0, 1.0, 1.0, 1.0, 7.77, 8.34, 6.17, 5.17, 5.01, 4.63, 4.5),
    "line": (1.0, 1.0, 1.0, 1.0, 13.24, 13.1, 6.4, 5.72, 4.85, 4.43, 4.18),
    "noise": (1.0, 1.0, 1.0, 1.0, 1.78, 1.67, 1.39, 1.14, 1.0, 1.0, 1.0),
    "frozen": (2.5, 2.89, 3.85, 3.13, 3.6, 3.38, 3.47, 3.6, 2.84, 3.28, 6.47),
    "missing": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    "fill": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
}
"""Statistic that nominal series of so many samples hardly exceed: `python -m training.series_levels`."""

RETURNING: Final = 0.5
"""A change is a spike's where so much of it is taken back at once."""
COURSE_REACH: Final = 2
LEAST_PAUSES: Final = 0.05
LEAST_STEPS: Final = 0.5
"""Steps of a converter that are a deviation's least scale."""
LEAST_FOR_PAIRS: Final = 12
LEAST_OTHERS: Final = 4
NOISE_STEPS: Final = 3.0
"""Least scale of noise, in that of an outlier: rounding comes and goes with the slope."""


def series_evidence(values: Floats, is_straight: Flags) -> Floats:
    """Judge series against themselves.

    Args:
        values: float64[row, time], NaN or infinite = missing; padding in front does not count.
        is_straight: bool[row], of counters whose wraps are known and taken out; else they are guessed.

    Returns:
        float64[row, test] in [0, LARGEST_EVIDENCE], 1 = rare in nominal series; 0 with fewer than
        LEAST_SAMPLES samples.
    """
    measured = series_statistics(values, is_straight)
    counts = np.isfinite(values).sum(axis=1)
    place = np.log(np.maximum(counts, LEAST_SAMPLES))
    levels = np.stack([np.interp(place, np.log(LEVEL_LENGTHS), LEVELS[test]) for test in TESTS], axis=1)
    return np.asarray(np.minimum(measured / levels, LARGEST_EVIDENCE))


def series_statistics(values: Floats, is_straight: Flags) -> Floats:
    """Compute what `series_evidence` sets against the levels, from the same arguments.

    `values` is float64[row, time], `is_straight` bool[row]; the answer is float64[row, test].
    """
    present = np.isfinite(values)
    counts = present.sum(axis=1)
    statistics = np.zeros((len(values), len(TESTS)))
    for count in np.unique(counts[counts >= LEAST_SAMPLES]):
        rows = np.flatnonzero(counts == count)
        dense = np.clip(values[rows][present[rows]].reshape(len(rows), count), -LARGEST_VALUE, LARGEST_VALUE)
        statistics[rows] = np.stack(
            [
                *_dense_statistics(dense, is_straight[rows]),
                missing_statistic(present[rows]),
                fill_statistic(dense),
            ],
            axis=1,
        )
    return statistics


def _dense_statistics(values: Floats, is_straight: Flags) -> list[Floats]:
    straight = np.where(is_straight[:, None], values, unwrapped(values))
    level = levelled(straight)
    series = relaxed(level)
    change = np.diff(series, axis=1)
    least_step = ROUNDING * np.abs(values).max(axis=1)
    answers = filtered(series, change)
    least_scale = np.maximum(LEAST_STEPS * converter_step(level), least_step)
    course = Course.of(change)
    outliers = [outlier_statistic(answer, least_scale, course) for answer in answers]
    outliers += [np.zeros(len(values))] * (6 - len(outliers))
    noise = noise_statistic(answers[1:4], NOISE_STEPS * least_scale) * evenness(series)
    return [*outliers, noise, frozen_statistic(straight)]


@dataclass(frozen=True, slots=True)
class Course:
    """What happens from one sample to the next about each second difference, float64[row, place]."""

    abrupt: Floats
    """Size of it: spikes and steps have second differences of both signs, kinks and passages hardly do."""
    is_lasting: Flags
    """No change about there is taken back at once; counts of events that are seldom have no steps."""

    @classmethod
    def of(cls, change: Floats) -> Self:
        """Measure differences float64[row, time - 1]."""
        rising, falling = _extremes(np.diff(change, axis=1))
        up, down = (part[:, 1:] for part in _extremes(change))
        is_lasting = np.minimum(up, down) < RETURNING * np.maximum(up, down)
        return cls(np.minimum(rising, falling), is_lasting & ~is_pausing(change)[:, None])


def is_pausing(change: Floats) -> Flags:
    """Tell which series only grow, or only fall, and pause often: float64[row, time - 1] to bool[row]."""
    grows = (change >= 0).all(axis=1) | (change <= 0).all(axis=1)
    pauses = (change == 0).mean(axis=1)
    return np.asarray(grows & (pauses >= LEAST_PAUSES) & (pauses < 1))


def _extremes(value: Floats) -> tuple[Floats, Floats]:
    """Largest values above and below the median about each place."""
    centred = np.pad(value - lower_median(value)[:, None], ((0, 0), (COURSE_REACH, COURSE_REACH)))
    about = np.lib.stride_tricks.sliding_window_view(centred, 2 * COURSE_REACH + 1, axis=1)
    return about.max(axis=2), -about.min(axis=2)


def outlier_statistic(answer: Filtered, least_scale: Floats, course: Course) -> Floats:
    """How far the largest deviation of a filter's answer stands out, or the second if there are two.

    `least_scale` is float64[row].

    Returns:
        float64[row], in deviations of what is left without both; these are at least a share of the largest
        that is left, and of a converter's step.
    """
    deviation = np.abs(answer.value - lower_median(answer.value)[:, None])
    rows, places = np.arange(len(deviation)), np.arange(deviation.shape[1])
    about = np.minimum(places + answer.centre, course.abrupt.shape[1] - 1)
    stands_out = course.abrupt[:, about] >= answer.least_abrupt * deviation
    shares = np.where(course.is_lasting[:, about], answer.share_of_step, SPIKE_SHARE)
    first = deviation.argmax(axis=1)
    left = np.where(np.abs(places - first[:, None]) <= answer.reach, np.nan, deviation)
    alone = ratio(deviation[rows, first], left, least_scale * answer.gain, shares[rows, first])
    alone *= stands_out[rows, first]
    if deviation.shape[1] < LEAST_FOR_PAIRS + 4 * answer.reach:
        return alone
    second = np.nan_to_num(left, nan=-1.0).argmax(axis=1)
    size = np.nan_to_num(left[rows, second])
    left = np.where(np.abs(places - second[:, None]) <= answer.reach, np.nan, left)
    both = ratio(size, left, least_scale * answer.gain, shares[rows, second])
    both *= stands_out[rows, second]
    return np.asarray(np.maximum(alone, both))


def ratio(size: Floats, others: Floats, least_scale: Floats, share: Floats) -> Floats:
    """Size over the scale of the others, 0 where too few are left; float64[row].

    `size`, `least_scale` and `share` are float64[row], `others` float64[row, place] with NaN for what is left
    out.
    """
    largest = np.maximum(np.nan_to_num(others, nan=-1.0).max(axis=1), 0)
    scale = np.maximum(np.maximum(1.4826 * lower_median(others), share * largest), least_scale)
    is_known = (np.isfinite(others).sum(axis=1) >= LEAST_OTHERS) & (scale > 0)
    return np.where(is_known, size / np.where(is_known, scale, 1.0), 0.0)

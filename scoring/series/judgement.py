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

from scoring.series.fill_values import fill_statistic
from scoring.series.signal_forms import (
    ROUNDING,
    converter_step,
    levelled,
    median,
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

SPIKE_SHARE: Final = 0.9
"""Share of the largest ordinary deviation that is a deviation's least scale: heavy tails are no outliers."""
STEP_SHARE: Final = 0.4
"""The same of what lasts: noise has no steps."""
RETURNING: Final = 0.5
"""A change is a spike's where so much of it is taken back at once."""
COURSE_REACH: Final = 2
LEAST_PAUSES: Final = 0.05
LEAST_STEPS: Final = 0.5
"""Steps of a converter that are a deviation's least scale."""
MEAN_STEPS: Final = 3
LINE_WEIGHTS: Final = np.array([-0.3, -0.05, 0.2, 0.45, 0.7])
"""Of five samples: value of their line half a step after the last one."""
LEAST_FOR_LINES: Final = 20
LEAST_FOR_PAIRS: Final = 12
LEAST_OTHERS: Final = 4
NOISE_STEPS: Final = 3.0
"""Least scale of noise, in that of an outlier: rounding comes and goes with the slope."""
NOISE_STRETCH: Final = 8
LEAST_TURNS: Final = 0.45
"""Of the fourth differences in a stretch: those of noise change their sign mostly, those of a wave seldom."""
LEAST_FOR_NOISE: Final = 20
NOISE_REACH: Final = 4
"""Fourth differences show a stretch so much longer than it is."""
USUAL_SHARE: Final = 0.9
"""Of the differences in a stretch: single outliers and switches do not count."""
EVEN_SHARE: Final = 0.4
LARGER_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Filtered:
    """A filter's answer."""

    value: Floats
    """float64[row, place]."""
    reach: int
    """One odd sample shows in places no further apart than this."""
    gain: float
    """Deviation of the answer to independent noise of deviation 1."""
    share_of_step: float = SPIKE_SHARE
    least_abrupt: float = 0.0
    """Smallest `abruptness` of what stands out, in parts of it."""
    centre: int = 0
    """Place among the second differences that belongs to the answer's first one."""


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


def filtered(series: Floats, change: Floats) -> list[Filtered]:
    """Apply every filter that has enough samples to float64[row, time].

    `change` is its differences, float64[row, time - 1].
    """
    second = np.diff(change, axis=1)
    fourth = np.diff(second, n=2, axis=1)
    answers = [
        Filtered(series, 1, 1.0),
        Filtered(change, 1, 2**0.5, STEP_SHARE),
        Filtered(second, 2, 6**0.5, least_abrupt=0.4),
        Filtered(fourth, 4, 70**0.5, least_abrupt=0.15, centre=1),
    ]
    if series.shape[1] < LEAST_FOR_LINES:
        return answers
    sums = series[:, :-2] + series[:, 1:-1] + series[:, 2:]
    level = (sums[:, MEAN_STEPS:] - sums[:, :-MEAN_STEPS]) / MEAN_STEPS
    fives = np.lib.stride_tricks.sliding_window_view(series, len(LINE_WEIGHTS), axis=1)
    before, after = (fives * LINE_WEIGHTS).sum(axis=2), (fives * LINE_WEIGHTS[::-1]).sum(axis=2)
    line = after[:, len(LINE_WEIGHTS) :] - before[:, : -len(LINE_WEIGHTS)]
    return [
        *answers,
        Filtered(level, 2, (2 / 3) ** 0.5, STEP_SHARE, least_abrupt=0.5, centre=1),
        Filtered(line, 5, 1.65**0.5, STEP_SHARE, least_abrupt=0.5, centre=3),
    ]


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
    centred = np.pad(value - median(value)[:, None], ((0, 0), (COURSE_REACH, COURSE_REACH)))
    about = np.lib.stride_tricks.sliding_window_view(centred, 2 * COURSE_REACH + 1, axis=1)
    return about.max(axis=2), -about.min(axis=2)


def outlier_statistic(answer: Filtered, least_scale: Floats, course: Course) -> Floats:
    """How far the largest deviation of a filter's answer stands out, or the second if there are two.

    `least_scale` is float64[row].

    Returns:
        float64[row], in deviations of what is left without both; these are at least a share of the largest
        that is left, and of a converter's step.
    """
    deviation = np.abs(answer.value - median(answer.value)[:, None])
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
    scale = np.maximum(np.maximum(1.4826 * median(others), share * largest), least_scale)
    is_known = (np.isfinite(others).sum(axis=1) >= LEAST_OTHERS) & (scale > 0)
    return np.where(is_known, size / np.where(is_known, scale, 1.0), 0.0)


def noise_statistic(answers: list[Filtered], least_scale: Floats) -> Floats:
    """Largest ratio of the usual size in a stretch to the larger ones outside, in every one of some filters.

    float64[row], as `least_scale`. Of all stretches of a quarter, a half and NOISE_REACH more of the places
    in which the last filter's answer turns often.
    """
    places = answers[-1].value.shape[1]
    largest = np.zeros(len(least_scale))
    if places < LEAST_FOR_NOISE - 4:
        return largest
    half = places // 2
    for length in (max(NOISE_STRETCH, places // 4), half, half + NOISE_REACH):
        starts = np.arange(places - length, -1, -(length // 4))[:, None]
        ratios = [noise_ratio(answer, places, starts, length, least_scale) for answer in answers]
        is_low = np.signbit(answers[-1].value)
        turns = (is_low[:, 1:] != is_low[:, :-1])[:, starts + np.arange(length - 1)].mean(axis=2)
        found = np.where(turns >= LEAST_TURNS, np.min(ratios, axis=0), 0.0)
        largest = np.maximum(largest, found.max(axis=1))
    return largest


def evenness(series: Floats) -> Floats:
    """1 where values lie about the median, less where they lie far above or far below it.

    From float64[row, time] to float64[row]. Of waiting times some are much longer than the others.
    """
    middle = median(series)
    above, below = series.max(axis=1) - middle, middle - series.min(axis=1)
    share = np.minimum(above, below) / np.maximum(np.maximum(above, below), np.finfo(np.float64).tiny)
    return np.asarray(np.minimum(share / EVEN_SHARE, 1.0))


def noise_ratio(
    answer: Filtered, places: int, starts: npt.NDArray[np.intp], length: int, least_scale: Floats
) -> Floats:
    """Usual size in each stretch over the larger ones outside it; float64[row, stretch].

    `starts` is intp[stretch, 1], `least_scale` float64[row]. With heavy tails a stretch has larger values by
    chance, but then so has the rest.
    """
    size = np.abs(answer.value[:, -places:])
    inside = starts + np.arange(length)
    outside = np.arange(places - length) + length * (np.arange(places - length) >= starts)
    least = (least_scale * answer.gain)[:, None]
    here = np.sort(size[:, inside], axis=2)[..., : int(np.ceil(USUAL_SHARE * length))].mean(axis=2)
    largest = np.sort(size[:, outside], axis=2)[..., -int(np.ceil(LARGER_SHARE * (places - length))) :]
    there = largest.mean(axis=2) + least
    is_more = here > least
    return np.where(is_more, (here + least) / np.where(is_more, there, 1.0), 0.0)

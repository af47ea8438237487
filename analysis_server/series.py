"""Judgement of a series against itself: for channels of which nothing is known but the window.

Differently filtered, a nominal series looks like noise without outliers: values against their median, first,
second and fourth differences, means and lines before and after a place. A fault is an outlier that stands
alone, for what recurs three times is the signal's way (a square wave, a sawtooth); beside it are judged a
stretch that is frozen, missing or noisier than the rest, and values that files write for "none".

Arrays are float64[row, time] in time order, one row per channel of a job.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis_server.signal_forms import ROUNDING, converter_step, levelled, median, unwrapped

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
    "value": (9.57, 9.17, 7.16, 7.66, 6.96, 5.9, 5.35, 4.83, 4.83, 4.38, 4.5),
    "first": (11.9, 8.34, 6.93, 6.7, 5.91, 5.56, 5.16, 5.0, 4.6, 4.34, 4.1),
    "second": (15.11, 11.59, 8.68, 9.37, 6.34, 6.36, 5.47, 5.02, 4.97, 4.53, 4.06),
    "fourth": (1.0, 1.0, 13.63, 21.5, 9.42, 7.44, 6.89, 5.25, 5.09, 4.56, 4.39),
    "level": (1.0, 1.0, 1.0, 1.0, 10.2, 8.34, 7.15, 5.55, 4.93, 4.43, 4.21),
    "line": (1.0, 1.0, 1.0, 1.0, 21.91, 19.84, 7.79, 5.39, 5.02, 4.57, 4.22),
    "noise": (1.0, 1.0, 1.0, 1.0, 5.53, 4.3, 4.52, 3.76, 3.07, 2.33, 1.78),
    "frozen": (1.89, 2.21, 2.19, 3.13, 3.6, 4.58, 3.47, 3.6, 2.59, 2.26, 2.11),
    "missing": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    "fill": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
}
"""Statistic that nominal series of so many samples hardly exceed: `python -m training.series_levels`."""

SECOND_SHARE: Final = 0.4
"""Share of the largest ordinary deviation that is a deviation's least scale: heavy tails are no outliers."""
STEP_SHARE: Final = 0.5
"""The same of a converter's step."""
MEAN_STEPS: Final = 3
LINE_WEIGHTS: Final = np.array([-0.3, -0.05, 0.2, 0.45, 0.7])
"""Of five samples: value of their line half a step after the last one."""
LEAST_FOR_LINES: Final = 20
LEAST_FOR_PAIRS: Final = 12
LEAST_OTHERS: Final = 4
NOISE_STRETCH: Final = 8
LEAST_FOR_NOISE: Final = 20
TRIMMED_SHARE: Final = 0.6
LEAST_CHANGES: Final = 4
"""So many changes make a series one that changes."""
LEAST_REPEATED: Final = 0.08
"""Smallest chance of a repeated or missing sample that is assumed."""
FILL_VALUES: Final = np.array(
    [sign * value for sign in (-1, 1) for value in (999, 9999, 99999, 999999, 999.25, 9999.9, 99999.9)]
    + [-32768, 32767, 65535, -2147483648, 2147483647, 4294967295, -1e31, 9.969209968386869e36]
)
LARGEST_PLAUSIBLE: Final = 1e20
FILL_DISTANCE: Final = 5.0
"""Ranges of the other samples at which such a value cannot be one of them."""
MOST_FILLED: Final = 1 / 3


@dataclass(frozen=True, slots=True)
class Filtered:
    """A filter's answer."""

    value: Floats
    """float64[row, place]."""
    reach: int
    """One odd sample shows in places no further apart than this."""
    gain: float
    """Deviation of the answer to independent noise of deviation 1."""


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
    """What `series_evidence` sets against the levels: float64[row, test]."""
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
    series = levelled(np.where(is_straight[:, None], values, unwrapped(values)))
    change = np.diff(series, axis=1)
    least_step = ROUNDING * np.abs(values).max(axis=1)
    answers = filtered(series, change)
    least_scale = np.maximum(STEP_SHARE * converter_step(series, change), least_step)
    outliers = [outlier_statistic(answer, least_scale) for answer in answers]
    outliers += [np.zeros(len(values))] * (6 - len(outliers))
    return [*outliers, noise_statistic(answers[1:4], least_scale), frozen_statistic(change)]


def filtered(series: Floats, change: Floats) -> list[Filtered]:
    """The series through every filter that has room in it."""
    second = np.diff(change, axis=1)
    fourth = np.diff(second, n=2, axis=1)
    answers = [
        Filtered(series, 1, 1.0),
        Filtered(change, 1, 2**0.5),
        Filtered(second, 2, 6**0.5),
        Filtered(fourth, 4, 70**0.5),
    ]
    if series.shape[1] < LEAST_FOR_LINES:
        return answers
    sums = series[:, :-2] + series[:, 1:-1] + series[:, 2:]
    level = (sums[:, MEAN_STEPS:] - sums[:, :-MEAN_STEPS]) / MEAN_STEPS
    fives = np.lib.stride_tricks.sliding_window_view(series, len(LINE_WEIGHTS), axis=1)
    before, after = (fives * LINE_WEIGHTS).sum(axis=2), (fives * LINE_WEIGHTS[::-1]).sum(axis=2)
    line = after[:, len(LINE_WEIGHTS) :] - before[:, : -len(LINE_WEIGHTS)]
    return [*answers, Filtered(level, 2, (2 / 3) ** 0.5), Filtered(line, 5, 1.65**0.5)]


def outlier_statistic(answer: Filtered, least_scale: Floats) -> Floats:
    """How far the largest deviation of a filter's answer stands out, or the second where there are two.

    Returns:
        float64[row], in deviations of what is left without both; these are at least a share of the largest
        that is left, and of a converter's step.
    """
    deviation = np.abs(answer.value - median(answer.value)[:, None])
    rows, places = np.arange(len(deviation)), np.arange(deviation.shape[1])
    first = deviation.argmax(axis=1)
    largest = deviation[rows, first]
    left = np.where(np.abs(places - first[:, None]) <= answer.reach, np.nan, deviation)
    alone = ratio(largest, left, least_scale * answer.gain)
    if deviation.shape[1] < LEAST_FOR_PAIRS + 4 * answer.reach:
        return alone
    filled = np.nan_to_num(left, nan=-1.0)
    second = filled.argmax(axis=1)
    left = np.where(np.abs(places - second[:, None]) <= answer.reach, np.nan, left)
    both = ratio(np.maximum(filled[rows, second], 0), left, least_scale * answer.gain)
    return np.asarray(np.maximum(alone, both))


def ratio(size: Floats, others: Floats, least_scale: Floats) -> Floats:
    """Size over the scale of the others, 0 where too few are left; float64[row]."""
    largest = np.maximum(np.nan_to_num(others, nan=-1.0).max(axis=1), 0)
    scale = np.maximum(np.maximum(1.4826 * median(others), SECOND_SHARE * largest), least_scale)
    is_known = (np.isfinite(others).sum(axis=1) >= LEAST_OTHERS) & (scale > 0)
    return np.where(is_known, size / np.where(is_known, scale, 1.0), 0.0)


def noise_statistic(answers: list[Filtered], least_scale: Floats) -> Floats:
    """Largest ratio of the usual size in a stretch to that outside, in every one of some filters."""
    if answers[0].value.shape[1] < LEAST_FOR_NOISE - 1:
        return np.zeros(len(least_scale))
    ratios = [noise_ratio(np.abs(answer.value), least_scale * answer.gain) for answer in answers]
    return np.asarray(np.min(ratios, axis=0))


def noise_ratio(size: Floats, least_scale: Floats) -> Floats:
    """Largest ratio over all stretches of a quarter and of a half of the places; float64[row]."""
    places = size.shape[1]
    largest = np.zeros(len(size))
    for length in (max(NOISE_STRETCH, places // 4), places // 2):
        starts = np.arange(places - length, -1, -(length // 4))[:, None]
        inside = starts + np.arange(length)
        outside = np.arange(places - length) + length * (np.arange(places - length) >= starts)
        here, there = (trimmed_mean(size[:, chosen]) + least_scale[:, None] for chosen in (inside, outside))
        known = np.where(here > there, here / np.where(there > 0, there, 1.0), 0.0)
        largest = np.maximum(largest, known.max(axis=1))
    return largest


def trimmed_mean(size: Floats) -> Floats:
    """Mean of the smaller ones over the last axis: single outliers and switches do not count."""
    kept = int(np.ceil(TRIMMED_SHARE * size.shape[-1]))
    return np.asarray(np.sort(size, axis=-1)[..., :kept].mean(axis=-1))


def frozen_statistic(change: Floats) -> Floats:
    """How unlikely the longest run of repeated samples is, from how often samples repeat outside it."""
    is_repeated = change == 0
    changes = np.count_nonzero(change, axis=1)
    return np.where(changes >= LEAST_CHANGES, run_statistic(is_repeated), 0.0)


def missing_statistic(present: Flags) -> Floats:
    """How unlikely the longest run of missing samples since the first one is."""
    begun = np.logical_or.accumulate(present, axis=1)
    return run_statistic(begun & ~present, begun)


def run_statistic(flags: Flags, counted: Flags | None = None) -> Floats:
    """-log of the chance of the longest run of flags, over log(places); float64[row]."""
    places = flags.shape[1] if counted is None else counted.sum(axis=1)
    run = longest_run(flags)
    others = places - run
    chance = np.maximum((flags.sum(axis=1) - run + 2) / (others + 2), LEAST_REPEATED)
    return np.asarray(-run * np.log(chance) / np.log(places))


def longest_run(flags: Flags) -> npt.NDArray[np.int64]:
    """Length of the longest run of True in bool[row, place]."""
    counts = np.cumsum(flags, axis=1)
    at_gap = np.maximum.accumulate(np.where(flags, 0, counts), axis=1)
    return np.asarray((counts - at_gap).max(axis=1))


def fill_statistic(values: Floats) -> Floats:
    """LARGEST_EVIDENCE for a few values that files write for "none", far from all others; float64[row]."""
    is_fill = np.isclose(values[..., None], FILL_VALUES, rtol=1e-7, atol=0).any(axis=2)
    is_fill |= np.abs(values) >= LARGEST_PLAUSIBLE
    others = np.where(is_fill, np.nan, values)
    share = is_fill.mean(axis=1)
    if not (share > 0).any():
        return np.zeros(len(values))
    is_known = (share > 0) & (share <= MOST_FILLED)
    middle = median(others)
    around = np.nan_to_num(np.abs(others - middle[:, None]), nan=0.0).max(axis=1)
    distance = np.where(is_fill, np.abs(values - np.nan_to_num(middle)[:, None]), np.inf).min(axis=1)
    return np.where(is_known & (distance > FILL_DISTANCE * around), LARGEST_EVIDENCE, 0.0)

"""Limits from the few orbits that a satellite has stored: of each measure and side by themselves.

What one satellite shows in some orbits is not all that is nominal, and its windows overlap: the largest of
blocks of them, and how far these differ, tell how far the next hours may reach.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.alert_rule import ENOUGH_SCORE, evidence_of
from scoring.calibration import CALIBRATED_LENGTHS, ChannelCalibration, SubsystemCalibration
from scoring.fitting.constants import (
    LARGEST_THRESHOLD,
    MEANS,
    SHARES,
    expected_noise,
    farthest_first,
    least_widths,
    reference_subsequences,
    steepness_of,
)
from scoring.measures.windows import (
    MEASURES,
    WINDOW_FAMILIES,
    Windows,
    measure_windows,
    subsequence_measures,
)
from scoring.window_score import LARGEST_EVIDENCE, family_deviations, subsystem_evidence

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

BLOCKS: Final = 10
"""Of windows in time order."""
TAIL_BLOCKS: Final = 4
"""The largest ones, whose differences tell how a maximum may grow."""
GROWTH: Final = 1.5
"""Amplitudes that grow by half within days are nominal: of a logarithm that is a sum, not a factor."""
WHOLE_SPAN_S: Final = 2 * 86_400.0
"""Each half of windows of such a span holds a day; those of less say little of what comes once a day."""
MOST_GROWTH: Final = 2.0
"""How many times GROWTH at most, for what less than that span showed."""
SPLIT_CHANGE: Final = 2.0
"""The largest change is half as large where a sample falls within a jump."""
LEAST_THRESHOLD: Final = 0.85
"""Smallest evidence that scores the threshold: 1 is every family of a channel at its limit."""
THRESHOLD_MARGIN: Final = 1.05
"""The threshold lies so far above what nominal evidence may reach."""
THRESHOLD_EXCESSES: Final = 2.0
"""How many mean excesses nominal evidence may reach beyond the largest; of a measure it is one."""
LEAST_STEEPNESS: Final = evidence_of(ENOUGH_SCORE) / np.log(1.25)
"""A quarter more than the threshold is an alert by itself."""
UNBOUNDED: Final = 1e18
"""Limit of what is not judged; finite, for JSON has no infinity, and beyond every counter."""
_IS_SUBSEQUENCE = np.array([family == "subsequence" for family, _ in MEASURES])
_IS_LEVEL = np.array([name in MEANS for _, name in MEASURES])
_IS_SHARE = np.array([name in SHARES for _, name in MEASURES])
_IS_LOGARITHM = ~(_IS_LEVEL | _IS_SHARE | np.array([name == "missing_run" for _, name in MEASURES]))


def fit_own(
    halves: tuple[Mapping[int, Windows], Mapping[int, Windows]],
    confirmed: Mapping[int, Windows],
    has_level: Bools,
    *,
    span_s: float,
    seed: int,
) -> tuple[list[ChannelCalibration], SubsystemCalibration]:
    """Fit one band of a subsystem to two halves of a satellite's nominal windows, by length.

    Args:
        halves: Windows of the earlier and the later half in time order, one entry for each of
            CALIBRATED_LENGTHS.
        confirmed: Those that people called nominal, likewise or empty: no limit is closer than they reach.
        has_level: bool[channel]; of the others the mean is no evidence.
        span_s: From the first window to the last one, in seconds.
        seed: Of the choice of reference subsequences.
    """
    noise = np.fmin(*(expected_noise(half[CALIBRATED_LENGTHS[-1]]) for half in halves))
    rng = np.random.default_rng(seed)
    references = [references_of(half[CALIBRATED_LENGTHS[-1]], confirmed, rng) for half in halves]
    # A half is measured against the other one's subsequences: against its own it is never far.
    against = [references[1], references[0], references[0]]
    limits, totals = [], []
    shorter: Floats | None = None
    for length in CALIBRATED_LENGTHS:
        windows = [part[length] for part in (*halves, confirmed) if part]
        measured = [
            with_halfway(part, noise, reference) for part, reference in zip(windows, against, strict=False)
        ]
        own = np.concatenate(measured[:2])
        limits.append(own_limits(own, noise, has_level, span_s, shorter, confirmed=measured[2:]))
        shorter = own
        deviations = [
            family_deviations(of_part, part, noise, limits[-1])
            for of_part, part in zip(measured, windows, strict=True)
        ]
        totals.append([subsystem_evidence(np.minimum(part, LARGEST_EVIDENCE)) for part in deviations])
    low, usual, high = (np.stack(parts, axis=1)[:, None] for parts in zip(*limits, strict=True))
    return [
        ChannelCalibration(
            noise=noise[channel : channel + 1],
            low=low[channel],
            usual=usual[channel],
            high=high[channel],
            family_scale=np.ones((1, len(CALIBRATED_LENGTHS), len(WINDOW_FAMILIES))),
            reference=farthest_first(np.concatenate([half[channel] for half in references]))[None],
        )
        for channel in range(noise.size)
    ], own_threshold(totals)


def references_of(
    windows: Windows, confirmed: Mapping[int, Windows], rng: np.random.Generator
) -> list[Floats]:
    """Pick reference subsequences of each channel, float64[subsequence, step], confirmed ones, too."""
    longest = [windows, confirmed[CALIBRATED_LENGTHS[-1]]] if confirmed else [windows]
    return [
        np.concatenate([reference_subsequences(part.value[:, channel], rng) for part in longest])
        for channel in range(windows.value.shape[1])
    ]


def own_threshold(totals: Sequence[Sequence[Floats]]) -> SubsystemCalibration:
    """Threshold and steepness by length, from evidence float64[window] of each.

    Of each length that of two halves in time order, and of what people called nominal, if there is any.
    """
    own = [np.concatenate(parts[:2]) for parts in totals]
    reaches = [
        max([reached(total, THRESHOLD_EXCESSES), *(part.max() for part in parts[2:])])
        for total, parts in zip(own, totals, strict=True)
    ]
    threshold = np.clip(THRESHOLD_MARGIN * np.array([reaches]), LEAST_THRESHOLD, LARGEST_THRESHOLD)
    medians = np.array([[np.median(total) for total in own]])
    return SubsystemCalibration(
        threshold=threshold, steepness=np.maximum(steepness_of(medians, threshold), LEAST_STEEPNESS)
    )


def with_halfway(windows: Windows, noise: Floats, reference: Sequence[Floats]) -> Floats:
    """Measure windows as they are sampled and, by their shapes, half an interval later.

    A sample that falls within a jump makes a shape that few orbits need not show.

    Args:
        windows: Values and predictions.
        noise: float64[channel].
        reference: Per channel float64[subsequence, step].

    Returns:
        float64[window, channel, measure].
    """
    measured = measure_windows(windows, noise=noise, reference=reference)
    value = windows.value
    halfway = np.concatenate([value[..., :1], (value[..., 1:] + value[..., :-1]) / 2], axis=2)
    later = np.stack(subsequence_measures(halfway, noise, reference), axis=2)
    measured[..., _IS_SUBSEQUENCE] = np.fmax(measured[..., _IS_SUBSEQUENCE], later)
    return measured


def growth_within(span_s: float) -> float:
    """How many times as large as within such a span nominal amplitudes may be later.

    As what wanders at random, they grow with the root of the time.
    """
    return GROWTH * float(np.clip(np.sqrt(WHOLE_SPAN_S / span_s), 1.0, MOST_GROWTH))


def own_limits(  # noqa: PLR0913, PLR0917 - three that belong together, and what bounds them
    measured: Floats,
    noise: Floats,
    has_level: Bools,
    span_s: float,
    shorter: Floats | None = None,
    confirmed: Sequence[Floats] = (),
) -> tuple[Floats, Floats, Floats]:
    """Fit limits to what is measured.

    Args:
        measured: float64[window, channel, measure] in time order.
        noise: float64[channel].
        has_level: bool[channel]; the mean of the others has no limits.
        span_s: How long the windows reach, in seconds.
        shorter: As `measured`, of shorter windows: below WHOLE_SPAN_S what lasts as long as these may last
            longer.
        confirmed: As `measured`, of what people called nominal; none or one.

    Returns:
        Low, usual, high, float64[channel, measure] each.
    """
    usual = np.nanmedian(measured, axis=0)
    least = least_widths(noise, 0.0)
    lowest = -reached(-measured)
    if shorter is not None and span_s < WHOLE_SPAN_S:
        lowest = np.where(_IS_LEVEL, lowest, np.fmin(lowest, -reached(-shorter)))
    highest = reached(measured)
    for one in confirmed:
        lowest = np.fmin(lowest, np.fmin.reduce(one, axis=0))
        highest = np.fmax(highest, np.fmax.reduce(one, axis=0))
    above = widened(np.maximum(highest - usual, least), growth_within(span_s))
    below = widened(np.maximum(usual - lowest, least), SPLIT_CHANGE)
    is_free = _IS_LEVEL & ~has_level[:, None]
    low = np.where(is_free | _IS_SUBSEQUENCE, -UNBOUNDED, usual - below)  # no shape is too well known
    return low, usual, np.where(is_free, UNBOUNDED, usual + above)


def widened(width: Floats, growth: float) -> Floats:
    """Let float64[channel, measure] from the usual to the farthest grow by a margin."""
    factor = np.where(_IS_LEVEL | _IS_SHARE, GROWTH, 1.0)
    return width * factor + np.where(_IS_LOGARITHM, np.log(growth), 0.0)


def reached(measured: Floats, excesses: float = 1.0) -> Floats:
    """Tell how far float64[window, ...] in time order may reach: its largest and mean excesses beyond.

    An excess is what the largest blocks have beyond the last of TAIL_BLOCKS. NaN where all is NaN.
    """
    largest = np.stack([np.fmax.reduce(block, axis=0) for block in np.array_split(measured, BLOCKS)])
    largest = np.sort(np.fmax(largest, np.fmin.reduce(largest, axis=0)), axis=0)[::-1]
    excess = largest[: TAIL_BLOCKS - 1].mean(axis=0) - largest[TAIL_BLOCKS - 1]
    return np.asarray(largest[0] + excesses * excess)

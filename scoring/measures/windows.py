"""What is measured of a window: residuals, statistics and distances to nominal subsequences.

Arrays are float64[job, channel, time], NaN = missing sample.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from scoring.measures.masked import masked_max, masked_mean, running_mean

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

WINDOW_FAMILIES = ("residual", "statistics", "subsequence")
FAMILIES = (*WINDOW_FAMILIES, "change")
"""The last one is measured by `changes`, of channels that were calibrated on a recording."""
MEASURES = (
    ("residual", "peak"),
    ("residual", "run"),
    ("residual", "level"),
    ("residual", "peak_error"),
    ("residual", "error"),
    ("statistics", "mean"),
    ("statistics", "deviation"),
    ("statistics", "change"),
    ("statistics", "changing_share"),
    ("statistics", "newest_mean"),
    ("statistics", "newest_deviation"),
    ("statistics", "newest_change"),
    ("statistics", "newest_changing_share"),
    ("statistics", "missing_run"),
    ("statistics", "largest_rise"),
    ("statistics", "largest_fall"),
    ("subsequence", "farthest"),
    ("subsequence", "mean_distance"),
)
_IS_RESIDUAL = np.array([family == "residual" for family, _ in MEASURES])
_IS_NEWEST = np.array([name.startswith("newest_") for _, name in MEASURES])
_IS_LARGEST_CHANGE = np.array([name.startswith("largest_") for _, name in MEASURES])
_IS_MISSING_RUN = np.array([name == "missing_run" for _, name in MEASURES])
MIN_HISTORY = 5
"""A step counts as predicted where so many of the RUN_STEPS before it are samples, the last one too."""
RUN_STEPS = 8
LARGEST_SQUARED_RESIDUAL = 1e8
"""Running sums of larger ones would drown their neighbours in rounding."""
NEWEST_SHARE = 3
"""The second length of the statistics is one in so many of the window's steps."""
SUBSEQUENCE_STEPS = 10
SUBSEQUENCE_STRIDE = 5
MIN_SUBSEQUENCE_SAMPLES = 6
ABSENCE_STEPS = 64
"""A channel that ceased so many steps ago measures 1."""
ABSENCE_WIDTH = 0.04
"""From none missing to what is rare: a channel that ceased is found within a dozen steps."""
NOISE_SHARE = 0.1
"""Share of a channel's noise that is added before a logarithm: a constant window stays finite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Windows with the model's step predictions, in the channel's unit."""

    value: Floats
    step_mean: Floats
    step_std: Floats
    is_predicted: npt.NDArray[np.bool_]
    """A sample right behind another one, with at least MIN_HISTORY samples within the RUN_STEPS before it."""
    is_expected: npt.NDArray[np.bool_]
    """bool[job, channel, time]: a step of the channel's window, not padding in front of it."""

    @classmethod
    def build(
        cls,
        windows: npt.NDArray[np.floating[Any]],
        step_mean: npt.NDArray[np.floating[Any]],
        step_std: npt.NDArray[np.floating[Any]],
        steps: Indices | None = None,
    ) -> Self:
        """Widen to float64 and mark what can be judged; infinities count as missing.

        `steps`, int64[job, channel], says how many steps each channel's window has; without it all channels'
        windows begin with the job's first sample.
        """
        present = np.isfinite(windows)
        expected = (
            np.maximum.accumulate(present.any(axis=1, keepdims=True), axis=2)
            if steps is None
            else np.arange(windows.shape[2]) >= windows.shape[2] - steps[..., None]
        )
        return cls(
            value=np.where(present, windows, np.nan).astype(np.float64),
            step_mean=step_mean.astype(np.float64),
            step_std=step_std.astype(np.float64),
            is_predicted=present & has_history(present),
            is_expected=np.broadcast_to(expected, windows.shape),
        )

    def newest(self, jobs: Indices, length: int) -> Self:
        """The last `length` steps of some jobs, int64[n]: arrays become [n, channel, length]."""
        return type(self)(
            value=self.value[jobs, :, -length:],
            step_mean=self.step_mean[jobs, :, -length:],
            step_std=self.step_std[jobs, :, -length:],
            is_predicted=self.is_predicted[jobs, :, -length:],
            is_expected=self.is_expected[jobs, :, -length:],
        )

    def of_channels(self, channels: npt.NDArray[np.intp]) -> Self:
        """Some of the channels, intp[n]: arrays become [job, n, time]."""
        return type(self)(
            value=self.value[:, channels],
            step_mean=self.step_mean[:, channels],
            step_std=self.step_std[:, channels],
            is_predicted=self.is_predicted[:, channels],
            is_expected=self.is_expected[:, channels],
        )


def has_history(present: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Tell at which steps, bool[job, channel, time], the model has samples enough just before."""
    before: Indices = np.cumsum(present, axis=2) - present
    before[..., RUN_STEPS:] -= before[..., :-RUN_STEPS].copy()
    is_known = before >= MIN_HISTORY
    is_known[..., 1:] &= present[..., :-1]
    return np.asarray(is_known)


def known_shares(windows: Windows) -> Floats:
    """Share of the steps that a measure rests on: samples, or predicted ones; float64[job, channel, measure].

    What is measured of fewer samples is rare by chance more often. Behind the newest one none is due: that is
    what the missing run is about.
    """
    newest = max(RUN_STEPS, windows.value.shape[2] // NEWEST_SHARE)
    present = np.isfinite(windows.value)
    is_due = np.logical_or.accumulate(present[..., ::-1], axis=2)[..., ::-1] & windows.is_expected
    whole, recent = (
        present[..., -steps:].sum(axis=2) / np.maximum(is_due[..., -steps:].sum(axis=2), 1)
        for steps in (present.shape[2], newest)
    )
    predicted = windows.is_predicted.sum(axis=2) / np.maximum(is_due.sum(axis=2) - MIN_HISTORY, 1)
    shares = np.where(_IS_NEWEST, recent[..., None], whole[..., None])
    shares = np.where(_IS_RESIDUAL, np.minimum(predicted, 1)[..., None], shares)
    return np.where(_IS_MISSING_RUN, 1.0, shares)


def measure_windows(windows: Windows, *, noise: Floats, reference: Sequence[Floats]) -> Floats:
    """Measure everything in MEASURES.

    Args:
        windows: Values and predictions.
        noise: float64[channel], smallest expected error.
        reference: Per channel float64[subsequence, SUBSEQUENCE_STEPS], mean-centred nominal subsequences.

    Returns:
        float64[job, channel, measure]; NaN where too few samples exist.
    """
    newest = max(RUN_STEPS, windows.value.shape[2] // NEWEST_SHARE)
    parts = [
        *residual_measures(windows, noise[:, None]),
        *statistics(windows.value, noise),
        *statistics(windows.value[..., -newest:], noise),
        missing_run(windows),
        *largest_changes(windows.value, noise),
        *subsequence_measures(windows.value, noise, reference),
    ]
    return np.stack(parts, axis=2)


def residual_measures(series: Windows, noise: Floats) -> list[Floats]:
    """Logarithms of the largest standardised residual, the worst run's and all; then of plain errors.

    Each float64[job, channel]; `noise` is float64[channel, 1], smallest expected error. NaN where nothing was
    predicted.
    """
    error = np.where(series.is_predicted, np.abs(series.value - series.step_mean), np.nan)
    squared = np.minimum(error**2 / (series.step_std**2 + noise**2), LARGEST_SQUARED_RESIDUAL)
    level = masked_mean(squared)
    run = masked_max(running_mean(squared, RUN_STEPS))
    floor = noise[:, 0] * NOISE_SHARE
    return [
        0.5 * np.log(masked_max(squared) + NOISE_SHARE**2),
        0.5 * np.log(np.where(np.isnan(run), level, run) + NOISE_SHARE**2),
        0.5 * np.log(level + NOISE_SHARE**2),
        np.log(masked_max(error) + floor),
        np.log(np.sqrt(masked_mean(error**2)) + floor),
    ]


def statistics(value: Floats, noise: Floats) -> list[Floats]:
    """Mean, log deviation, log mean |change| and share of changing samples, each float64[job, channel].

    `value` is float64[job, channel, time], `noise` float64[channel].
    """
    mean = masked_mean(value)
    deviation = np.sqrt(masked_mean((value - mean[..., None]) ** 2))
    change = np.abs(np.diff(value, axis=2))
    changing = np.where(np.isnan(change), np.nan, change > 0)
    floor = noise * NOISE_SHARE
    return [mean, np.log(deviation + floor), np.log(masked_mean(change) + floor), masked_mean(changing)]


def missing_run(windows: Windows) -> Floats:
    """The newest steps without a sample, over ABSENCE_STEPS; float64[job, channel], NaN without any step.

    Not all missing ones: telemetry is lost on its way, and only what does not come again has ceased. A window
    without any sample measures 1, however short it is.
    """
    is_lacking = np.isnan(windows.value) & windows.is_expected
    run = np.logical_and.accumulate(is_lacking[..., ::-1], axis=2).sum(axis=2)
    steps = windows.is_expected.sum(axis=2)
    measured = np.where(run < steps, run / ABSENCE_STEPS, 1.0)
    return np.where(steps > 0, measured, np.nan)


def largest_changes(value: Floats, noise: Floats) -> list[Floats]:
    """Log of the largest change from one sample to the next, up and down, each float64[job, channel].

    `value` is float64[job, channel, time], `noise` float64[channel]. Some channels jump one way only: the
    time since an event falls by any amount but never rises so.
    """
    change = np.diff(value, axis=2)
    floor = noise * NOISE_SHARE
    return [np.log(np.maximum(masked_max(sign * change), 0) + floor) for sign in (1, -1)]


def highest_possible(measured: Floats, windows: Windows, noise: Floats) -> Floats:
    """What the measures, float64[job, channel, measure], may have been had no sample been lost.

    `noise` is float64[channel]. The largest change may lie between the samples around a missing step. Of all
    others what was measured.
    """
    steps = np.arange(windows.value.shape[2])
    newest = np.maximum.accumulate(np.where(np.isfinite(windows.value), steps, 0), axis=2)
    held = np.take_along_axis(windows.value, newest, axis=2)
    possible = measured.copy()
    possible[..., _IS_LARGEST_CHANGE] = np.stack(largest_changes(held, noise), axis=2)
    return possible


def subsequence_measures(value: Floats, noise: Floats, reference: Sequence[Floats]) -> list[Floats]:
    """Logarithms of the largest and the mean distance to the nearest reference, each float64[job, channel].

    Per sample, d^2 = |x - y|^2 - m (mean x - mean y)^2 over the m samples that exist. Arguments as of
    `measure_windows`, `value` is float64[job, channel, time].
    """
    subsequences = centred_subsequences(value)
    distance = np.stack(
        [nearest_distance(subsequences[:, channel], rows) for channel, rows in enumerate(reference)], axis=1
    )
    floor = noise * NOISE_SHARE
    return [np.log(masked_max(distance) + floor), np.log(masked_mean(distance) + floor)]


def centred_subsequences(value: Floats) -> Floats:
    """Subsequences that end at the newest step and every few before it, without their mean.

    From float64[job, channel, time] to float64[job, channel, subsequence, SUBSEQUENCE_STEPS]; all NaN with
    too few samples.
    """
    ends = np.arange(value.shape[2], SUBSEQUENCE_STEPS - 1, -SUBSEQUENCE_STRIDE)
    cut = value[..., ends[:, None] + np.arange(-SUBSEQUENCE_STEPS, 0)]
    centred = np.where(np.isfinite(cut), cut - masked_mean(cut)[..., None], np.nan)
    centred[np.isfinite(cut).sum(axis=3) < MIN_SUBSEQUENCE_SAMPLES] = np.nan
    return centred


def nearest_distance(subsequences: Floats, reference: Floats) -> Floats:
    """Root mean square distance of float64[..., step] to the nearest of float64[row, step].

    Over the steps that are not NaN: there the subsequences have no mean, and that of the rows is taken off.
    Where all are NaN, so is the distance.
    """
    is_present = np.isfinite(subsequences)
    present, values = is_present.astype(np.float64), np.where(is_present, subsequences, 0.0)
    count = present.sum(axis=-1)
    row_means = present @ reference.T / np.maximum(count, 1)[..., None]
    row_squares = present @ (reference**2).T - count[..., None] * row_means**2
    squared = (values**2).sum(axis=-1) - (2 * values @ reference.T - row_squares).max(axis=-1)
    return np.asarray(np.sqrt(np.maximum(squared, 0) / np.where(count > 0, count, np.nan)))

"""What the mission's detection settings change in a score: pure functions on windows and constants.

Arrays are [job, channel, ...] in the order of the channels; NaN = missing sample.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from scoring.measures.masked import lower_median, masked_max, masked_mean
from scoring.measures.windows import MEASURES, Floats, Windows
from telemetry_core.contract.channels import Detection

_CHANGES = ("chang", "rise", "fall")
_IS_SHAPE = np.array(
    [family == "subsequence" or any(word in name for word in _CHANGES) for family, name in MEASURES]
)
"""How much a channel changes, and its course against nominal courses that are not smoothed."""
_IS_LEVEL = np.array([name in {"mean", "newest_mean", "missing_run"} for _, name in MEASURES])


def without_invalid_values(
    windows: npt.NDArray[np.float32], channels: Sequence[str], detection: Mapping[str, Detection]
) -> npt.NDArray[np.float32]:
    """Turn values outside their channel's valid range into missing samples; float32[job, channel, time]."""
    limits = [detection[name].valid_range if name in detection else None for name in channels]
    lowest, highest = np.array([limit or (-np.inf, np.inf) for limit in limits]).T[..., None]
    return np.where((windows < lowest) | (windows > highest), np.float32(np.nan), windows)


def smoothed(series: Windows, settings: Sequence[Detection]) -> Windows:
    """Replace values and prediction errors by the mean of the channel's last `smoothing` samples.

    Arrays keep their shape [job, channel, time]. A missing sample stays missing and counts in no mean; the
    first samples have shorter means.
    """
    if all(setting.smoothing == 1 for setting in settings):
        return series
    value, step_mean = series.value.copy(), series.step_mean.copy()
    for channel, samples in enumerate(setting.smoothing for setting in settings):
        if samples > 1:
            error = np.where(series.is_predicted, series.value - series.step_mean, np.nan)[:, channel]
            value[:, channel] = trailing_mean(series.value[:, channel], samples)
            step_mean[:, channel] = value[:, channel] - trailing_mean(error, samples)
    return replace(series, value=value, step_mean=step_mean)


def trailing_mean(value: Floats, samples: int) -> Floats:
    """Mean of up to `samples` steps that end at each step, without NaN; NaN stays; float64[job, time]."""
    padded = np.pad(value, ((0, 0), (samples - 1, 0)), constant_values=np.nan)
    mean = masked_mean(np.lib.stride_tricks.sliding_window_view(padded, samples, axis=1))
    return np.where(np.isfinite(value), mean, np.nan)


def without_shape(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Limits of a smoothed channel, float64[length, measure] each.

    Smoothing makes a channel change less and turns its jumps into ramps: shapes are no longer judged, and
    that something other than the level is lower than usual counts no more.
    """
    return np.where(_IS_LEVEL, low, -np.inf), np.where(_IS_SHAPE, np.inf, high)


def is_counted(
    series: Windows, settings: Sequence[Detection], *, usual_mean: Floats
) -> npt.NDArray[np.bool_]:
    """Tell for which channels a window's evidence counts.

    Args:
        series: Values and predictions.
        settings: One per channel.
        usual_mean: float64[2, channel], lowest and highest usual mean, infinite where none is known.

    Returns:
        bool[job, channel]; False where the largest deviation lies on the other side than the setting's or is
        smaller than its minimum. Where nothing could be predicted, missing samples are the evidence: True.
    """
    counted = np.ones(series.value.shape[:2], dtype=np.bool_)
    if all(counts_everything(setting) for setting in settings):
        return counted
    above, below = largest_deviations(series, usual_mean)
    for channel, setting in enumerate(settings):
        if counts_everything(setting):
            continue
        up, down = above[:, channel], below[:, channel]
        too_small = np.maximum(up, down) < setting.minimum_deviation
        wrong_side = {"both": np.zeros_like(too_small), "above": up <= down, "below": down <= up}
        counted[:, channel] = ~(too_small | wrong_side[setting.direction])
    return counted


def counts_everything(setting: Detection) -> bool:
    """Tell whether neither side nor size of a deviation is left out."""
    return setting.direction == "both" and setting.minimum_deviation == 0


def largest_deviations(series: Windows, usual_mean: Floats) -> tuple[Floats, Floats]:
    """How far a window lies above and below what was expected, in the channel's unit.

    A sample deviates by its distance from the forecast, but by no more than from the window's median, so that
    the way back from a spike does not deviate. The window as a whole deviates by its mean's distance from the
    usual range.

    Args:
        series: Values and predictions, float64[job, channel, time].
        usual_mean: float64[2, channel], lowest and highest usual mean.

    Returns:
        Two float64[job, channel]; NaN where no step was predicted.
    """
    level = lower_median(series.value)[..., None]
    mean = masked_mean(series.value)
    error = np.where(series.is_predicted, series.value - series.step_mean, np.nan)
    distance = series.value - level
    above = np.maximum(masked_max(np.minimum(error, distance)), mean - usual_mean[1])
    below = np.maximum(masked_max(np.minimum(-error, -distance)), usual_mean[0] - mean)
    return above, below

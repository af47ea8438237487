"""What the mission's detection settings change in a score: pure functions on windows and constants.

Arrays are [job, channel, ...] in the order of the channels; NaN = missing sample.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from analysis_server.measures import MEASURES, Floats, Windows, masked_max, masked_mean
from telemetry_core.subsystems import Detection

_IS_ROUGHNESS = np.array(["chang" in name for _, name in MEASURES])
_IS_LEVEL = np.array([name in {"mean", "newest_mean", "missing_share"} for _, name in MEASURES])


def without_invalid_values(
    windows: npt.NDArray[np.float32], channels: Sequence[str], detection: Mapping[str, Detection]
) -> npt.NDArray[np.float32]:
    """Turn values outside their channel's valid range into missing samples; float32[job, channel, time]."""
    limits = [detection[name].valid_range if name in detection else None for name in channels]
    lowest, highest = np.array([limit or (-np.inf, np.inf) for limit in limits]).T[..., None]
    return np.where((windows < lowest) | (windows > highest), np.float32(np.nan), windows)


def smoothed(series: Windows, settings: Sequence[Detection]) -> Windows:
    """Replace values and their predictions by the mean of the channel's last `smoothing` samples.

    A missing sample stays missing and counts in no mean; the first samples have shorter means.
    """
    if all(setting.smoothing == 1 for setting in settings):
        return series
    value, step_mean = series.value.copy(), series.step_mean.copy()
    for channel, setting in enumerate(settings):
        present = np.isfinite(value[:, channel])
        value[:, channel] = trailing_mean(value[:, channel], present, setting.smoothing)
        step_mean[:, channel] = trailing_mean(step_mean[:, channel], present, setting.smoothing)
    return replace(series, value=value, step_mean=step_mean)


def trailing_mean(value: Floats, present: npt.NDArray[np.bool_], samples: int) -> Floats:
    """Mean of up to `samples` steps that end at each step, over the present ones; float64[job, time].

    NaN where the step itself is not present.
    """
    if samples == 1:
        return value
    padded = np.pad(np.where(present, value, np.nan), ((0, 0), (samples - 1, 0)), constant_values=np.nan)
    mean = masked_mean(np.lib.stride_tricks.sliding_window_view(padded, samples, axis=1))
    return np.where(present, mean, np.nan)


def without_roughness(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Limits of a smoothed channel, float64[length, measure] each.

    Smoothing makes a channel change less by construction: how much it changes is no longer judged, and that
    something other than its level is lower than usual counts no more.
    """
    return np.where(_IS_LEVEL, low, -np.inf), np.where(_IS_ROUGHNESS, np.inf, high)


def is_counted(
    series: Windows, settings: Sequence[Detection], *, usual_mean: Floats
) -> npt.NDArray[np.bool_]:
    """Tell of which channels a window's evidence counts.

    Args:
        series: Values and predictions.
        settings: One per channel.
        usual_mean: float64[2, channel], lowest and highest usual mean, infinite where none is known.

    Returns:
        bool[job, channel]; False where the largest deviation lies on the other side than the setting's or is
        smaller than its minimum. Where nothing could be predicted, missing samples are the evidence: True.
    """
    above, below = largest_deviations(series, usual_mean)
    columns = []
    for channel, setting in enumerate(settings):
        up, down = above[:, channel], below[:, channel]
        too_small = np.maximum(up, down) < setting.minimum_deviation
        wrong_side = {"both": np.zeros_like(too_small), "above": up <= down, "below": down <= up}
        columns.append(~(too_small | wrong_side[setting.direction]))
    return np.stack(columns, axis=1)


def largest_deviations(series: Windows, usual_mean: Floats) -> tuple[Floats, Floats]:
    """How far a window lies above and below what was expected, in the channel's unit.

    A sample deviates by its distance from the forecast, but by no more than from the window's median: the way
    back from a spike is none. The window as a whole deviates by its mean's distance from the usual range.

    Returns:
        Two float64[job, channel]; NaN where no step was predicted.
    """
    level = median(series.value)[..., None]
    mean = masked_mean(series.value)
    error = np.where(series.is_predicted, series.value - series.step_mean, np.nan)
    distance = series.value - level
    above = np.maximum(masked_max(np.minimum(error, distance)), mean - usual_mean[1])
    below = np.maximum(masked_max(np.minimum(-error, -distance)), usual_mean[0] - mean)
    return above, below


def median(value: Floats) -> Floats:
    """Lower median over the last axis without NaN; NaN where nothing is left."""
    count = np.isfinite(value).sum(axis=-1, keepdims=True)
    ordered = np.sort(value, axis=-1)
    return np.asarray(np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)[..., 0])

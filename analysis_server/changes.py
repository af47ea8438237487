"""How the newest samples of a window differ from those before them: evidence without a trained level.

Training and flight are often scaled differently, so only the window itself says what is usual; a recording
decides how much change is common. Arrays are float64[job, channel, time], NaN = missing sample.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analysis_server.measures import masked_mean, running_mean

Floats = npt.NDArray[np.float64]

CHANGE_LENGTHS: Final = (20, 60, 100)
"""Samples that count as the newest."""
STATISTICS: Final = ("mean", "deviation", "change", "changing_share")
CHANGES: Final = tuple(f"{name}_{length}" for length in CHANGE_LENGTHS for name in STATISTICS)
MIN_EARLIER: Final = 10
"""Places of a statistic in the earlier part of the window from which its usual value is known."""
LARGEST_LOG: Final = 2.5
"""Of one measure's ratio to what is common: no single one decides without bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCalibration:
    """What a recording says of its channels; they are judged by their changes alone."""

    scales: Mapping[str, Floats]
    """By `subsystem.channel`, float64[change], how large a change is common; NaN = unknown."""
    thresholds: Mapping[int, float]
    """By number of channels of a subsystem, evidence that scores the threshold of an anomalous verdict."""

    def of_subsystem(self, subsystem: str, channels: Sequence[str]) -> Floats | None:
        """float64[channel, change] if the recording held all of these channels, else None."""
        names = [f"{subsystem}.{channel}" for channel in channels]
        if not all(name in self.scales for name in names) or len(names) not in self.thresholds:
            return None
        return np.stack([self.scales[name] for name in names])


def parse_changes(values: Mapping[str, Any] | None) -> ChangeCalibration:
    """Build the constants from a calibration file's `changes`; ValueError if made for other measures."""
    if values is None:
        return ChangeCalibration(scales={}, thresholds={})
    if values["measures"] != list(CHANGES):
        raise ValueError("its measures of change are not this version's")
    return ChangeCalibration(
        scales={name: np.asarray(scale, np.float64) for name, scale in values["channels"].items()},
        thresholds={int(count): threshold for count, threshold in values["thresholds"].items()},
    )


def change_measures(value: Floats) -> Floats:
    """Distance of each newest statistic from its median over the earlier samples of the same window.

    Causal form of comparing moving statistics with their median over the whole series; both parts of the
    window are disjoint, so that a change stands out from its first sample on.

    Returns:
        float64[job, channel, measure] in the order of CHANGES; NaN where the window is too short.
    """
    centred = value - masked_mean(value)[..., None]
    parts = [
        distance_from_earlier(statistic, length)
        for length in CHANGE_LENGTHS
        for statistic in moving_statistics(centred, length)
    ]
    return np.stack(parts, axis=2)


def moving_statistics(value: Floats, length: int) -> list[Floats]:
    """STATISTICS of every `length` consecutive samples, float64[job, channel, time - length + 1].

    NaN where more than half of the samples are missing; no column where the window is shorter.
    """
    if value.shape[2] < length:
        return [np.empty((*value.shape[:2], 0))] * len(STATISTICS)
    mean = running_mean(value, length)
    deviation = np.sqrt(np.maximum(running_mean(value**2, length) - mean**2, 0.0))
    step = np.abs(np.diff(value, axis=2))
    is_changing = np.where(np.isnan(step), np.nan, step > 0)
    return [mean, deviation, running_mean(step, length - 1), running_mean(is_changing, length - 1)]


def distance_from_earlier(statistic: Floats, length: int) -> Floats:
    """|newest - median of the places that share no sample with it|, float64[job, channel]."""
    earlier = statistic[..., :-length]
    if earlier.shape[2] < MIN_EARLIER:
        return np.full(statistic.shape[:2], np.nan)
    is_known = np.isfinite(earlier).sum(axis=2) >= MIN_EARLIER
    return np.where(is_known, np.abs(statistic[..., -1] - masked_median(earlier)), np.nan)


def masked_median(value: Floats) -> Floats:
    """Median over the last axis without NaN; NaN where nothing is left."""
    ordered = np.sort(value, axis=-1)
    count = np.isfinite(value).sum(axis=-1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    high = np.take_along_axis(ordered, count // 2, axis=-1)
    return np.asarray((low + high)[..., 0] / 2)


def change_evidence(measured: Floats, scale: Floats) -> Floats:
    """Geometric mean of the ratios of measures to what is common, each within exp(+-LARGEST_LOG).

    Args:
        measured: float64[job, channel, measure].
        scale: float64[channel, measure], NaN = nothing is known of this measure, which is left out.

    Returns:
        float64[job, channel]; NaN where no measure exists.
    """
    ratio = np.maximum(measured / scale, np.exp(-LARGEST_LOG))
    return np.asarray(np.exp(masked_mean(np.minimum(np.log(ratio), LARGEST_LOG))))

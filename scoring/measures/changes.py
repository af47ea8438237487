"""How the newest samples of a window differ from the recording and from the samples before them.

For channels that were calibrated on a recording: it says what is usual and how large a difference is common.
It says nothing of levels, which may be others in flight or in another season (ADR 0042); the window's own
earlier samples say what is usual now. Arrays are float64[job, channel, time], NaN = missing sample.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from scoring.measures.masked import masked_mean, running_mean

Floats = npt.NDArray[np.float64]
Range = tuple[float, float]
"""Sampling intervals that constants were fitted to, from and to, in seconds."""

CHANGE_LENGTHS: Final = (20, 60, 100)
"""Samples that count as the newest."""
STATISTICS: Final = ("mean", "deviation", "change", "changing_share")
CHANGES: Final = tuple(f"{name}_{length}" for length in CHANGE_LENGTHS for name in STATISTICS)
"""Measures of both families, in order."""
CHANGE_FAMILIES: Final = ("statistics", "change")
"""Against the recording; against the earlier samples of the window."""
MIN_EARLIER: Final = 10
"""Places of a statistic in the earlier part of the window from which its usual value is known."""
LARGEST_LOG: Final = 2.5
"""Of one measure's ratio to what is common: no single one decides without bound."""
LEAST_EVIDENCE: Final = float(np.exp(-LARGEST_LOG))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChanges:
    """What a recording says of one channel; NaN = unknown, that measure is left out."""

    usual: Floats
    """float64[measure], median of the newest statistics."""
    common: Floats
    """float64[family, measure], how large a distance is common."""
    intervals_s: Range | None = None
    """None = unknown, of a recording that was calibrated before format 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCalibration:
    """What a recording says of its channels."""

    channels: Mapping[str, ChannelChanges]
    """By `subsystem.channel`."""
    thresholds: Mapping[int, float]
    """By number of channels of a subsystem, evidence that scores the threshold of an anomalous verdict."""

    def of_subsystem(self, subsystem: str, channels: Sequence[str]) -> list[ChannelChanges] | None:
        """Constants of each channel if the recording held all of them, else None."""
        names = [f"{subsystem}.{channel}" for channel in channels]
        if not all(name in self.channels for name in names) or len(names) not in self.thresholds:
            return None
        return [self.channels[name] for name in names]


def parse_changes(values: Mapping[str, Any] | None) -> ChangeCalibration:
    """Build the constants from a calibration file's `changes`; ValueError if made for other measures."""
    if values is None:
        return ChangeCalibration(channels={}, thresholds={})
    if values["measures"] != list(CHANGES):
        raise ValueError("its measures of change are not this version's")
    return ChangeCalibration(
        channels={name: parse_channel(channel) for name, channel in values["channels"].items()},
        thresholds={int(count): threshold for count, threshold in values["thresholds"].items()},
    )


def parse_channel(values: Mapping[str, Any]) -> ChannelChanges:
    """Build one channel's constants; null = unknown."""
    return ChannelChanges(
        usual=np.array(values["usual"], dtype=np.float64),
        common=np.array(values["common"], dtype=np.float64),
        intervals_s=parse_range(values.get("intervals_s")),
    )


def parse_range(values: Sequence[float] | None) -> Range | None:
    """Read a range of intervals; None stays unknown, ValueError if it is none."""
    if values is None:
        return None
    low, high = map(float, values)
    if not 0 < low <= high < np.inf:
        raise ValueError(f"intervals_s {values} are no range of seconds")
    return low, high


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentStatistics:
    """Statistics of the newest samples, float64[job, channel, measure]; NaN where the window is too short."""

    newest: Floats
    from_earlier: Floats
    """Distance from the median over those places of the window that share no sample with the newest."""

    @classmethod
    def measure(cls, value: Floats) -> Self:
        """Measure float64[job, channel, time]; a gap of over half of a statistic's samples makes it NaN."""
        mean = masked_mean(value)
        newest, distances = [], []
        for length in CHANGE_LENGTHS:
            for name, moving in zip(
                STATISTICS, moving_statistics(value - mean[..., None], length), strict=True
            ):
                last = moving[..., -1] if moving.shape[2] else np.full(mean.shape, np.nan)
                newest.append(last + mean if name == "mean" else last)
                distances.append(distance_from_earlier(moving, length))
        return cls(newest=np.stack(newest, axis=2), from_earlier=np.stack(distances, axis=2))

    def distances(self, usual: Floats) -> Floats:
        """float64[job, channel, family, measure], of CHANGE_FAMILIES; usual is float64[channel, measure]."""
        return np.stack([np.abs(self.newest - usual), self.from_earlier], axis=2)


def moving_statistics(value: Floats, length: int) -> list[Floats]:
    """STATISTICS of every `length` consecutive samples.

    From float64[job, channel, time] to float64[job, channel, time - length + 1] each; NaN where more than
    half of the samples are missing, no column where the window is shorter.
    """
    if value.shape[2] < length:
        return [np.empty((*value.shape[:2], 0))] * len(STATISTICS)
    mean = running_mean(value, length)
    deviation = np.sqrt(np.maximum(running_mean(value**2, length) - mean**2, 0.0))
    step = np.abs(np.diff(value, axis=2))
    is_changing = np.where(np.isnan(step), np.nan, step > 0)
    return [mean, deviation, running_mean(step, length - 1), running_mean(is_changing, length - 1)]


def distance_from_earlier(statistic: Floats, length: int) -> Floats:
    """|newest - median of the places that share no sample with it|, float64[job, channel].

    `statistic` is float64[job, channel, place] of a moving window of `length` samples; NaN = too few earlier
    places.
    """
    earlier = statistic[..., :-length]
    if earlier.shape[2] < MIN_EARLIER:
        return np.full(statistic.shape[:2], np.nan)
    is_known = np.isfinite(earlier).sum(axis=2) >= MIN_EARLIER
    return np.where(is_known, np.abs(statistic[..., -1] - masked_median(earlier)), np.nan)


def masked_median(value: Floats) -> Floats:
    """Median over the last axis without NaN, float64[..., n] to float64[...]; NaN where nothing is left."""
    ordered = np.sort(value, axis=-1)
    count = np.isfinite(value).sum(axis=-1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    high = np.take_along_axis(ordered, count // 2, axis=-1)
    return np.asarray((low + high)[..., 0] / 2)


def change_evidence(recent: RecentStatistics, channels: Sequence[ChannelChanges]) -> Floats:
    """Geometric mean of each family's distances over what is common, each ratio within exp(+-LARGEST_LOG).

    Returns:
        float64[job, channel, family] of CHANGE_FAMILIES; NaN while the window has no earlier part.
    """
    common = np.stack([channel.common for channel in channels])
    distances = recent.distances(np.stack([channel.usual for channel in channels]))
    logs = np.log(np.maximum(distances / common, LEAST_EVIDENCE))
    evidence = np.exp(masked_mean(np.minimum(logs, LARGEST_LOG)))
    return np.asarray(np.where(np.isfinite(evidence).all(axis=2, keepdims=True), evidence, np.nan))

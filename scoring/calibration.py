"""The constants of a model version: what is usual for each channel, and what they were fitted to.

A set of constants serves an interval band: what a window measures depends on how long it lasts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from scoring.forecast_bands import Widths, parse_widths
from scoring.measures.changes import ChangeCalibration, Range, parse_changes, parse_range
from scoring.measures.windows import ABSENCE_WIDTH, MEASURES, Indices

Floats = npt.NDArray[np.float64]

CALIBRATED_LENGTHS: Final = (10, 20, 40, 64)
"""Window lengths with constants of their own; of a window the longest one that it fills is judged."""
CALIBRATION_FORMAT: Final = 3
"""Each channel's constants by band of intervals. 2, which knows one band, and 1, which does not say what it
was fitted to, are read too."""
BOUNDED_FORMAT: Final = 2
"""From it on a channel without fitting constants is not judged in the pipeline."""
MEASURE_NAMES: Final = [f"{family}.{name}" for family, name in MEASURES]
FORMER_MEASURES: Final = [name for name in MEASURE_NAMES if not name.startswith("statistics.largest_")]
"""Of formats 1 and 2."""
MISSING_RUN: Final = "statistics.missing_run"
MISSING_SHARE: Final = "statistics.missing_share"
"""What files of before measured in its place: the share of all steps without a sample."""
EVERY_INTERVAL: Final[Range] = (0.0, np.inf)
UNTOLD_INTERVAL_S: Final = 1.0
"""What a window that says nothing of its interval is taken for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCalibration:
    """What is usual for one channel on nominal data; first axes = band, CALIBRATED_LENGTHS."""

    noise: Floats
    """float64[band], smallest error that is expected of a prediction, in the channel's unit."""
    low: Floats
    """float64[band, length, measure], reached from below by 1 in 1,000 nominal windows; NaN = not fitted."""
    usual: Floats
    """float64[band, length, measure], median."""
    high: Floats
    """float64[band, length, measure], exceeded by 1 in 1,000 nominal windows."""
    family_scale: Floats
    """float64[band, length, family], evidence exceeded by 1 in 1,000 nominal windows."""
    reference: Floats
    """float64[band, subsequence, step], mean-centred nominal subsequences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubsystemCalibration:
    """How a subsystem's evidence becomes its score, float64[band, length] each."""

    threshold: Floats
    """Evidence that scores ANOMALY_THRESHOLD."""
    steepness: Floats
    """Exponent of evidence / threshold in the score's odds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Constants of a model version; a channel that has none is judged against itself."""

    channels: Mapping[str, ChannelCalibration]
    """By `subsystem.channel`."""
    subsystems: Mapping[str, SubsystemCalibration]
    changes: ChangeCalibration
    """Of channels that were calibrated on a recording; these win."""
    band_widths: Widths
    """Of forecast bands; all other bands here are interval bands."""
    format: int
    """From BOUNDED_FORMAT on a channel without fitting constants is not judged in the pipeline."""
    bands_s: tuple[Range, ...]
    """Intervals that each band of `channels` and `subsystems` was fitted to; they join one another."""
    hash: str
    """SHA-256 of the file, hexadecimal."""

    @property
    def intervals_s(self) -> Range | None:
        """What `channels` were fitted to; None = unknown."""
        low, high = self.bands_s[0][0], self.bands_s[-1][1]
        return None if (low, high) == EVERY_INTERVAL else (low, high)


CHANNEL_CONSTANTS: Final = tuple(field.name for field in fields(ChannelCalibration))
SUBSYSTEM_CONSTANTS: Final = tuple(field.name for field in fields(SubsystemCalibration))


def band_index(interval_s: Floats, bands_s: Sequence[Range]) -> Indices:
    """Pick the band of each interval, int64[job, channel]; beyond the outer ones the next.

    An unknown interval, 0, of a channel that ceased, is that of the job's slowest channel.
    """
    index = np.searchsorted([high for _, high in bands_s[:-1]], interval_s)
    return np.where(interval_s > 0, index, index.max(axis=1, keepdims=True))


def parse_calibration(document: Mapping[str, Any], digest: str) -> Calibration:
    """Build the constants from the file's content."""
    version = document.get("format", 1)
    if version not in range(1, CALIBRATION_FORMAT + 1):
        raise ValueError(f"its format is {version!r} where {CALIBRATION_FORMAT} is the newest")
    fitted = document.get("fitted", {})
    is_banded = version == CALIBRATION_FORMAT
    bands_s = (
        parse_bands(fitted["bands_s"])
        if is_banded
        else (parse_range(fitted.get("intervals_s")) or EVERY_INTERVAL,)
    )
    content = document if is_banded else as_one_band(document)
    measures = [MISSING_RUN if name == MISSING_SHARE else name for name in content["measures"]]
    if measures != (MEASURE_NAMES if is_banded else FORMER_MEASURES):
        raise ValueError("its measures are not this version's")
    channels = {name: _channel(values, len(bands_s)) for name, values in content["channels"].items()}
    if MISSING_SHARE in content["measures"]:
        channels = {name: _with_missing_run(channel) for name, channel in channels.items()}
    return Calibration(
        channels=channels,
        subsystems={name: _subsystem(values, len(bands_s)) for name, values in content["subsystems"].items()},
        changes=parse_changes(document.get("changes")),
        band_widths=parse_widths(document.get("band_widths")),
        format=version,
        bands_s=bands_s,
        hash=digest,
    )


def parse_bands(values: Sequence[Sequence[float]]) -> tuple[Range, ...]:
    """Read the bands; ValueError where one does not begin at the end of the one before."""
    bands_s = tuple(_range(band) for band in values)
    if not bands_s or any(low != high for (_, high), (low, _) in pairwise(bands_s)):
        raise ValueError(f"bands_s {values} do not join one another")
    return bands_s


def as_one_band(document: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the content of a file of format 1 or 2 into that of a newer one."""
    channels = {name: _one_band_of_channel(values) for name, values in document["channels"].items()}
    subsystems = {
        name: {key: [constants] for key, constants in values.items()}
        for name, values in document["subsystems"].items()
    }
    return {"measures": document["measures"], "channels": channels, "subsystems": subsystems}


def _one_band_of_channel(values: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a channel's constants out by band and by today's measures; NaN = not fitted."""
    places = [MEASURE_NAMES.index(name) for name in FORMER_MEASURES]
    found = {key: np.asarray(constants, np.float64)[np.newaxis] for key, constants in values.items()}
    for key in ("low", "usual", "high"):
        limits = np.full((*found[key].shape[:2], len(MEASURE_NAMES)), np.nan)
        limits[..., places] = found[key]
        found[key] = limits
    return found


def _range(values: Sequence[float]) -> Range:
    found = parse_range(values)
    if found is None:
        raise ValueError("a band needs two intervals")
    return found


def _channel(values: Mapping[str, Any], bands: int) -> ChannelCalibration:
    return ChannelCalibration(**_arrays(values, CHANNEL_CONSTANTS, bands))


def _with_missing_run(channel: ChannelCalibration) -> ChannelCalibration:
    """Put what is usual of MISSING_RUN, known without data, in the place of what was of MISSING_SHARE."""
    place = MEASURE_NAMES.index(MISSING_RUN)
    limits = {"low": channel.low.copy(), "usual": channel.usual.copy(), "high": channel.high.copy()}
    for values, limit in zip(limits.values(), (-ABSENCE_WIDTH, 0.0, ABSENCE_WIDTH), strict=True):
        values[..., place] = limit
    return replace(channel, **limits)


def _subsystem(values: Mapping[str, Any], bands: int) -> SubsystemCalibration:
    return SubsystemCalibration(**_arrays(values, SUBSYSTEM_CONSTANTS, bands))


def _arrays(values: Mapping[str, Any], names: Sequence[str], bands: int) -> dict[str, Floats]:
    arrays = {name: np.asarray(values[name], np.float64) for name in names}
    if any(len(array) != bands for array in arrays.values()):
        raise ValueError(f"its constants are not for {bands} bands")
    return arrays

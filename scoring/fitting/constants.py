"""Fitting the constants of the score to nominal windows, simulated or stored, one interval band at a time.

Windows come by length, one entry for each of CALIBRATED_LENGTHS.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.calibration import (
    CALIBRATED_LENGTHS,
    CALIBRATION_FORMAT,
    CHANNEL_CONSTANTS,
    MEASURE_NAMES,
    SUBSYSTEM_CONSTANTS,
    ChannelCalibration,
    SubsystemCalibration,
)
from scoring.measures.changes import Range
from scoring.measures.windows import (
    ABSENCE_WIDTH,
    MEASURES,
    SUBSEQUENCE_STEPS,
    WINDOW_FAMILIES,
    Windows,
    centred_subsequences,
    measure_windows,
)
from scoring.window_score import LARGEST_EVIDENCE, family_evidence, raw_evidence, subsystem_evidence
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD

Floats = npt.NDArray[np.float64]

RARE = 1e-3
"""Share of nominal windows beyond limits of measures, scales of families, thresholds without their margin."""
MEDIAN_SCORE = 0.15
"""What the median nominal window scores."""
REFERENCE_ROWS = 48
NOISE_QUANTILE = 0.1
LEAST_THRESHOLD = 0.5
"""Smallest evidence that scores the threshold: constant telemetry has none of its own."""
THRESHOLD_MARGIN = 1.1
"""The threshold lies so far above the evidence that 1 in 1,000 fitted verdicts of a subsystem exceeds: there
are several subsystems, and other days than the fitted ones."""
LARGEST_THRESHOLD = 0.95 * LARGEST_EVIDENCE / len(WINDOW_FAMILIES)
"""What one family alone can still reach."""
MEDIAN_SHARES = (0.01, 0.9)
"""Between which shares of the threshold the median counts: the steepness stays finite."""
LEAST_LOG_WIDTH, LEAST_SHARE_WIDTH, LEAST_MEAN_WIDTH = 0.15, 0.05, 3.0
"""Smallest distance from the usual to the rare: logarithms, shares, means in units of the noise."""
SHARES = ("changing_share", "newest_changing_share")
MEANS = ("mean", "newest_mean")


def reference_subsequences(values: Floats, rng: np.random.Generator) -> Floats:
    """Pick subsequences far from each other (farthest first) among float64[window, time].

    Returns float64[REFERENCE_ROWS, SUBSEQUENCE_STEPS], mean-centred; zeros where no subsequence is complete.
    """
    rows = centred_subsequences(values[:, None]).reshape(-1, SUBSEQUENCE_STEPS)
    rows = rows[np.isfinite(rows).all(axis=1)]
    if not len(rows):  # never so many samples in a row
        return np.zeros((REFERENCE_ROWS, SUBSEQUENCE_STEPS))
    return farthest_first(rows[rng.permutation(len(rows))[:4000]])


def farthest_first(rows: Floats) -> Floats:
    """Pick REFERENCE_ROWS of float64[row, SUBSEQUENCE_STEPS], each one far from those before; first zeros."""
    chosen = [np.zeros(SUBSEQUENCE_STEPS)]
    distance = (rows**2).sum(axis=1)
    for _ in range(REFERENCE_ROWS - 1):
        chosen.append(rows[distance.argmax()])
        distance = np.minimum(distance, ((rows - chosen[-1]) ** 2).sum(axis=1))
    return np.stack(chosen)


def expected_noise(series: Windows) -> Floats:
    """Error that nine in ten nominal windows exceed, float64[channel]."""
    squared = np.where(series.is_predicted, (series.value - series.step_mean) ** 2, np.nan)
    error = np.sqrt(np.nanmean(squared, axis=2))
    size = np.nanmax(np.abs(series.value), axis=(0, 2))
    return np.asarray(np.maximum(np.quantile(error, NOISE_QUANTILE, axis=0), 1e-5 * size + 1e-9))


def measure_limits(measured: Floats, noise: Floats) -> tuple[Floats, Floats, Floats]:
    """Low, usual, high of float64[window, channel, measure], each float64[channel, measure]."""
    low, usual, high = np.nanquantile(measured, [RARE / 2, 0.5, 1 - RARE / 2], axis=0)
    least = least_widths(noise, LEAST_LOG_WIDTH)
    return np.minimum(low, usual - least), usual, np.maximum(high, usual + least)


def least_widths(noise: Floats, log_width: float) -> Floats:
    """Smallest distance from the usual to the rare, of logarithms as told; float64[channel, measure]."""
    least = np.full((noise.size, len(MEASURES)), log_width)
    for index, (_, name) in enumerate(MEASURES):
        if name in SHARES:
            least[:, index] = LEAST_SHARE_WIDTH
        elif name == "missing_run":
            least[:, index] = ABSENCE_WIDTH
        elif name in MEANS:
            least[:, index] = LEAST_MEAN_WIDTH * noise
    return least


def fit_channels(
    series: Mapping[int, Windows], reference_values: Floats, *, seed: int
) -> list[ChannelCalibration]:
    """Fit a band's constants of every channel to nominal windows; family scales are left at 1.

    Args:
        series: Windows by length, each float64[window, channel, time].
        reference_values: float64[window, channel, time], from which nominal subsequences are picked.
        seed: Of the choice among them.
    """
    channel_count = reference_values.shape[1]
    rng = np.random.default_rng(seed)
    reference = [
        reference_subsequences(reference_values[:, channel], rng) for channel in range(channel_count)
    ]
    noise = expected_noise(series[CALIBRATED_LENGTHS[-1]])
    limits = [
        measure_limits(measure_windows(series[length], noise=noise, reference=reference), noise)
        for length in CALIBRATED_LENGTHS
    ]
    low, usual, high = (np.stack(parts, axis=1)[:, None] for parts in zip(*limits, strict=True))
    return [
        ChannelCalibration(
            noise=noise[channel : channel + 1],
            low=low[channel],
            usual=usual[channel],
            high=high[channel],
            family_scale=np.ones((1, len(CALIBRATED_LENGTHS), len(WINDOW_FAMILIES))),
            reference=reference[channel][None],
        )
        for channel in range(channel_count)
    ]


def scale_families(
    channels: Sequence[ChannelCalibration], series: Mapping[int, Windows]
) -> list[ChannelCalibration]:
    """Set each family's scale to the evidence that one in 1,000 nominal windows exceeds."""
    scales = np.stack(
        [
            np.maximum(np.quantile(raw_evidence(series[length], channels, (0, index)), 1 - RARE, axis=0), 1.0)
            for index, length in enumerate(CALIBRATED_LENGTHS)
        ],
        axis=1,
    )
    return [
        replace(channel, family_scale=scale[None]) for channel, scale in zip(channels, scales, strict=True)
    ]


def fit_threshold(evidence_by_length: Sequence[Floats]) -> SubsystemCalibration:
    """Threshold and steepness of the score for each length of one band, from evidence float64[window]."""
    rare = np.array([[np.quantile(evidence, 1 - RARE) for evidence in evidence_by_length]])
    threshold = np.clip(THRESHOLD_MARGIN * rare, LEAST_THRESHOLD, LARGEST_THRESHOLD)
    median = np.array([[np.median(evidence) for evidence in evidence_by_length]])
    return SubsystemCalibration(threshold=threshold, steepness=steepness_of(median, threshold))


def steepness_of(median: Floats, threshold: Floats) -> Floats:
    """Exponents of evidence / threshold that let the median evidence score MEDIAN_SCORE.

    All float64[band, length].
    """
    odds = np.log(ANOMALY_THRESHOLD / (1 - ANOMALY_THRESHOLD)) - np.log(MEDIAN_SCORE / (1 - MEDIAN_SCORE))
    return np.asarray(odds / -np.log(np.clip(median / threshold, *MEDIAN_SHARES)))


def evidence_by_length(channels: Sequence[ChannelCalibration], series: Mapping[int, Windows]) -> list[Floats]:
    """Evidence of a subsystem for each calibrated length, float64[window] each."""
    return [
        subsystem_evidence(family_evidence(series[length], channels, (0, index)))
        for index, length in enumerate(CALIBRATED_LENGTHS)
    ]


def fit_subsystem(
    limits: Mapping[int, Windows],
    thresholds: Mapping[int, Windows],
    reference_values: Floats,
    *,
    seed: int,
) -> tuple[list[ChannelCalibration], SubsystemCalibration]:
    """Fit one band of a subsystem: the constants of each channel, threshold and steepness.

    What is rare is told from windows that the limits were not fitted to, both nominal and by length;
    the reference, float64[window, channel, time], may be part of the limits' windows.
    """
    fitted = scale_families(fit_channels(limits, reference_values, seed=seed), thresholds)
    return fitted, fit_threshold(evidence_by_length(fitted, thresholds))


Constants = tuple[Mapping[str, ChannelCalibration], Mapping[str, SubsystemCalibration]]
"""Of channels, by `subsystem.channel`, and of subsystems."""


def calibration_document(
    fitted: Mapping[str, Any], bands_s: Sequence[Range], bands: Sequence[Constants]
) -> dict[str, Any]:
    """Content of a calibration; `fitted` says what its constants rest on beside the bands of intervals."""
    channels, subsystems = zip(*bands, strict=True)
    return {
        "format": CALIBRATION_FORMAT,
        "fitted": {**fitted, "bands_s": [list(band_s) for band_s in bands_s]},
        "measures": MEASURE_NAMES,
        "lengths": list(CALIBRATED_LENGTHS),
        "subsystems": side_by_side(subsystems, SUBSYSTEM_CONSTANTS),
        "channels": side_by_side(channels, CHANNEL_CONSTANTS),
    }


def side_by_side(bands: Sequence[Mapping[str, Any]], constants: Sequence[str]) -> dict[str, Any]:
    """Put the bands' constants side by side, with six significant digits; by name."""
    return {
        name: {
            key: six_digits(np.concatenate([getattr(band[name], key) for band in bands]).tolist())
            for key in constants
        }
        for name in bands[0]
    }


def six_digits(value: Any) -> Any:
    """Round every number of nested lists to six significant digits."""
    if isinstance(value, list):
        return [six_digits(item) for item in value]
    return float(f"{value:.6g}")

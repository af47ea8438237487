"""Fit the constants of the score to nominal telemetry: `python -m training.calibrate --model DIR`."""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis_server.calibration import (
    CALIBRATED_LENGTHS,
    CALIBRATION_FILE,
    CALIBRATION_FORMAT,
    CHANNEL_CONSTANTS,
    MEASURE_NAMES,
    SUBSYSTEM_CONSTANTS,
    ChannelCalibration,
    SubsystemCalibration,
)
from analysis_server.changes import Range
from analysis_server.measures import (
    MEASURES,
    SUBSEQUENCE_STEPS,
    WINDOW_FAMILIES,
    Windows,
    centred_subsequences,
    measure_windows,
)
from analysis_server.scoring import family_evidence, raw_evidence, subsystem_evidence
from telemetry_core.inferences import ANOMALY_THRESHOLD
from training.calibration_windows import (
    BANDS_S,
    Plan,
    StepPredictor,
    intervals_within,
    nominal_windows,
)
from training.families import Series
from training.nominal import subsystem_features

Floats = npt.NDArray[np.float64]

REPOSITORY = Path(__file__).parents[1] / "model_repository"
RARE = 1e-3
"""Share of nominal windows beyond limits of measures, scales of families, thresholds without their margin."""
THRESHOLD_MARGIN = 1.1
"""The threshold lies so far above the evidence that 1 in 1,000 fitted verdicts of a subsystem exceeds: there
are four subsystems, and other days than the fitted ones."""
SEEDS_PER_BAND, THRESHOLD_SEEDS, REFERENCE_SEEDS = 1_000, 200_000, 400_000
MEDIAN_SCORE = 0.15
"""What the median nominal window scores."""
REFERENCE_ROWS = 48
NOISE_QUANTILE = 0.1
LEAST_LOG_WIDTH, LEAST_SHARE_WIDTH, LEAST_MEAN_WIDTH = 0.15, 0.05, 3.0
"""Smallest distance from the usual to the rare: logarithms, shares, means in units of the noise."""
LEAST_MISSING_WIDTH = 0.04
"""Simulated nominal windows miss none: a channel that ceased is found within a dozen of its intervals."""
SHARES = ("changing_share", "newest_changing_share")
MEANS = ("mean", "newest_mean")


def reference_subsequences(values: Floats, rng: np.random.Generator) -> Floats:
    """Pick subsequences far from each other (farthest first) among float64[window, time]."""
    rows = centred_subsequences(values[:, None]).reshape(-1, SUBSEQUENCE_STEPS)
    rows = rows[np.isfinite(rows).all(axis=1)]
    rows = rows[rng.permutation(len(rows))[:4000]]
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
    least = np.full_like(usual, LEAST_LOG_WIDTH)
    for index, (_, name) in enumerate(MEASURES):
        if name in SHARES:
            least[:, index] = LEAST_SHARE_WIDTH
        elif name == "missing_share":
            least[:, index] = LEAST_MISSING_WIDTH
        elif name in MEANS:
            least[:, index] = LEAST_MEAN_WIDTH * noise
    return np.minimum(low, usual - least), usual, np.maximum(high, usual + least)


def fit_channels(
    series: Mapping[int, Windows], reference_values: Floats, *, seed: int
) -> list[ChannelCalibration]:
    """Constants of a band for every channel, from nominal windows by length; family scales are left at 1."""
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
    odds = np.log(ANOMALY_THRESHOLD / (1 - ANOMALY_THRESHOLD)) - np.log(MEDIAN_SCORE / (1 - MEDIAN_SCORE))
    rare = np.array([[np.quantile(evidence, 1 - RARE) for evidence in evidence_by_length]])
    median = np.array([[np.median(evidence) for evidence in evidence_by_length]])
    threshold = THRESHOLD_MARGIN * rare
    return SubsystemCalibration(threshold=threshold, steepness=odds / np.log(threshold / median))


def evidence_by_length(channels: Sequence[ChannelCalibration], series: Mapping[int, Windows]) -> list[Floats]:
    """Evidence float64[window] of a subsystem for each calibrated length."""
    return [
        subsystem_evidence(family_evidence(series[length], channels, (0, index)))
        for index, length in enumerate(CALIBRATED_LENGTHS)
    ]


Constants = tuple[dict[str, ChannelCalibration], dict[str, SubsystemCalibration]]
"""Of channels and of subsystems."""


def fit_band(predict: StepPredictor, plan: Plan, band_s: Range) -> Constants:
    """Fit all constants of one band; the windows for limits, thresholds and references have other seeds."""
    longest, intervals_s = CALIBRATED_LENGTHS[-1], intervals_within(band_s, plan.recordings)
    limits, thresholds, references = (
        nominal_windows(plan.shifted(seeds), longest, intervals_s)
        for seeds in (0, THRESHOLD_SEEDS, REFERENCE_SEEDS)
    )
    channels: dict[str, ChannelCalibration] = {}
    subsystems: dict[str, SubsystemCalibration] = {}
    for subsystem, features in subsystem_features().items():
        fitted, limit = fit_subsystem(
            by_length(predict, limits[subsystem]),
            by_length(predict, thresholds[subsystem]),
            references[subsystem].astype(float),
            seed=plan.seed,
        )
        subsystems[subsystem] = limit
        channels |= {f"{subsystem}.{name}": channel for name, channel in zip(features, fitted, strict=True)}
    return channels, subsystems


def by_length(predict: StepPredictor, windows: Series) -> dict[int, Windows]:
    """The beginnings of float32[window, channel, time] as windows of each calibrated length."""
    return {length: predict(windows[..., :length]) for length in CALIBRATED_LENGTHS}


def fit_subsystem(
    limits: Mapping[int, Windows], thresholds: Mapping[int, Windows], references: Floats, *, seed: int
) -> tuple[list[ChannelCalibration], SubsystemCalibration]:
    """Fit one band of a subsystem, each part to windows of its own; the first two by length."""
    channels = scale_families(fit_channels(limits, references, seed=seed), thresholds)
    return channels, fit_threshold(evidence_by_length(channels, thresholds))


def calibrate(model: Path, plan: Plan) -> dict[str, Any]:
    """Fit the constants of every band, each to recordings of its own seeds."""
    predict = StepPredictor(model / "model.onnx")
    bands = []
    for number, band_s in enumerate(BANDS_S):
        started = time.monotonic()
        bands.append(fit_band(predict, plan.shifted(SEEDS_PER_BAND * number), band_s))
        print("{:g} to {:g} s: {:.0f} s".format(*band_s, time.monotonic() - started), flush=True)
    return document(plan, BANDS_S, bands)


def document(plan: Plan, bands_s: Sequence[Range], bands: Sequence[Constants]) -> dict[str, Any]:
    """The calibration file's content."""
    channels, subsystems = zip(*bands, strict=True)
    return {
        "format": CALIBRATION_FORMAT,
        "fitted": {"data": "simulated nominal telemetry", "bands_s": [list(band_s) for band_s in bands_s]},
        "seed": plan.seed,
        "measures": MEASURE_NAMES,
        "lengths": list(CALIBRATED_LENGTHS),
        "subsystems": joined(subsystems, SUBSYSTEM_CONSTANTS),
        "channels": joined(channels, CHANNEL_CONSTANTS),
    }


def joined(bands: Sequence[Mapping[str, Any]], constants: Sequence[str]) -> dict[str, Any]:
    """Put the bands' constants side by side, with DIGITS significant digits; by name."""
    return {
        name: {
            key: rounded(np.concatenate([getattr(band[name], key) for band in bands]).tolist())
            for key in constants
        }
        for name in bands[0]
    }


def rounded(value: Any) -> Any:
    """Round every number of nested lists and mappings to six significant digits."""
    if isinstance(value, Mapping):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.6g}")


def main() -> None:
    """Write calibration.json beside the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--model", type=Path, default=REPOSITORY / "lstm_timeseries" / "1", help="folder of model.onnx"
    )
    parser.add_argument(
        "--recordings", type=int, default=Plan().recordings, help="simulated recordings per band"
    )
    arguments = parser.parse_args()
    content = calibrate(arguments.model, Plan(recordings=arguments.recordings))
    path = arguments.model / CALIBRATION_FILE
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()

"""Fit the constants of the score to nominal telemetry: `python -m training.calibrate --model DIR`."""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from analysis_server.judging.calibration_file import CALIBRATION_FILE
from scoring.calibration import CALIBRATED_LENGTHS, ChannelCalibration, SubsystemCalibration
from scoring.fitting.constants import Constants, calibration_document, fit_subsystem
from scoring.measures.changes import Range
from scoring.measures.windows import Windows
from training.data.calibration_windows import (
    BANDS_S,
    Extent,
    StepPredictor,
    intervals_within,
    nominal_windows,
)
from training.data.families import Series
from training.data.nominal import subsystem_features

REPOSITORY = Path(__file__).parents[1] / "model_repository"
SEEDS_PER_BAND, THRESHOLD_SEEDS, REFERENCE_SEEDS = 1_000, 200_000, 400_000


def fit_band(predict: StepPredictor, extent: Extent, band_s: Range) -> Constants:
    """Fit all constants of one band; the windows for limits, thresholds and references have other seeds."""
    longest, intervals_s = CALIBRATED_LENGTHS[-1], intervals_within(band_s, extent.recordings)
    limits, thresholds, references = (
        nominal_windows(extent.shifted(seeds), longest, intervals_s)
        for seeds in (0, THRESHOLD_SEEDS, REFERENCE_SEEDS)
    )
    channels: dict[str, ChannelCalibration] = {}
    subsystems: dict[str, SubsystemCalibration] = {}
    for subsystem, features in subsystem_features().items():
        fitted, subsystems[subsystem] = fit_subsystem(
            by_length(predict, limits[subsystem]),
            by_length(predict, thresholds[subsystem]),
            references[subsystem].astype(float),
            seed=extent.seed,
        )
        channels |= {f"{subsystem}.{name}": channel for name, channel in zip(features, fitted, strict=True)}
    return channels, subsystems


def by_length(predict: StepPredictor, windows: Series) -> dict[int, Windows]:
    """The beginnings of float32[window, channel, time] as windows of each calibrated length."""
    return {length: predict(windows[..., :length]) for length in CALIBRATED_LENGTHS}


def calibrate(model: Path, extent: Extent) -> dict[str, Any]:
    """Fit the constants of every band, each to recordings of its own seeds."""
    predict = StepPredictor(model / "model.onnx")
    bands = []
    for number, band_s in enumerate(BANDS_S):
        started = time.monotonic()
        bands.append(fit_band(predict, extent.shifted(SEEDS_PER_BAND * number), band_s))
        print("{:g} to {:g} s: {:.0f} s".format(*band_s, time.monotonic() - started), flush=True)
    fitted = {"data": "simulated nominal telemetry", "seed": extent.seed}
    return calibration_document(fitted, BANDS_S, bands)


def main() -> None:
    """Write calibration.json beside the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--model", type=Path, default=REPOSITORY / "lstm_timeseries" / "1", help="folder of model.onnx"
    )
    parser.add_argument(
        "--recordings", type=int, default=Extent().recordings, help="simulated recordings per band"
    )
    arguments = parser.parse_args()
    content = calibrate(arguments.model, Extent(recordings=arguments.recordings))
    path = arguments.model / CALIBRATION_FILE
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()

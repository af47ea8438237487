"""Fit the constants of the score to nominal telemetry: `python -m training.calibrate --model DIR`."""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis_server.fitting import calibration_document, fit_subsystem
from analysis_server.scoring import CALIBRATED_LENGTHS, CALIBRATION_FILE, ChannelCalibration
from training.calibration_windows import INTERVALS_S, Plan, StepPredictor, nominal_windows
from training.nominal import subsystem_features

REPOSITORY = Path(__file__).parents[1] / "model_repository"


def calibrate(model: Path, plan: Plan) -> dict[str, Any]:
    """Fit all constants; the windows for limits, thresholds and references come from different seeds."""
    predict = StepPredictor(model / "model.onnx")
    data = [{n: nominal_windows(plan.shifted(shift), n) for n in CALIBRATED_LENGTHS} for shift in (0, 1000)]
    references = nominal_windows(replace(plan, recordings=8, seed=plan.seed + 2000), CALIBRATED_LENGTHS[-1])
    channels: dict[str, ChannelCalibration] = {}
    subsystems: dict[str, Any] = {}
    for subsystem, features in subsystem_features().items():
        started = time.monotonic()
        limits, thresholds = (
            {length: predict(windows[subsystem]) for length, windows in part.items()} for part in data
        )
        fitted, subsystems[subsystem] = fit_subsystem(
            limits, thresholds, references[subsystem].astype(float), seed=plan.seed
        )
        channels |= {f"{subsystem}.{name}": channel for name, channel in zip(features, fitted, strict=True)}
        print(f"{subsystem}: {len(features)} channels in {time.monotonic() - started:.0f} s", flush=True)
    fitted_to = {
        "data": "simulated nominal telemetry",
        "intervals_s": [min(INTERVALS_S), max(INTERVALS_S)],
        "seed": plan.seed,
    }
    return calibration_document(fitted_to, channels, subsystems)


def main() -> None:
    """Write calibration.json beside the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--model", type=Path, default=REPOSITORY / "lstm_timeseries" / "1", help="folder of model.onnx"
    )
    parser.add_argument(
        "--recordings", type=int, default=Plan().recordings, help="simulated recordings per interval"
    )
    arguments = parser.parse_args()
    content = calibrate(arguments.model, Plan(recordings=arguments.recordings))
    path = arguments.model / CALIBRATION_FILE
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()

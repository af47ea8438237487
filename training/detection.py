"""False alarms and detected faults of a calibrated model: `python -m training.detection --model DIR`."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis_server.judging.calibration_file import load_calibration
from scoring.calibration import EVERY_INTERVAL, Calibration
from scoring.scores import Scores
from scoring.window_score import score_windows
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD
from training.calibrate import REPOSITORY
from training.data.calibration_windows import Extent, StepPredictor, nominal_windows
from training.data.families import Series
from training.data.nominal import SATELLITES, Sampling, faulty_recording, subsystem_features
from training.evaluation.report import table, write_report

HELD_OUT_SEED = 90_000
INTERVALS_S = (0.1, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0)
LENGTHS = (10, 25, 64)
FAULTS = {
    "spike": "aocs",
    "drift": "eps",
    "stuck": "aocs",
    "noise": "comm",
    "dropout": "thermal",
    "low_battery": "eps",
    "overheating": "thermal",
    "thruster": "aocs",
}
LENGTH = 64
Flags = npt.NDArray[np.bool_]
FAULT_S = 120.0
"""Verdicts up to this long after the start of the fault are looked at, and VERDICTS samples at least."""
VERDICTS = 24
"""Windows per satellite and fault, spread over FAULT_S."""


class Detector:
    """A model version with its constants."""

    def __init__(self, model: Path) -> None:
        self._predict = StepPredictor(model / "model.onnx")
        self._calibration: Calibration = load_calibration(model)
        self._features = subsystem_features()

    @property
    def intervals_s(self) -> list[float]:
        """Those of INTERVALS_S that the constants cover."""
        low, high = self._calibration.intervals_s or EVERY_INTERVAL
        return [interval_s for interval_s in INTERVALS_S if low <= interval_s <= high]

    def score(self, windows: Series, subsystem: str, interval_s: float) -> Scores:
        """Score float32[job, channel, time], sampled every `interval_s`."""
        series = self._predict(windows)
        return score_windows(
            windows,
            series.step_mean.astype(np.float32),
            series.step_std.astype(np.float32),
            subsystem=subsystem,
            channels=self._features[subsystem],
            calibration=self._calibration,
            interval_s=np.full(windows.shape[:2], interval_s),
        )


def false_alarms(detector: Detector, extent: Extent) -> dict[str, dict[str, float]]:
    """Share of nominal verdicts above the threshold, by subsystem and window length, over all intervals."""
    rates: dict[str, dict[str, float]] = {}
    for length in LENGTHS:
        flags: dict[str, list[Flags]] = {}
        for number, interval_s in enumerate(detector.intervals_s):
            for subsystem, windows in nominal_windows(
                extent.shifted(1_000 * number), length, [interval_s]
            ).items():
                score = detector.score(windows, subsystem, interval_s).score
                flags.setdefault(subsystem, []).append(score > ANOMALY_THRESHOLD)
        for subsystem, parts in flags.items():
            rates.setdefault(subsystem, {})[str(length)] = float(np.concatenate(parts).mean())
    return rates


def detected(detector: Detector, fault: str, subsystem: str, interval_s: float) -> dict[str, float]:
    """Shares of satellites and of verdicts flagged during a fault."""
    after = min(max(round(FAULT_S / interval_s), VERDICTS), 240)
    sampling = Sampling(seed=HELD_OUT_SEED + 500, interval_s=interval_s, steps=LENGTH + after)
    recording = faulty_recording(sampling, f"{fault}@{LENGTH * interval_s}")[subsystem]
    ends = np.unique(np.linspace(LENGTH + 1, LENGTH + after, VERDICTS).astype(int))
    windows = np.concatenate([recording[:, :, end - LENGTH : end] for end in ends])
    scores = detector.score(windows, subsystem, interval_s)
    flagged = (scores.score > ANOMALY_THRESHOLD).reshape(ends.size, SATELLITES)
    return {"satellites": float(flagged.any(axis=0).mean()), "verdicts": float(flagged.mean())}


def detection_table(detector: Detector) -> dict[str, dict[str, dict[str, float]]]:
    """Detection of every kind of fault at its default size, by sampling interval in seconds."""
    return {
        kind: {
            str(interval_s): detected(detector, kind, subsystem, interval_s)
            for interval_s in detector.intervals_s
        }
        for kind, subsystem in FAULTS.items()
    }


def page(model: Path, figures: Mapping[str, Any]) -> list[str]:
    """The figures as Markdown."""
    alarms = [
        (name, *(f"{rate:.2%}" for rate in by_length.values()))
        for name, by_length in figures["false_alarms"].items()
    ]
    intervals_s = list(figures["faults"]["spike"])
    faults = [
        (kind, FAULTS[kind], *(f"{f['satellites']:.0%} / {f['verdicts']:.0%}" for f in by_interval.values()))
        for kind, by_interval in figures["faults"].items()
    ]
    return [
        f"# Score with {model.parent.name} version {model.name}\n",
        f"Held-out simulated telemetry, {figures['windows']} nominal windows per figure.\n",
        "## False alarms per nominal verdict (aim 0.1 %), by window length\n",
        *table(("subsystem", *map(str, LENGTHS)), alarms),
        "\n## Faults of default size, by sampling interval\n",
        f"Satellites flagged / share of the verdicts, within {FAULT_S:.0f} s, {VERDICTS} samples at least.\n",
        *table(("fault", "subsystem", *(f"{interval_s} s" for interval_s in intervals_s)), faults),
    ]


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--model", type=Path, default=REPOSITORY / "lstm_timeseries" / "1", help="folder of model.onnx"
    )
    parser.add_argument("--recordings", type=int, default=30, help="nominal recordings per interval")
    arguments = parser.parse_args()
    extent = Extent(seed=HELD_OUT_SEED, recordings=arguments.recordings)
    detector = Detector(arguments.model)
    figures = {
        "windows": extent.recordings * extent.windows * len(detector.intervals_s),
        "false_alarms": false_alarms(detector, extent),
        "faults": detection_table(detector),
    }
    lines = page(arguments.model, figures)
    print("\n".join(lines))
    write_report(f"{arguments.model.parent.name}-score-{arguments.model.name}", figures, lines)


if __name__ == "__main__":
    main()

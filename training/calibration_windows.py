"""Nominal windows for the constants of the score, with the model's step predictions."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnxruntime

from analysis_server.measures import Windows
from training.families import Series
from training.nominal import Sampling, nominal_recording

INTERVALS_S = (0.5, 1.0, 2.0, 3.0, 5.0)
STEP_OUTPUTS = ("STEP_MEAN", "STEP_STD")
ROWS_PER_RUN = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many recordings and windows the constants rest on."""

    seed: int = 5_000
    recordings: int = 40
    """Per interval."""
    windows: int = 60
    """Per recording."""

    def shifted(self, seeds: int) -> "Plan":
        """The same amount of other data."""
        return replace(self, seed=self.seed + seeds)


class StepPredictor:
    """The model's step predictions, in bounded batches."""

    def __init__(self, path: Path) -> None:
        self._session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def __call__(self, windows: Series) -> Windows:
        """Predict the steps of float32[job, channel, time]."""
        rows = windows.reshape(-1, windows.shape[2])
        starts = range(0, len(rows), ROWS_PER_RUN)
        parts = [
            self._session.run(STEP_OUTPUTS, {"INPUT": rows[first : first + ROWS_PER_RUN]}) for first in starts
        ]
        mean, std = (np.concatenate(column).reshape(windows.shape) for column in zip(*parts, strict=True))
        return Windows.build(windows, mean, std)


def nominal_windows(plan: Plan, length: int) -> dict[str, Series]:
    """Windows at random places of simulated recordings, per subsystem float32[window, channel, length]."""
    rng = np.random.default_rng([plan.seed, length])
    windows: dict[str, list[Series]] = {}
    for number in range(plan.recordings * len(INTERVALS_S)):
        interval_s = INTERVALS_S[number % len(INTERVALS_S)]
        recording = nominal_recording(
            Sampling(seed=plan.seed + number, interval_s=interval_s, steps=5 * length)
        )
        satellites = rng.integers(0, next(iter(recording.values())).shape[0], plan.windows)
        steps = rng.integers(0, 4 * length, (plan.windows, 1)) + np.arange(length)
        for subsystem, series in recording.items():
            cut = series[satellites[:, None], :, steps]
            windows.setdefault(subsystem, []).append(cut.transpose(0, 2, 1))
    return {subsystem: np.concatenate(parts) for subsystem, parts in windows.items()}

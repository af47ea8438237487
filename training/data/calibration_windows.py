"""Nominal windows for the constants of the score, with the model's step predictions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime

from scoring.measures.changes import Range
from scoring.measures.windows import Windows
from training.data.families import Series
from training.data.nominal import Sampling, nominal_recording

BANDS_S: tuple[Range, ...] = tuple(pairwise((0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 240.0)))
"""Sampling intervals that share constants: what a window measures depends on how long it lasts."""
BAND_MARGIN = 1.03
"""Recordings reach so far beyond a band, for satellites that sample at its edge."""
HALF_MINUTE_S = 30.0
STEP_OUTPUTS = ("STEP_MEAN", "STEP_STD")
ROWS_PER_RUN = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How many recordings and windows the constants of a band rest on."""

    seed: int = 5_000
    recordings: int = 60
    windows: int = 50
    """Per recording."""

    def shifted(self, seeds: int) -> "Extent":
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


def intervals_within(band_s: Range, recordings: int) -> list[float]:
    """Spread recordings over a band, equally many in each octave, in an order unlike that of their days.

    Of slow bands every second one samples at whole half minutes, as telemetry does: there the cycles of a
    spacecraft may alias.
    """
    low, high = band_s
    intervals_s = np.geomspace(low / BAND_MARGIN, high * BAND_MARGIN, recordings).round(6)
    if low >= HALF_MINUTE_S:
        intervals_s[::2] = np.clip((intervals_s[::2] / HALF_MINUTE_S).round() * HALF_MINUTE_S, low, high)
    order = np.random.default_rng(BANDS_S.index(band_s))
    return [float(one) for one in order.permutation(intervals_s)]


def nominal_windows(extent: Extent, length: int, intervals_s: Sequence[float]) -> dict[str, Series]:
    """Windows at random places of simulated recordings, the next one at the next of the intervals.

    Returns:
        Per subsystem float32[window, channel, length].
    """
    rng = np.random.default_rng(extent.seed)
    windows: dict[str, list[Series]] = {}
    for number in range(extent.recordings):
        interval_s = intervals_s[number % len(intervals_s)]
        recording = nominal_recording(
            Sampling(seed=extent.seed + number, interval_s=interval_s, steps=5 * length)
        )
        satellites = rng.integers(0, next(iter(recording.values())).shape[0], extent.windows)
        steps = rng.integers(0, 4 * length, (extent.windows, 1)) + np.arange(length)
        for subsystem, series in recording.items():
            cut = series[satellites[:, None], :, steps]
            windows.setdefault(subsystem, []).append(cut.transpose(0, 2, 1))
    return {subsystem: np.concatenate(parts) for subsystem, parts in windows.items()}

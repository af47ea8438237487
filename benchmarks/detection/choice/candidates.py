"""A family of evidence that the retrospective scan could have besides its own; suite choice weighs it.

The served model's errors at each step.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from scoring.measures.masked import running_mean
from scoring.measures.recordings import (
    STATISTICS_LENGTHS,
    Floats,
    on_grid,
    scan_measures,
    standardised,
)
from training.calibrate import REPOSITORY
from training.data.calibration_windows import StepPredictor

MODEL: Final = REPOSITORY / "lstm_timeseries" / "1" / "model.onnx"
HISTORY: Final = 128
"""Samples before a predicted one, at least, but at the beginning."""


def candidate_measures(
    channel: Floats, first_judged: int, predict: StepPredictor
) -> dict[str, Sequence[Floats]]:
    """Measures of the scan's families and of the candidate, float64[grid] each; no NaN."""
    return {
        **scan_measures(channel, first_judged),
        "forecast": forecast_measures(standardised(channel), predict),
    }


def forecast_measures(value: Floats, predict: StepPredictor) -> list[Floats]:
    """Root mean square error of the model's predictions over windows of several lengths, float64[grid] each.

    `value` is float64[time], standardised, without NaN.
    """
    length = 2 * HISTORY
    starts = np.unique(np.append(np.arange(0, value.size - length, HISTORY), value.size - length))
    rows = np.stack([value[start : start + length] for start in starts]).astype(np.float32)
    errors = (rows - predict(rows[:, None]).step_mean[:, 0]) ** 2
    squared = np.empty(value.size)
    for start, row in zip(starts, errors, strict=True):
        known = HISTORY if start else 0
        squared[start + known : start + length] = row[known:]
    return [
        on_grid(np.sqrt(running_mean(squared[None, None], steps)[0, 0]), steps, value.size)
        for steps in STATISTICS_LENGTHS
    ]

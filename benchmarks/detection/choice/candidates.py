"""Families of evidence that the retrospective scan could have besides its own; suite choice weighs them.

Distances to the nearest other subsequence, and the served model's errors at each step.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from scoring.measures.masked import running_mean
from scoring.measures.recordings import (
    STATISTICS_LENGTHS,
    Floats,
    filled,
    neighbour_distance,
    on_grid,
    scan_measures,
    standardised,
    windows_usable,
)
from training.calibrate import REPOSITORY
from training.data.calibration_windows import StepPredictor

MODEL: Final = REPOSITORY / "lstm_timeseries" / "1" / "model.onnx"
SUBSEQUENCE_LENGTH: Final = 100
FLATNESS: Final = 0.05
"""Share of the channel's deviation that is added to a subsequence's own before dividing by it."""
HISTORY: Final = 128
"""Samples before a predicted one, at least, but at the beginning."""


def candidate_measures(
    channel: Floats, first_judged: int, predict: StepPredictor
) -> dict[str, Sequence[Floats]]:
    """Measures of the scan's families and of the candidates, float64[grid] each; no NaN."""
    value = standardised(channel)
    return {
        **scan_measures(channel, first_judged),
        "subsequence": subsequence_measures(value, first_judged),
        "forecast": forecast_measures(value, predict),
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


def subsequence_measures(value: Floats, first_judged: int) -> list[Floats]:
    """Distance to the nearest other subsequence, mean-centred, and with its deviation removed as well.

    float64[grid] each; `value` is float64[time], standardised.
    """
    length = SUBSEQUENCE_LENGTH
    cut = np.lib.stride_tricks.sliding_window_view(filled(value), length).astype(np.float32)
    centred = cut - cut.mean(axis=1, keepdims=True)
    shape = centred / (centred.std(axis=1, keepdims=True) + np.float32(FLATNESS))
    usable = windows_usable(value, length, first_judged)
    return [
        neighbour_distance(rows, usable, length=length, neighbour=1, samples=value.size)
        for rows in (centred, shape)
    ]

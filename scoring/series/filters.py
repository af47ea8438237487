"""Filters through which a nominal series looks like noise without outliers.

Arrays are float64[row, time] in time order, one row per channel of a job.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SPIKE_SHARE: Final = 0.9
"""Share of the largest ordinary deviation that is a deviation's least scale: heavy tails are no outliers."""
STEP_SHARE: Final = 0.4
"""The same of what lasts: noise has no steps."""
MEAN_STEPS: Final = 3
LINE_WEIGHTS: Final = np.array([-0.3, -0.05, 0.2, 0.45, 0.7])
"""Of five samples: value of their line half a step after the last one."""
LEAST_FOR_LINES: Final = 20


@dataclass(frozen=True, slots=True)
class Filtered:
    """A filter's answer."""

    value: Floats
    """float64[row, place]."""
    reach: int
    """One odd sample shows in places no further apart than this."""
    gain: float
    """Deviation of the answer to independent noise of deviation 1."""
    share_of_step: float = SPIKE_SHARE
    least_abrupt: float = 0.0
    """Smallest `abruptness` of what stands out, in parts of it."""
    centre: int = 0
    """Place among the second differences that belongs to the answer's first one."""


def filtered(series: Floats, change: Floats) -> list[Filtered]:
    """Apply every filter that has enough samples to float64[row, time].

    `change` is its differences, float64[row, time - 1].
    """
    second = np.diff(change, axis=1)
    fourth = np.diff(second, n=2, axis=1)
    answers = [
        Filtered(series, 1, 1.0),
        Filtered(change, 1, 2**0.5, STEP_SHARE),
        Filtered(second, 2, 6**0.5, least_abrupt=0.4),
        Filtered(fourth, 4, 70**0.5, least_abrupt=0.15, centre=1),
    ]
    if series.shape[1] < LEAST_FOR_LINES:
        return answers
    sums = series[:, :-2] + series[:, 1:-1] + series[:, 2:]
    level = (sums[:, MEAN_STEPS:] - sums[:, :-MEAN_STEPS]) / MEAN_STEPS
    fives = np.lib.stride_tricks.sliding_window_view(series, len(LINE_WEIGHTS), axis=1)
    before, after = (fives * LINE_WEIGHTS).sum(axis=2), (fives * LINE_WEIGHTS[::-1]).sum(axis=2)
    line = after[:, len(LINE_WEIGHTS) :] - before[:, : -len(LINE_WEIGHTS)]
    return [
        *answers,
        Filtered(level, 2, (2 / 3) ** 0.5, STEP_SHARE, least_abrupt=0.5, centre=1),
        Filtered(line, 5, 1.65**0.5, STEP_SHARE, least_abrupt=0.5, centre=3),
    ]

"""Stretches of a series that are frozen or missing, and those in which a signal rests by its nature.

Arrays are float64[row, time] in time order, one row per series.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LEAST_CHANGES: Final = 4
"""So many changes make a series one that changes."""
LEAST_REPEATED: Final = 0.08
"""Smallest chance of a repeated or missing sample that is assumed."""
LEAST_REST: Final = 3
"""Samples of a pause."""
EQUAL_STEPS: Final = 1.5
USUAL_SHARE: Final = 0.5
"""Of all other samples: what is the usual value may last."""


def frozen_statistic(series: Floats) -> Floats:
    """How unlikely the longest run of repeated samples is, from how often samples repeat outside it.

    From float64[row, time] without NaN to float64[row]; 0 where a signal may rest so.
    """
    change = np.diff(series, axis=1)
    is_changing = np.count_nonzero(change, axis=1) >= LEAST_CHANGES
    statistic = np.where(is_changing, run_statistic(change == 0), 0.0)
    for row in np.flatnonzero(statistic > 1):
        if is_resting(series[row]):
            statistic[row] = 0.0
    return statistic


def missing_statistic(present: Flags) -> Floats:
    """How unlikely the longest run of missing samples since the first one is.

    From bool[row, time] to float64[row].
    """
    begun = np.logical_or.accumulate(present, axis=1)
    return run_statistic(begun & ~present, begun)


def is_resting(series: Floats) -> bool:
    """Tell of float64[time] whether its longest run of equal samples is a rest.

    That is at its usual value, or at the edge of its range: left again, at zero, at an edge where it rested
    before, or reached by ever slower steps of a converter.
    """
    starts = np.concatenate([[0], np.flatnonzero(np.diff(series)) + 1, [len(series)]])
    lengths = np.diff(starts)
    levels = series[starts[:-1]]
    longest = int(lengths.argmax())
    level = levels[longest]
    others = len(series) - lengths[longest]
    if (np.count_nonzero(series == level) - lengths[longest]) >= USUAL_SHARE * others:
        return True
    is_edge = (levels == series.min()) | (levels == series.max())
    if not is_edge[longest]:
        return False
    rests = np.count_nonzero(is_edge & (lengths >= LEAST_REST))
    if longest < len(lengths) - 1:
        return bool(level == 0 or rests > 1 or longest == 0)
    return bool(level == 0 or rests > 1 or _is_settled(levels, lengths))


def _is_settled(levels: Floats, lengths: npt.NDArray[np.intp]) -> bool:
    """Tell whether the last of the runs was reached from a lasting one by the smallest step."""
    steps = np.abs(np.diff(levels))
    return bool(lengths[-2] >= LEAST_REST and steps[-1] <= EQUAL_STEPS * steps.min())


def run_statistic(flags: Flags, counted: Flags | None = None) -> Floats:
    """-log of the chance of the longest run of flags, over log(places).

    From bool[row, place] to float64[row]; only places that are `counted`, bool[row, place], enter.
    """
    places = flags.shape[1] if counted is None else counted.sum(axis=1)
    run = longest_run(flags)
    others = places - run
    chance = np.maximum((flags.sum(axis=1) - run + 2) / (others + 2), LEAST_REPEATED)
    return np.asarray(-run * np.log(chance) / np.log(places))


def longest_run(flags: Flags) -> npt.NDArray[np.int64]:
    """Length of the longest run of True in bool[row, place], int64[row]."""
    counts = np.cumsum(flags, axis=1)
    at_gap = np.maximum.accumulate(np.where(flags, 0, counts), axis=1)
    return np.asarray((counts - at_gap).max(axis=1))

"""Forms of nominal signals that look like faults: counters that wrap, switches, steps of a converter.

Arrays are float64[row, time] in time order without gaps, one row per series.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.measures.masked import lower_median

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ROUNDING: Final = 8 * np.finfo(np.float64).eps
LEAST_AT_LEVEL: Final = 1 / 8
LEAST_SWITCHES: Final = 3
MOST_LEVELS: Final = 4
FAR_LEVEL: Final = 3.0
"""Gap between two of a few levels, in the next largest one, that makes a fault of them."""
LEAST_WRAP: Final = 3.0
"""A wrap is so many times the largest count between two samples."""
LEAST_RISES: Final = 3
FEW_CHANGES: Final = 2
"""So many changes are one fault in a line that else is flat."""
LEAST_LASTING: Final = 3
LEAST_KEPT: Final = 0.2
MOST_KEPT: Final = 0.998
FITTING_STEPS: Final = 8
EXPLAINED: Final = 0.1
"""An exponential's differences from the series, in parts of a line's."""
LARGEST_STEP: Final = 0.1
"""Of the values."""
MOST_DIGITS: Final = 13


def unwrapped(values: Floats) -> Floats:
    """Straighten counters: where a series grows or pauses, a fall to its beginning is a wrap.

    From float64[row, time] to float64[row, time]. The beginning is next to 0, or the negative of what it had
    reached (signed numbers, angles).
    """
    change = np.diff(values, axis=1)
    falling = np.where((change > 0).sum(axis=1) < (change < 0).sum(axis=1), -1.0, 1.0)[:, None]
    rising, before, after = falling * change, values[:, :-1], values[:, 1:]
    usual = lower_median(rising)[:, None]
    most = np.where(rising > 0, rising, 0).max(axis=1, keepdims=True)
    from_zero = np.minimum(np.abs(before), np.abs(after)) < 2 * most
    is_wrap = (rising < -LEAST_WRAP * most) & (from_zero | (np.abs(before + after) < 2 * most))
    is_growing = ((rising >= 0) | is_wrap).all(axis=1) & ((rising > 0).sum(axis=1) >= LEAST_RISES)
    is_counter = is_growing & is_wrap.any(axis=1)
    straight = np.where(is_wrap, falling * usual, change).cumsum(axis=1)
    grown = np.concatenate([values[:, :1], values[:, :1] + straight], axis=1)
    return np.where(is_counter[:, None], grown, values)


def relaxed(values: Floats) -> Floats:
    """Subtract an exponential from signals that settle (cooling, charging), where it explains nearly all.

    From float64[row, time] to float64[row, time].
    """
    change = np.diff(values, axis=1)
    energy = (change[:, :-1] ** 2).sum(axis=1)
    product = (change[:, :-1] * change[:, 1:]).sum(axis=1)
    share = np.divide(product, energy, out=np.zeros(len(values)), where=energy > 0)
    rest = values.copy()
    for row in np.flatnonzero((share > LEAST_KEPT) & (share < 1)):
        rest[row] = _without_exponential(values[row], float(share[row]))
    return rest


def _without_exponential(series: Floats, kept: float) -> Floats:
    """Differences of float64[time] from its best exponential, `kept` of which is left after a sample."""
    steps = np.arange(len(series))
    for _ in range(FITTING_STEPS):
        decay = kept**steps
        slope = steps * decay / kept
        base = np.stack([np.ones(len(series)), decay, slope], axis=1)
        _, size, move = np.linalg.lstsq(base, series, rcond=None)[0]
        if size == 0:
            return series
        kept = float(np.clip(kept + move / size, LEAST_KEPT, MOST_KEPT))
    base = np.stack([np.ones(len(series)), kept**steps], axis=1)
    rest = series - base @ np.linalg.lstsq(base, series, rcond=None)[0]
    line = series - np.polyval(np.polyfit(steps, series, 1), steps)
    is_explained = np.abs(rest).sum() < EXPLAINED * np.abs(line).sum()
    return rest if is_explained else series


def levelled(values: Floats) -> Floats:
    """Subtract the level from signals that switch between two, each being the usual one for a while.

    From float64[row, time] to float64[row, time].
    """
    ordered = np.sort(values, axis=1)
    gaps = np.diff(ordered, axis=1)
    rows, below = np.arange(len(values)), gaps.argmax(axis=1)
    spread = np.maximum(ordered[rows, below] - ordered[:, 0], ordered[:, -1] - ordered[rows, below + 1])
    is_high = values > ordered[rows, below][:, None]
    is_switching = (
        (gaps[rows, below] > 2 * spread)
        & (np.count_nonzero(np.diff(is_high, axis=1), axis=1) >= LEAST_SWITCHES)
        & (np.abs(is_high.mean(axis=1) - 0.5) <= 0.5 - LEAST_AT_LEVEL)
    )
    low = lower_median(np.where(is_high, np.nan, values))[:, None]
    high = np.nan_to_num(lower_median(np.where(is_high, values, np.nan)))[:, None]
    flattened = np.where(is_switching[:, None], values - np.where(is_high, high, low), values)
    flattened[_has_few_levels(values, gaps)] = 0.0
    return flattened


def _has_few_levels(values: Floats, gaps: Floats) -> Flags:
    """Tell where a series changes between a few values of which none lies far off; bool[row].

    `gaps`: float64[row, time - 1] between its values in order.
    """
    largest = np.sort(gaps, axis=1)[:, ::-1]
    levels = np.count_nonzero(gaps, axis=1) + 1
    changes = np.count_nonzero(np.diff(values, axis=1), axis=1)
    is_near = largest[:, 0] <= FAR_LEVEL * largest[:, 1]
    return np.asarray((levels > 2) & (levels <= MOST_LEVELS) & (changes >= LEAST_SWITCHES) & is_near)


def converter_step(series: Floats) -> Floats:
    """Smallest change of each series, float64[row, time] to float64[row]; 0 where nothing changes.

    Where there are only FEW_CHANGES, the step that `step_of_few` finds.
    """
    size = np.abs(np.diff(series, axis=1))
    smallest = np.where(size > 0, size, np.inf).min(axis=1)
    changes = (size > 0).sum(axis=1)
    for row in np.flatnonzero((changes > 0) & (changes <= FEW_CHANGES)):
        smallest[row] = step_of_few(series[row], float(smallest[row]))
    return np.where(changes > 0, smallest, 0.0)


def step_of_few(series: Floats, smallest: float) -> float:
    """Converter's step of a series float64[time] that hardly ever changes.

    Small changes between lasting levels are taken for steps; else the digits of the values tell.
    """
    starts = np.concatenate([[0], np.flatnonzero(np.diff(series)) + 1, [len(series)]])
    steps = np.diff(series)[starts[1:-1] - 1]
    is_stair = len(steps) > 1 and np.ptp(steps) <= ROUNDING * np.abs(series).max()
    is_lasting = np.diff(starts).min() >= LEAST_LASTING
    if is_stair or (is_lasting and smallest <= LARGEST_STEP * np.abs(series).max()):
        return smallest
    return min(resolution(series), smallest)


def resolution(series: Floats) -> float:
    """Value of the last decimal digit in use in float64[time], 1 for whole numbers.

    0 if the digits tell nothing.
    """
    for digits in range(MOST_DIGITS):
        if np.allclose(np.round(series, digits), series, rtol=1e-12, atol=0):
            is_told = digits == 0 or np.median(series) != 0
            return float(10.0**-digits) if is_told else 0.0
    return 0.0

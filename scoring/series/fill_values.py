"""Values that files write for "none", guessed from a series alone; arrays are float64[row, time]."""

from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.measures.masked import lower_median

Floats = npt.NDArray[np.float64]

FILL_VALUES: Final = np.array(
    [sign * value for sign in (-1, 1) for value in (999, 9999, 99999, 999999, 999.25, 9999.9, 99999.9)]
    + [-32768, 32767, 65535, -2147483648, 2147483647, 4294967295, -1e31, 9.969209968386869e36]
)
LARGEST_PLAUSIBLE: Final = 1e20
FILL_DISTANCE: Final = 5.0
"""Ranges of the other samples at which such a value cannot be one of them."""
FILL_SHARE: Final = 0.1
"""The same of their size: 999 beside 998 is a measurement."""
MOST_FILLED: Final = 1 / 3
CLEAR: Final = 4.0
"""Evidence of it, as much as of any test counts."""


def fill_statistic(values: Floats) -> Floats:
    """CLEAR for a few values that files write for "none", far from all others; float64[row]."""
    is_fill = np.isclose(values[..., None], FILL_VALUES, rtol=1e-7, atol=0).any(axis=2)
    is_fill |= np.abs(values) >= LARGEST_PLAUSIBLE
    others = np.where(is_fill, np.nan, values)
    share = is_fill.mean(axis=1)
    if not (share > 0).any():
        return np.zeros(len(values))
    is_known = (share > 0) & (share <= MOST_FILLED)
    middle = lower_median(others)
    around = np.nan_to_num(np.abs(others - middle[:, None]), nan=0.0).max(axis=1)
    distance = np.where(is_fill, np.abs(values - np.nan_to_num(middle)[:, None]), np.inf).min(axis=1)
    least = np.maximum(FILL_DISTANCE * around, FILL_SHARE * np.abs(middle))
    return np.where(is_known & (distance > least), CLEAR, 0.0)

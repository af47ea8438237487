"""Counters that wrap around after a known number of values: their windows without the wraps.

Arrays are float[job, channel, time] in time order, NaN = missing sample.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scoring.measures.masked import lower_median
from scoring.measures.model_units import Numbers
from telemetry_core.contract.channels import Detection

Floats = npt.NDArray[np.float64]


def moduli_of(settings: Sequence[Detection]) -> Floats:
    """Number of values of each channel, infinite where it is no counter; float64[channel]."""
    return np.array([np.inf if setting.modulo is None else setting.modulo for setting in settings])


def straightened(windows: Numbers, moduli: Floats) -> Numbers:
    """Take the wraps out of counters; the newest sample keeps its value, earlier ones may become negative.

    A change of a whole modulo or more is no wrap, and a jump stays one: only the turn is taken that brings a
    change next to the channel's usual one, so that a counter may advance by more than half a modulo.

    Args:
        windows: Values as they were sent.
        moduli: float64[channel], infinite where the channel is no counter: it stays as it is.
    """
    counters = np.flatnonzero(np.isfinite(moduli))
    if not counters.size or windows.shape[2] < 2:
        return windows
    straight = windows.copy()
    straight[:, counters] = _straightened(windows[:, counters].astype(np.float64), moduli[counters, None])
    return straight


def wrapped(forecast: Floats, windows: Numbers, moduli: Floats) -> Floats:
    """Bring forecasts of straightened counters back to the values that the counter has.

    Args:
        forecast: float64[job, channel, step].
        windows: Values as they were sent: one below 0 tells of a signed counter, or an angle around 0.
        moduli: As above.
    """
    is_counter = np.isfinite(moduli)[:, None]
    modulo = np.where(is_counter, moduli[:, None], 1.0)
    is_signed = (windows < 0).any(axis=2, keepdims=True)
    lowest = np.where(is_signed, -modulo / 2, 0.0)
    above = np.remainder(forecast - lowest, modulo)
    above[above == modulo] = 0.0  # what lies a hair below the lowest value is rounded up to a whole modulo
    return np.where(is_counter, lowest + above, forecast)


def _straightened(value: Floats, modulo: Floats) -> Floats:
    """The same of counters alone; `modulo` is float64[channel, 1]."""
    present = np.isfinite(value)
    place = np.maximum.accumulate(np.where(present, np.arange(value.shape[2]), 0), axis=2)
    known = np.take_along_axis(value, place, axis=2)  # a gap repeats the sample before it
    change = np.nan_to_num(np.diff(known, axis=2))
    turn = np.where(np.abs(change) < modulo, modulo, 0.0)
    change -= turn * np.rint(change / modulo)
    usual = np.nan_to_num(lower_median(np.where(present[..., 1:], change, np.nan)))[..., None]
    change += turn * np.rint((usual - change) / modulo)
    # From the newest sample back: it is what the forecast goes on from.
    since = np.cumsum(change[..., ::-1], axis=2)[..., ::-1]
    straight = known[..., -1:] - np.concatenate([since, np.zeros_like(known[..., -1:])], axis=2)
    return np.where(present, straight, np.nan)

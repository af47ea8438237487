"""Between the units of the channels and those of a model, which computes in float32."""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from telemetry_core.contract.tasks import LEAST_SPREAD_SHARE

Numbers = NDArray[np.floating[Any]]

_DIGITS: Final = 6
_LEAST_SPREAD: Final = {np.dtype(np.float32): 0.1, np.dtype(np.float64): 1e-9}
"""Least spread by which is rounded, as a share of the values: what their type can tell of them."""
_FLAT_SHARE: Final = 2.0**-60
"""Scale of a flat series as a share of its value: below its last digit."""
_LEAST_SCALE: Final = 2.0**-1000
"""Below it a quotient of float64 is no longer exact."""
_EXACT_POWER: Final = 22
"""Largest power of ten that float64 holds exactly."""
_round = np.frompyfunc(lambda value, places: round(float(value), int(places)), 2, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUnits:
    """In which unit the model sees each window; float64[job, channel, 1] each."""

    offset: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def of(cls, windows: Numbers) -> Self:
        """Units of float[job, channel, time]: around the first sample, in a power of two of the spread.

        float32 windows are left as they are.
        """
        shape = (*windows.shape[:2], 1)
        if windows.dtype == np.float32:
            return cls(offset=np.zeros(shape), scale=np.ones(shape))
        present = np.isfinite(windows)
        first = present.argmax(axis=2)[..., np.newaxis]
        offset = np.nan_to_num(np.take_along_axis(windows, first, axis=2)).astype(np.float64)
        spread = np.where(present, np.abs(windows - offset), 0.0).max(axis=2, keepdims=True)
        scale = np.where(spread > 0, spread, np.where(offset == 0, 1.0, np.abs(offset)) * _FLAT_SHARE)
        return cls(offset=offset, scale=np.exp2(np.floor(np.log2(np.maximum(scale, _LEAST_SCALE)))))

    @classmethod
    def where_needed(cls, windows: Numbers) -> Self:
        """As `of`, but only where float32 would lose digits of a window's spread; float[job, channel, time].

        Elsewhere the values themselves, to which a calibration's constants were fitted, less the part of the
        first one that float32 can't represent.
        """
        units = cls.of(windows)
        spread = np.where(np.isfinite(windows), np.abs(windows - units.offset), 0.0).max(
            axis=2, keepdims=True
        )
        is_needed = (spread > 0) & (spread < LEAST_SPREAD_SHARE * np.abs(units.offset))
        untold = units.offset - units.offset.astype(np.float32)
        return cls(
            offset=np.where(is_needed, units.offset, untold), scale=np.where(is_needed, units.scale, 1.0)
        )

    def to_model(self, windows: Numbers) -> NDArray[np.float32]:
        """The windows as the model sees them, [job, channel, time]."""
        return np.asarray((windows - self.offset) / self.scale, np.float32)

    def from_model(self, values: Numbers) -> NDArray[np.float64]:
        """The model's values in the channels' units, [job, channel, step]."""
        return values * self.scale + self.offset


def decimal_places(window: Numbers) -> NDArray[np.int64]:
    """Decimal places that hold six digits of each channel's spread in float[channel, time].

    Returns:
        int64[channel], negative = before the point.
    """
    present = np.isfinite(window)
    highest = np.where(present, window, -np.inf).max(axis=1).astype(np.float64)
    lowest = np.where(present, window, np.inf).min(axis=1).astype(np.float64)
    largest = np.maximum(np.abs(highest), np.abs(lowest))
    spread = np.maximum(highest - lowest, _LEAST_SPREAD[window.dtype] * largest)
    is_known = np.isfinite(spread) & (spread > 0)
    magnitude = np.floor(np.log10(np.where(is_known, spread, 1.0)))
    return np.asarray(_DIGITS - 1 - magnitude, np.int64)


def rounded(values: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Round float64[channel, step] to each channel's decimal places; NaN stays."""
    if np.abs(places).max() > _EXACT_POWER:
        return np.asarray(_round(values, places[:, np.newaxis]), np.float64)
    fraction = np.power(10.0, np.maximum(places, 0))[:, np.newaxis]
    whole = np.power(10.0, np.maximum(-places, 0))[:, np.newaxis]
    return np.asarray(np.round(values * fraction / whole) * whole / fraction)

"""How wide the bands of a channel's forecast are: the model's own, times what its past errors ask for.

Split conformal prediction (Lei et al., Distribution-Free Predictive Inference for Regression, JASA 2018): a
channel's factor is a quantile of its standardised errors on nominal telemetry, by distance of the step.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Widths = Mapping[str, Mapping[str, Floats]]
"""By `subsystem.channel` and band, float64[range]: factors of the half width in each of STEP_RANGES."""

BANDS: Final = {"50": 0.674490, "90": 1.644854}
"""Half widths of the bands in standard deviations of a Gaussian."""
STEP_RANGES: Final = (1, 2, 4, 7, 13, 25, 49, 65)
"""Steps of a forecast from each of these on, up to the next, share a factor."""
OTHERS: Final = "*"
"""Stands for every channel without factors of its own."""
_AS_THE_MODEL: Final = {band: np.ones(len(STEP_RANGES) - 1) for band in BANDS}


def parse_widths(values: Mapping[str, Any] | None) -> Widths:
    """Read a calibration file's `band_widths`, float64[range] each; ValueError if one is not positive."""
    return {
        name: {band: _parse_factors(name, by_band[band]) for band in BANDS}
        for name, by_band in (values or {}).items()
    }


def _parse_factors(name: str, values: Sequence[float]) -> Floats:
    factors = np.array(values, dtype=np.float64)
    if factors.shape != (len(STEP_RANGES) - 1,) or not (np.isfinite(factors) & (factors > 0)).all():
        raise ValueError(f"band_widths of {name} are not {len(STEP_RANGES) - 1} positive numbers")
    return factors


def half_widths(widths: Widths, names: Sequence[str], std: Floats) -> dict[str, Floats]:
    """Half width of every band.

    Args:
        widths: Factors; a channel has its own, else those of OTHERS, else 1.
        names: `subsystem.channel` of each channel.
        std: float64[..., channel, step], standard deviation of the forecast error, in the channel's unit.

    Returns:
        As std, by band.
    """
    own = [widths.get(name) or widths.get(OTHERS) or _AS_THE_MODEL for name in names]
    horizon = std.shape[-1]
    return {
        band: half * std * np.stack([at_steps(one[band], horizon) for one in own])
        for band, half in BANDS.items()
    }


def at_steps(factors: Floats, horizon: int) -> Floats:
    """Factors at steps 1 to `horizon`, float64[horizon], from float64[range]."""
    return factors[np.searchsorted(STEP_RANGES, np.arange(1, horizon + 1), side="right") - 1]

"""What a score is: odds of evidence, its shares by channel and family; the confidence of a forecast.

Arrays are [job, channel, ...] in the order of the channels; NaN = missing sample.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.measures.model_units import Numbers
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD

Floats = npt.NDArray[np.float64]

MIN_SAMPLES = 10
CHANNEL_NORM = 8
"""Exponent of the norm over channels: near the maximum, yet several suspicious channels add up."""
_ODDS_AT_THRESHOLD = ANOMALY_THRESHOLD / (1 - ANOMALY_THRESHOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Verdict of each job and why."""

    score: Floats
    """float64[job] in [0, 1], 4 decimals; NaN where fewer than 10 samples exist."""
    contributions: Floats
    """float64[job, channel, family], share in the score, sums to 1; all 0 without evidence."""


def shares_of(parts: Floats) -> Floats:
    """Divide float64[job, channel, family] by each job's sum; a job without any keeps its zeros."""
    total = parts.sum(axis=(1, 2), keepdims=True)
    return np.asarray(np.divide(parts, total, out=np.zeros_like(parts), where=total > 0))


def to_score(evidence: Floats, threshold: Floats | float, steepness: Floats | float) -> Floats:
    """Map evidence to [0, 1], rounded to 4 decimals; `threshold` maps to ANOMALY_THRESHOLD.

    From float64[job] to float64[job]; `threshold` and `steepness` are numbers or float64[job] (ADR 0031).
    """
    odds = _ODDS_AT_THRESHOLD * (evidence / threshold) ** steepness
    return np.round(odds / (1 + odds), 4)


_erf = np.frompyfunc(math.erf, 1, 1)


def confidence(windows: Numbers, forecast_std: Numbers) -> Floats:
    """Probability that the truth lies within one standard deviation of the window around the forecast.

    Args:
        windows: float[job, channel, time], NaN = missing.
        forecast_std: float[job, channel, horizon], standard deviation of the Gaussian forecast error.

    Returns:
        float64[job, channel, horizon] in [0, 1]: erf(deviation / (sqrt 2 forecast_std)), the central mass of
        a Gaussian; 1 where the window never changes, 0 where it holds no sample.
    """
    present = np.isfinite(windows)
    count = np.maximum(present.sum(axis=2, keepdims=True), 1)
    values = np.where(present, windows, 0).astype(np.float64)
    centred = np.where(present, values - values.sum(axis=2, keepdims=True) / count, 0)
    deviation = np.sqrt((centred**2).sum(axis=2, keepdims=True) / count)
    lowest = np.where(present, windows, np.inf).min(axis=2, keepdims=True)
    is_flat = lowest == np.where(present, windows, -np.inf).max(axis=2, keepdims=True)
    least_std = 1e-150
    probability = np.asarray(
        _erf(deviation / (math.sqrt(2) * np.maximum(forecast_std, least_std))), np.float64
    )
    return np.where(is_flat, 1.0, probability)

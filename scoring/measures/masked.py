"""Means, maxima and medians of what is there: NaN = missing."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def running_mean(value: Floats, steps: int) -> Floats:
    """Mean of every `steps` consecutive steps without NaN.

    From float64[job, channel, time] to float64[job, channel, time - steps + 1]; NaN where over half are
    missing.
    """
    present = np.isfinite(value)
    totals = np.cumsum(np.where(present, value, 0.0), axis=2)
    counts = np.cumsum(present, axis=2)
    total = np.concatenate(
        [totals[..., steps - 1 : steps], totals[..., steps:] - totals[..., :-steps]], axis=2
    )
    count = np.concatenate(
        [counts[..., steps - 1 : steps], counts[..., steps:] - counts[..., :-steps]], axis=2
    )
    return np.where(count * 2 >= steps, total / np.maximum(count, 1), np.nan)


def masked_mean(value: Floats) -> Floats:
    """Mean over the last axis without NaN, float64[..., n] to float64[...]; NaN where nothing is left."""
    present = np.isfinite(value)
    count = present.sum(axis=-1)
    total = np.where(present, value, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def masked_max(value: Floats) -> Floats:
    """Maximum over the last axis without NaN, float64[..., n] to float64[...]; NaN where nothing is left."""
    largest = np.where(np.isfinite(value), value, -np.inf).max(axis=-1)
    return np.where(np.isfinite(largest), largest, np.nan)


def lower_median(value: Floats) -> Floats:
    """Lower median over the last axis without NaN, float64[..., n] to [...]; NaN where nothing is left."""
    count = np.isfinite(value).sum(axis=-1, keepdims=True)
    ordered = np.sort(value, axis=-1)
    return np.asarray(np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)[..., 0])

"""Anomaly score of a window from how its newest part differs from its earlier one (changes.py)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scoring.measures.changes import (
    CHANGE_FAMILIES,
    LEAST_EVIDENCE,
    ChannelChanges,
    RecentStatistics,
    change_evidence,
)
from scoring.measures.model_units import Numbers
from scoring.measures.windows import (
    FAMILIES,
)
from scoring.scores import CHANNEL_NORM, Floats, Scores, shares_of, to_score

CHANGE_STEEPNESS = 1.0
"""Log odds grow as the logarithm of the evidence: four decimals tell all of its range apart."""


def score_changes(
    windows: Numbers,
    channels: Sequence[ChannelChanges],
    threshold: float,
    counted: npt.NDArray[np.bool_] | None = None,
) -> Scores:
    """Score float32[job, channel, time] by the recent statistics of its channels.

    A job has no score while its window is too short to have an earlier part (changes.MIN_EARLIER). What the
    mission does not count, bool[job, channel], is least evidence. Smoothing has no part in it: the statistics
    are means already.
    """
    value = np.where(np.isfinite(windows), windows, np.nan).astype(np.float64)
    evidence = change_evidence(RecentStatistics.measure(value), channels)
    if counted is not None:
        evidence = np.where(counted[..., None] | np.isnan(evidence), evidence, LEAST_EVIDENCE)
    total = recent_evidence(evidence)
    contributions = np.zeros((*windows.shape[:2], len(FAMILIES)))
    for family, shares in zip(CHANGE_FAMILIES, np.moveaxis(recent_shares(evidence), 2, 0), strict=True):
        contributions[..., FAMILIES.index(family)] = shares
    return Scores(score=to_score(total, threshold, CHANGE_STEEPNESS), contributions=contributions)


def recent_evidence(evidence: Floats) -> Floats:
    """Geometric mean over families, then the norm over channels; NaN = no channel has evidence.

    float64[job, channel, family] to float64[job].
    """
    fused = np.exp(np.log(evidence).mean(axis=2))
    total = (np.nan_to_num(fused) ** CHANNEL_NORM).sum(axis=1) ** (1 / CHANNEL_NORM)
    return np.asarray(np.where(np.isfinite(fused).any(axis=1), total, np.nan))


def recent_shares(evidence: Floats) -> Floats:
    """Share of each channel and family in a job's evidence; 0 where there is none."""
    known = np.nan_to_num(evidence)
    parts = known * np.exp(np.log(np.maximum(known, 1e-300)).mean(axis=2, keepdims=True)) ** (
        CHANNEL_NORM - 1
    )
    return shares_of(parts)

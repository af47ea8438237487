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
    """Score windows by the recent statistics of their channels.

    A job has no score (NaN) while its window is too short to have an earlier part (changes.MIN_EARLIER). The
    mission's smoothing has no effect: the statistics are means already.

    Args:
        windows: float[job, channel, time], NaN = missing.
        channels: Constants of each channel.
        threshold: Evidence that scores ANOMALY_THRESHOLD.
        counted: bool[job, channel], what the mission counts; the rest is LEAST_EVIDENCE. None: all counts.
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
    """Fuse evidence: geometric mean over families, then the norm over channels.

    From float64[job, channel, family] to float64[job]; NaN = no channel has evidence.
    """
    fused = np.exp(np.log(evidence).mean(axis=2))
    total = (np.nan_to_num(fused) ** CHANNEL_NORM).sum(axis=1) ** (1 / CHANNEL_NORM)
    return np.asarray(np.where(np.isfinite(fused).any(axis=1), total, np.nan))


def recent_shares(evidence: Floats) -> Floats:
    """Share of each channel and family in a job's evidence, float64[job, channel, family]; 0 without any."""
    known = np.nan_to_num(evidence)
    parts = known * np.exp(np.log(np.maximum(known, 1e-300)).mean(axis=2, keepdims=True)) ** (
        CHANNEL_NORM - 1
    )
    return shares_of(parts)

"""Retrospective scan: what in a whole recording is unlike the rest of it.

Unlike a verdict in the pipeline the scan sees both sides of a moment and the whole recording, and needs no
calibration: every measure is set against its own usual peaks in the recording. Each channel is judged alone,
at every STEP-th sample (the grid); a channel's unit and offset do not matter, gaps are no events. Events that
together fill a tenth of a recording become usual in it.

The score finds what lasts or is far off; what differs in shape alone, for a cycle or two, has evidence of its
own, less smoothed and with a higher level (ADR 0044).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from scoring.measures.recordings import (
    LARGEST_LOG_RATIO,
    SCAN_FAMILIES,
    STEP,
    SUBSEQUENCE,
    Floats,
    scan_families,
    usual_peak,
)

SCORE_BLOCK_SAMPLES = 300
SMOOTHED_SAMPLES = 100
SHAPE_SMOOTHED_SAMPLES = 44
SETTLING_SAMPLES = 100
"""Nothing is detected so soon after the first judged sample."""
DROP = 0.7
"""A detection reaches from its peak to where the score has halved (log ratio)."""
WIDEST_SHARE = 0.04
"""Of the judged samples, at most so many belong to one detection."""
HALF_WIDTH_SAMPLES = 40
APART_SAMPLES = 100
MOST_PEAKS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanSettings:
    """When a peak of the score, the smoothed mean log ratio to usual peaks, is detected.

    A threshold on the score alone misses events of channels that are quiet else, one on its distance to the
    channel's usual peaks alarms in them; half way between both does neither (`usual_share`).
    """

    level: float = 0.05
    """The score, less `usual_share` of its usual peaks, reaches this."""
    usual_share: float = 0.6
    secondary: float = 0.5
    """The peak lies at most so far below the channel's highest one."""


NO_LIMIT: Final = 2 * LARGEST_LOG_RATIO
"""As `secondary`: scores lie within LARGEST_LOG_RATIO of 0."""
SHAPE_SETTINGS: Final = ScanSettings(level=0.9, usual_share=0.6, secondary=NO_LIMIT)
"""For the evidence of subsequences alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """A stretch around a local maximum of the score; samples count from the start of the recording."""

    start: int
    end: int
    """Inclusive."""
    peak: int
    score: float
    shares: Mapping[str, float]
    """Of each family in the evidence at the peak; they sum to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelScan:
    """The score of one channel and its candidates for detection."""

    score: Floats
    """float64[grid], smoothed mean log ratio; 0 = as high as usual peaks."""
    usual: float
    """USUAL_QUANTILE of the score's maxima in blocks of SCORE_BLOCK_SAMPLES."""
    peaks: Sequence[Peak]
    """Candidates, highest first."""
    of_shape: Sequence[Peak] = ()
    """Detections by subsequences alone, highest first."""

    def detected(self, settings: ScanSettings) -> list[Peak]:
        """Pick the candidates that the settings take for an event, then those of shape that lie apart."""
        found = self._by_score(settings)
        return [*found, *(peak for peak in self.of_shape if all(lie_apart(peak, other) for other in found))]

    def _by_score(self, settings: ScanSettings) -> list[Peak]:
        """Highest first."""
        least = settings.level + settings.usual_share * self.usual
        if not self.peaks or self.peaks[0].score < least:
            return []
        least = max(least, self.peaks[0].score - settings.secondary)
        return [peak for peak in self.peaks if peak.score >= least]


def scan_recording(
    values: Floats, *, settings: ScanSettings | None = None, first_judged: int = 0
) -> list[list[Peak]]:
    """Detect what is unlike the rest of a recording.

    Args:
        values: float64[time, channel] at an even rate, any unit, NaN = missing.
        settings: When a peak is detected.
        first_judged: Earlier samples (say, known nominal ones) are compared with but not judged; a window
            never reaches across this sample.

    Returns:
        Detections of each channel: those of the score, highest first, then those of shape.

    Raises:
        ValueError: Fewer than MIN_RECORDING_SAMPLES samples.
    """
    chosen = settings or ScanSettings()
    return [
        scan_channel(scan_families(channel, first_judged), first_judged=first_judged).detected(chosen)
        for channel in values.T
    ]


def scan_channel(evidence: Mapping[str, Floats], *, first_judged: int = 0) -> ChannelScan:
    """Find the candidates by the score and the detections by shape; `evidence` is float64[grid] by family."""
    of_shape = fuse_shape(evidence, first_judged=first_judged).detected(SHAPE_SETTINGS)
    return replace(fuse(evidence, first_judged=first_judged), of_shape=of_shape)


def fuse_shape(evidence: Mapping[str, Floats], *, first_judged: int = 0) -> ChannelScan:
    """As `fuse`, of the subsequences alone; `evidence` is float64[grid] by family."""
    return fuse(
        evidence,
        first_judged=first_judged,
        families=(SUBSEQUENCE,),
        smoothed_samples=SHAPE_SMOOTHED_SAMPLES,
    )


def fuse(
    evidence: Mapping[str, Floats],
    *,
    first_judged: int = 0,
    families: Sequence[str] = SCAN_FAMILIES,
    smoothed_samples: int = SMOOTHED_SAMPLES,
) -> ChannelScan:
    """Fuse the families by their mean, smooth, and find the candidates among the judged samples.

    `evidence` is float64[grid] by family.
    """
    smooth = {name: centred_mean(evidence[name], smoothed_samples // STEP) for name in families}
    score = np.mean(list(smooth.values()), axis=0)
    first = -(-first_judged // STEP)
    gap = SETTLING_SAMPLES // STEP
    settled = np.concatenate([score[: max(first - gap, 0)], score[first + gap :]])
    return ChannelScan(
        score=score,
        usual=usual_peak(settled, SCORE_BLOCK_SAMPLES // STEP),
        peaks=[
            as_peak(start, end, top, score=score, smooth=smooth)
            for start, end, top in find_peaks(score, first)
        ],
    )


def centred_mean(series: Floats, steps: int) -> Floats:
    """Centred mean of float64[grid] over an odd number of steps; the ends are extended by their value."""
    padded = np.pad(series, steps // 2, mode="edge")
    return np.convolve(padded, np.full(steps, 1 / steps), mode="valid")


def find_peaks(score: Floats, first: int) -> list[tuple[int, int, int]]:
    """Start, end and top (grid steps) of the highest peaks of float64[grid] that lie apart, highest first."""
    rest = score.copy()
    rest[: first + SETTLING_SAMPLES // STEP] = -np.inf
    apart = APART_SAMPLES // STEP
    found: list[tuple[int, int, int]] = []
    for _ in range(MOST_PEAKS):
        top = int(rest.argmax())
        if rest[top] == -np.inf:
            break
        start, end = reach(score, first, top)
        if all(end + apart < other_start or start - apart > other_end for other_start, other_end, _ in found):
            found.append((start, end, top))
        rest[max(start - apart, 0) : end + apart + 1] = -np.inf
    return found


def reach(score: Floats, first: int, top: int) -> tuple[int, int]:
    """First and last grid step around a peak of float64[grid] before it has dropped by DROP.

    Within the limits of WIDEST_SHARE and HALF_WIDTH_SAMPLES.
    """
    half = max(int(WIDEST_SHARE * (score.size - first) / 2), 1)
    least = HALF_WIDTH_SAMPLES // STEP
    low, high = max(first, top - half), min(score.size - 1, top + half)
    below = low + np.flatnonzero(score[low : high + 1] <= score[top] - DROP)
    before, after = below[below < top], below[below > top]
    start = before[-1] + 1 if before.size else low
    end = after[0] - 1 if after.size else high
    return int(min(start, max(first, top - least))), int(max(end, min(score.size - 1, top + least)))


def lie_apart(one: Peak, other: Peak) -> bool:
    """Tell whether more than APART_SAMPLES lie between two peaks."""
    return one.end + APART_SAMPLES < other.start or one.start - APART_SAMPLES > other.end


def as_peak(start: int, end: int, top: int, *, score: Floats, smooth: Mapping[str, Floats]) -> Peak:
    """Turn grid steps into samples and the families' log ratios into shares.

    `score` is float64[grid], `smooth` the same by family.
    """
    ratios = {name: float(np.exp(evidence[top])) for name, evidence in smooth.items()}
    total = sum(ratios.values())
    return Peak(
        start=start * STEP,
        end=end * STEP + STEP - 1,
        peak=top * STEP,
        score=float(score[top]),
        shares={name: ratio / total for name, ratio in ratios.items()},
    )

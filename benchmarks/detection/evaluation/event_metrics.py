"""How detections are scored: events, samples falsely flagged, and areas under precision and recall.

Event rule: a detected interval that touches a true one is a hit (each true event counts once), an untouched
detection is a false positive, an untouched event a miss; counts are pooled over channels.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.detection.evaluation.recordings import Interval

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
FIGURES = ("tp", "fp", "fn", "f1", "f0_5", "corrected_f0_5", "nominal_flagged")
THRESHOLDS = 250
"""Of the VUS-PR, as in TSB-AD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCounts:
    """Counts of one channel or of many; means of several runs need not be whole."""

    tp: float
    fp: float
    fn: float
    falsely_flagged: float
    """Samples flagged outside true events."""
    nominal: float
    """Samples outside true events."""

    @property
    def precision(self) -> float:
        return self.tp / (self.tp + self.fp) if self.tp else 0.0

    @property
    def recall(self) -> float:
        return self.tp / (self.tp + self.fn) if self.tp else 0.0

    @property
    def nominal_flagged(self) -> float:
        return self.falsely_flagged / self.nominal if self.nominal else 0.0

    @property
    def f1(self) -> float:
        return f_score(self.precision, self.recall, 1.0)

    @property
    def f0_5(self) -> float:
        return f_score(self.precision, self.recall, 0.5)

    @property
    def corrected_f0_5(self) -> float:
        """F0.5 of the precision multiplied by the share of nominal samples left alone."""
        return f_score(self.precision * (1 - self.nominal_flagged), self.recall, 0.5)

    def document(self) -> dict[str, float]:
        """The figures under the names of the report."""
        return {name: round(float(getattr(self, name)), 4) for name in FIGURES}


def f_score(precision: float, recall: float, beta: float) -> float:
    """F score of precision and recall; 0 where both are."""
    weighted = beta**2 * precision + recall
    return (1 + beta**2) * precision * recall / weighted if weighted else 0.0


def pooled(counts: Iterable[EventCounts]) -> EventCounts:
    """Add up the counts of many channels."""
    names = ("tp", "fp", "fn", "falsely_flagged", "nominal")
    rows = [[getattr(count, name) for name in names] for count in counts]
    totals = np.sum(rows, axis=0) if rows else np.zeros(len(names))
    return EventCounts(**dict(zip(names, totals.tolist(), strict=True)))


def count_events(detected: Sequence[Interval], true: Sequence[Interval], samples: int) -> EventCounts:
    """Apply the event rule to one channel; intervals are inclusive."""
    hits = sum(any(touches(event, found) for found in detected) for event in true)
    false = sum(not any(touches(event, found) for event in true) for found in detected)
    nominal = ~mask(true, samples)
    return EventCounts(
        tp=hits,
        fp=false,
        fn=len(true) - hits,
        falsely_flagged=int((mask(detected, samples) & nominal).sum()),
        nominal=int(nominal.sum()),
    )


def touches(one: Interval, other: Interval) -> bool:
    """Tell whether two inclusive intervals share a sample."""
    return one[0] <= other[1] and other[0] <= one[1]


def mask(intervals: Sequence[Interval], samples: int) -> Flags:
    """bool[samples], true inside any interval."""
    inside = np.zeros(samples, dtype=np.bool_)
    for start, end in intervals:
        inside[max(start, 0) : end + 1] = True
    return inside


def average_precision(score: Floats, label: Flags) -> float:
    """Area under precision and recall by steps at every distinct score; float64[time], bool[time]."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(label[order])
    last_of_ties = np.append(np.flatnonzero(np.diff(score[order])), score.size - 1)
    precision = hits[last_of_ties] / (last_of_ties + 1)
    return float((np.diff(hits[last_of_ties], prepend=0) * precision).sum() / hits[-1])


def vus_pr(score: Floats, label: Flags, window: int) -> float:
    """Volume under the surface of precision and recall over buffers of 0 to `window` samples.

    Paparrizos et al., Volume Under the Surface (VLDB 2022), with the constants of TSB-AD: labels are softened
    by sqrt(1 - distance / buffer) over half a buffer on either side; recall is weighted by the share of
    events found; 250 thresholds at even ranks of the score.

    Args:
        score: float64[time], finite; higher = more anomalous.
        label: bool[time], at least one true.
        window: Largest buffer in samples.
    """
    ranked = np.argsort(-score, kind="stable")
    descending = score[ranked]
    thresholds = descending[np.linspace(0, score.size - 1, THRESHOLDS).astype(int)]
    flagged = np.searchsorted(-descending, -thresholds, side="right")
    areas = [buffered_area(score, label, buffer, ranked, thresholds, flagged) for buffer in range(window + 1)]
    return float(np.mean(areas))


def buffered_area(
    score: Floats,
    label: Flags,
    buffer: int,
    ranked: npt.NDArray[np.int64],
    thresholds: Floats,
    flagged: npt.NDArray[np.int64],
) -> float:
    """Area under precision and recall with one buffer.

    Args:
        score: float64[time].
        label: bool[time].
        buffer: Samples.
        ranked: int64[time], order of falling score.
        thresholds: float64[threshold], falling.
        flagged: int64[threshold], how many samples lie at or above each.
    """
    weight = softened(label, buffer)
    hits = np.cumsum(weight[ranked])[flagged - 1]
    buffered = np.cumsum(np.where(label, 0.0, weight)[ranked])[flagged - 1]
    highest = np.array([score[start : end + 1].max() for start, end in regions(label, buffer)])
    found = (highest[:, None] >= thresholds).mean(axis=0)
    recall = np.minimum(hits / (label.sum() + buffered / 2), 1.0) * found
    return float((np.diff(recall, prepend=0.0) * hits / flagged).sum())


def softened(label: Flags, buffer: int) -> Floats:
    """1 inside events, sqrt(1 - distance / buffer) up to half a buffer beside them; float64[time]."""
    weight = label.astype(np.float64)
    distance = np.arange(1, buffer // 2 + 1)
    beside = np.sqrt(1 - distance / max(buffer, 1))
    for start, end in intervals_of(label):
        for steps in (start - distance, end + distance):
            inside = (steps >= 0) & (steps < label.size)
            weight[steps[inside]] += beside[inside]
    return np.minimum(weight, 1.0)


def regions(label: Flags, buffer: int) -> list[Interval]:
    """Events of bool[time] with half a buffer on either side, joined where these meet."""
    half = buffer // 2
    wide = [(max(start - half, 0), min(end + half, label.size - 1)) for start, end in intervals_of(label)]
    joined = [wide[0]]
    for start, end in wide[1:]:
        if start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def intervals_of(label: Flags) -> list[Interval]:
    """First and last sample of every run of true in bool[time]."""
    edges = np.flatnonzero(np.diff(label.astype(np.int8), prepend=0, append=0))
    return [(int(start), int(end) - 1) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def mean_areas(scored: Iterable[tuple[Floats, Flags]], window: int) -> dict[str, float]:
    """Mean VUS-PR and AUC-PR of the channels that hold an event; score and label float64, bool[time]."""
    areas = [
        (vus_pr(score, label, window), average_precision(score, label))
        for score, label in scored
        if label.any()
    ]
    vus, auc = np.mean(areas, axis=0)
    return {"vus_pr": round(float(vus), 4), "auc_pr": round(float(auc), 4)}

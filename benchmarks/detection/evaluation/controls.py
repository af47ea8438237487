"""What a result must be compared with: trivial detectors, and a published run by paired bootstrap."""

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.detection.evaluation.event_metrics import EventCounts, pooled
from benchmarks.detection.evaluation.recordings import Interval, Intervals

RESAMPLES = 2000


def flag_everything(samples: Mapping[str, int]) -> Intervals:
    """One interval over each channel."""
    return {channel: [(0, count - 1)] for channel, count in samples.items()}


def flag_second_half(samples: Mapping[str, int]) -> Intervals:
    return {channel: [(count // 2, count - 1)] for channel, count in samples.items()}


def flag_at_random(samples: Mapping[str, int], like: Intervals, seed: int) -> Intervals:
    """As many intervals of the same lengths as another result has, anywhere in the same channel."""
    generator = np.random.default_rng(seed)
    return {
        channel: [moved(interval, count, generator) for interval in like.get(channel, [])]
        for channel, count in samples.items()
    }


def moved(interval: Interval, count: int, generator: np.random.Generator) -> Interval:
    length = interval[1] - interval[0]
    start = int(generator.integers(0, max(count - length, 1)))
    return start, start + length


def paired_bootstrap(
    ours: Sequence[EventCounts], theirs: Sequence[EventCounts], seed: int = 0
) -> dict[str, float]:
    """Difference of corrected F0.5 over resampled channels: mean, 95 % interval, share above zero."""
    generator = np.random.default_rng(seed)
    differences = []
    for _ in range(RESAMPLES):
        chosen = generator.integers(0, len(ours), len(ours))
        differences.append(
            pooled(ours[index] for index in chosen).corrected_f0_5
            - pooled(theirs[index] for index in chosen).corrected_f0_5
        )
    low, high = np.percentile(differences, [2.5, 97.5])
    return {
        "mean": round(float(np.mean(differences)), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
        "share_above_zero": round(float(np.mean(np.array(differences) > 0)), 4),
    }

"""Faults of several sizes injected into every channel: which are found, and how soon.

Each satellite is judged as often as the default mission judges one that breaks no rule: every tenth sample.
The alarm level of a subsystem is the score that nominal telemetry exceeds in so few episodes that all
subsystems together raise one false alarm per day and satellite.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from training.detection import HELD_OUT_SEED, LENGTH, Detector
from training.families import Series
from training.nominal import Recording, Sampling, fleet_recording, nominal_recording, subsystem_features

from simulator.faults import AFFECTED_CHANNELS, DRIFT_SPANS, NOISE_SPANS, SPIKE_SPANS  # isort: skip

INTERVAL_S = 3.0
CHECK_STEPS = 10
STEPS_PER_DAY = round(86_400 / INTERVAL_S)
FALSE_ALARMS_PER_DAY = 1.0
FAULT_STEPS = 200
"""A fault is looked for this long: 10 minutes."""
SIZES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Of the simulator's usual fault, ascending."""
SPANS = {"spike": SPIKE_SPANS, "drift": DRIFT_SPANS, "noise": NOISE_SPANS}
"""A fault of size 1 in spans: how far the channel usually wanders within an orbit."""
UNSIZED = ("stuck", "dropout")
SATELLITES = 10
"""Per channel and size."""
FOUND_SHARE = 0.9
"""A size is found when this share of the satellites is flagged at it."""
TOP_CONTRIBUTIONS = 3
ROWS_PER_CALL = 200_000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What became of one kind of fault in one channel, at one size."""

    subsystem: str
    channel: str
    """The channel that the fault is about."""
    kind: str
    size: float
    found_share: float
    """Of the satellites."""
    delay_s: float | None
    """Median time from the start of the fault to the first alarm of those found."""
    top_share: float | None
    """Share of the first alarms that name the channel among their three largest contributions."""

    @property
    def is_single_channel(self) -> bool:
        """False for a fault of a whole system."""
        return self.kind not in AFFECTED_CHANNELS


def scores_at_checks(
    detector: Detector, recording: Series, subsystem: str, first: int
) -> tuple[Floats, Floats]:
    """Judge float32[satellite, channel, time] at every tenth step from `first` on.

    Returns:
        score float64[check, satellite] and contributions float64[check, satellite, channel].
    """
    satellites, channels, steps = recording.shape
    ends = np.arange(first, steps + 1, CHECK_STEPS)
    per_call = max(1, ROWS_PER_CALL // (satellites * channels))
    scores, shares = [], []
    for begin in range(0, ends.size, per_call):
        chosen = ends[begin : begin + per_call]
        windows = np.concatenate([recording[:, :, end - LENGTH : end] for end in chosen])
        judged = detector.score(windows, subsystem, INTERVAL_S)
        scores.append(judged.score.reshape(chosen.size, satellites))
        shares.append(judged.contributions.sum(axis=2).reshape(chosen.size, satellites, channels))
    return np.concatenate(scores), np.concatenate(shares)


def episodes_above(level: float, score: Floats) -> int:
    """Runs of consecutive scores above `level` in float64[check, satellite]."""
    above = score > level
    return int(above[0].sum() + (above[1:] & ~above[:-1]).sum())


def alarm_level(score: Floats, episodes: int) -> float:
    """Lowest of the scores [check, satellite] that, as all above it, is exceeded in so few episodes."""
    level = np.inf
    for candidate in np.unique(score[np.isfinite(score)])[::-1]:
        if episodes_above(candidate, score) > episodes:
            break
        level = candidate
    return float(level)


def alarm_levels(detector: Detector, days: int) -> dict[str, float]:
    """Alarm level of each subsystem from `days` days of ten nominal satellites."""
    scores: dict[str, list[Floats]] = {}
    for day in range(days):
        sampling = Sampling(seed=HELD_OUT_SEED + 900 + day, interval_s=INTERVAL_S, steps=STEPS_PER_DAY)
        recording = nominal_recording(sampling)
        for subsystem, series in recording.items():
            scores.setdefault(subsystem, []).append(scores_at_checks(detector, series, subsystem, LENGTH)[0])
        print(f"nominal day {day + 1} of {days}", flush=True)
    satellites = next(iter(recording.values())).shape[0]
    allowed = round(FALSE_ALARMS_PER_DAY * days * satellites / len(scores))
    return {name: alarm_level(np.concatenate(parts, axis=1), allowed) for name, parts in scores.items()}


def faults_of(subsystem: str) -> Iterator[tuple[str, str, tuple[float, ...]]]:
    """Kind, channel and sizes of every fault that the simulator knows for a subsystem."""
    for channel in subsystem_features()[subsystem]:
        for kind in SPANS:
            yield kind, channel, SIZES
        for kind in UNSIZED:
            yield kind, channel, (1.0,)
    for kind, (affected, channels) in AFFECTED_CHANNELS.items():
        if affected == subsystem:
            yield kind, next(name for name in channels if name in subsystem_features()[subsystem]), SIZES


def findings(detector: Detector, subsystem: str, level: float) -> Iterator[Finding]:
    """Inject every fault of a subsystem at every size, each into satellites of its own."""
    channels = subsystem_features()[subsystem]
    sampling = Sampling(seed=HELD_OUT_SEED + 700, interval_s=INTERVAL_S, steps=LENGTH + FAULT_STEPS)
    for kind in (*SPANS, *UNSIZED, *AFFECTED_CHANNELS):
        cases = [
            (channel, size)
            for name, channel, sizes in faults_of(subsystem)
            if name == kind
            for size in sizes
            for _ in range(SATELLITES)
        ]
        if not cases:
            continue
        faults = [fault_text(kind, subsystem, channel, size) for channel, size in cases]
        recording: Recording = fleet_recording(sampling, faults)
        score, shares = scores_at_checks(detector, recording[subsystem], subsystem, LENGTH + 1)
        for first in range(0, len(cases), SATELLITES):
            channel, size = cases[first]
            mine = slice(first, first + SATELLITES)
            yield finding(
                score[:, mine] > level,
                shares[:, mine],
                index=channels.index(channel),
                case={"subsystem": subsystem, "channel": channel, "kind": kind, "size": size},
            )
        print(f"{subsystem}: {kind} in {len(cases)} satellites", flush=True)


def fault_text(kind: str, subsystem: str, channel: str, size: float) -> str:
    """Spell a fault as the simulator's command line does; it begins with the first judged window's end."""
    where = "" if kind in AFFECTED_CHANNELS else f":{subsystem}.{channel}"
    return f"{kind}{where}*{size:.4f}@{LENGTH * INTERVAL_S}"


def finding(
    flagged: npt.NDArray[np.bool_], shares: Floats, *, index: int, case: Mapping[str, Any]
) -> Finding:
    """Sum up alarms bool[check, satellite] and contributions float64[check, satellite, channel]."""
    found = flagged.any(axis=0)
    first = flagged.argmax(axis=0)
    rank = (-shares[first, np.arange(found.size)]).argsort(axis=1).argsort(axis=1)[:, index]
    return Finding(
        **case,
        found_share=float(found.mean()),
        delay_s=INTERVAL_S * (1 + CHECK_STEPS * float(np.median(first[found]))) if found.any() else None,
        top_share=float((rank[found] < TOP_CONTRIBUTIONS).mean()) if found.any() else None,
    )


def smallest_found(results: Sequence[Finding]) -> Finding | None:
    """The smallest size from which on every larger one is found too; of one fault in one channel."""
    best = None
    for result in sorted(results, key=lambda result: -result.size):
        if result.found_share < FOUND_SHARE:
            break
        best = result
    return best

"""Settings chosen on other channels than those they are scored on (nested folds over channels)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.detection.evaluation.event_metrics import EventCounts, pooled
from benchmarks.detection.evaluation.recordings import Recording

CUT_BEFORE_EVENT = 100
"""The event-free series of a channel ends so many samples before its first event."""
MIN_CUT_SAMPLES = 500
FOLDS = 5
MOST_ALARMS = 0.05
"""Per 1,000 samples of the event-free series."""
ALARM_PENALTY = 5.0
SHARED = 0.9
"""Channels whose telemetry correlates more than this stay in one fold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one setting does to one channel."""

    events: EventCounts
    alarms: int
    """On the series cut before the first event."""
    cut_samples: int


Outcomes = Sequence[Sequence[Outcome]]
"""By setting and channel."""


def alarms_per_1000(outcomes: Sequence[Outcome]) -> float:
    samples = sum(outcome.cut_samples for outcome in outcomes)
    return 1000 * sum(outcome.alarms for outcome in outcomes) / samples if samples else 0.0


def figures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Pooled over channels, under the names of the report."""
    events = pooled(outcome.events for outcome in outcomes)
    return {**events.document(), "alarms_per_1000": round(alarms_per_1000(outcomes), 4)}


def merit(outcomes: Sequence[Outcome]) -> float:
    """Mean of F1 and corrected F0.5; more alarms than allowed cost more than they can gain."""
    counts = pooled(outcome.events for outcome in outcomes)
    excess = max(alarms_per_1000(outcomes) - MOST_ALARMS, 0.0)
    return (counts.f1 + counts.corrected_f0_5) / 2 - ALARM_PENALTY * excess


def best_setting(outcomes: Outcomes, channels: Sequence[int]) -> int:
    """Index of the setting of highest merit on these channels, the first of equals."""
    merits = [merit([of_setting[channel] for channel in channels]) for of_setting in outcomes]
    return int(np.argmax(np.round(merits, 9)))


def nested_choice(outcomes: Outcomes, groups: Sequence[Sequence[int]], seed: int) -> list[int]:
    """Choose for every channel a setting on the folds without it.

    Args:
        outcomes: By setting and channel.
        groups: Channels that must share a fold.
        seed: Of the shuffle.

    Returns:
        Index of the setting, by channel.
    """
    order = np.random.default_rng(seed).permutation(len(groups))
    folds = [[channel for group in order[fold::FOLDS] for channel in groups[group]] for fold in range(FOLDS)]
    choice = [0] * len(outcomes[0])
    for fold in folds:
        others = [channel for channel in range(len(choice)) if channel not in fold]
        setting = best_setting(outcomes, others)
        for channel in fold:
            choice[channel] = setting
    return choice


def rows_chosen_elsewhere(outcomes: Outcomes, spacecraft: Sequence[str]) -> dict[str, dict[str, float]]:
    """Figures of the channels of all other spacecraft by the setting that one's choose; then these together.

    Args:
        outcomes: By setting and channel.
        spacecraft: Of each channel; of a single one there are no others, and no rows.
    """
    found: dict[str, dict[str, float]] = {}
    together: list[Outcome] = []
    names = sorted(set(spacecraft))
    for name in names if len(names) > 1 else ():
        own = [index for index, craft in enumerate(spacecraft) if craft == name]
        chosen = outcomes[best_setting(outcomes, own)]
        others = [one for index, one in enumerate(chosen) if index not in own]
        found[f"chosen by labels of {name}, tested on the others"] = figures(others)
        together.extend(others)
    return {**found, "chosen by labels of others, all": figures(together)} if found else {}


def sharing_groups(recordings: Sequence[Recording]) -> list[list[int]]:
    """Group channels that share telemetry, judged by their correlation alone."""
    group = list(range(len(recordings)))
    for one in range(len(recordings)):
        for other in range(one):
            if correlation(recordings[one].test, recordings[other].test) > SHARED:
                joined, kept = group[one], group[other]
                group = [kept if member == joined else member for member in group]
    return [[index for index, member in enumerate(group) if member == name] for name in sorted(set(group))]


def correlation(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """Absolute correlation of float64[time] each over their common length; 0 if one is constant."""
    length = min(one.size, other.size)
    first, second = one[:length] - one[:length].mean(), other[:length] - other[:length].mean()
    norm = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return abs(float(first @ second)) / norm if norm else 0.0

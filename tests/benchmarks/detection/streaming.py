"""The pipeline's detection without its servers: constants from training arrays, a score per sample, alerts.

Alert rule: an alert raised between the start of a true event and GRACE samples after its end finds it; one
raised elsewhere is a false positive, and the samples that it covers outside events count as falsely flagged.
"""

import sys
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Final

import numpy as np

from analysis_server.changes import ChangeCalibration
from analysis_server.episodes import Episode, EpisodeRule, episodes_of, recent_levels
from analysis_server.scoring import score_changes
from telemetry_core.subsystems import MAX_WINDOW_LENGTH
from tests.benchmarks.detection.event_metrics import EventCounts, Floats, mask
from tests.benchmarks.detection.recordings import Interval, Intervals, Recording
from tests.benchmarks.detection.selection import CUT_BEFORE_EVENT, MIN_CUT_SAMPLES, Outcome
from training.recorded import fit_changes, stream_windows

GRACE: Final = 100
SMOOTHINGS: Final = (60, 80, 100)
RULES: Final = tuple(
    EpisodeRule(smoothing=smoothing, floor=floor, margin=margin)
    for smoothing, floor, margin in product(SMOOTHINGS, (-1.1, -0.8, -0.5), (0.4, 0.5, 0.6, 0.7))
)
"""What the folds choose from."""


def subsystem_of(channel: str) -> str:
    """Name a channel as a mission file may: `A-1` is subsystem and channel `c_a_1`."""
    return "c_" + "".join(letter if letter.isalnum() else "_" for letter in channel.lower())


def calibrated(recordings: Sequence[Recording]) -> dict[str, Any]:
    """The `changes` part of a calibration file, from the training arrays alone."""
    names = [subsystem_of(recording.channel) for recording in recordings]
    return fit_changes(
        {name: {name: recording.train} for name, recording in zip(names, recordings, strict=True)}
    )


def row_scores(test: Floats, name: str, changes: ChangeCalibration) -> Floats:
    """Score of the verdict of every sample, float64[time] with 4 decimals; NaN = warming up."""
    constants = changes.of_subsystem(name, [name])
    if constants is None:
        raise ValueError(f"{name} was not calibrated")
    parts = stream_windows(test[np.newaxis], MAX_WINDOW_LENGTH)
    return np.concatenate(
        [score_changes(windows, constants, changes.thresholds[1]).score for windows in parts]
    )


def all_row_scores(recordings: Sequence[Recording], changes: ChangeCalibration) -> dict[str, Floats]:
    """Scores by channel; progress goes to stderr."""
    found = {}
    for number, recording in enumerate(recordings, start=1):
        found[recording.channel] = row_scores(recording.test, subsystem_of(recording.channel), changes)
        sys.stderr.write(f"\r{number}/{len(recordings)} channels scored")
    sys.stderr.write("\n")
    return found


def count_alerts(alerts: Sequence[Episode], true: Sequence[Interval], samples: int) -> EventCounts:
    """Apply the alert rule to one channel."""
    found = [any(start <= alert.start <= end + GRACE for alert in alerts) for start, end in true]
    false = [not any(start <= alert.start <= end + GRACE for start, end in true) for alert in alerts]
    nominal = ~mask(true, samples)
    flagged = mask([(alert.start, alert.end) for alert in alerts], samples)
    return EventCounts(
        tp=sum(found),
        fp=sum(false),
        fn=len(true) - sum(found),
        falsely_flagged=int((flagged & nominal).sum()),
        nominal=int(nominal.sum()),
    )


def outcome(alerts: Sequence[Episode], true: Sequence[Interval], samples: int) -> Outcome:
    """What alerts are to a channel; being causal, they are the same on the series cut before its event."""
    first = min((start for start, _ in true), default=samples)
    cut = first - CUT_BEFORE_EVENT if first - CUT_BEFORE_EVENT > MIN_CUT_SAMPLES else 0
    return Outcome(
        events=count_alerts(alerts, true, samples),
        alarms=sum(alert.start < cut for alert in alerts),
        cut_samples=cut,
    )


def outcomes(scores: Mapping[str, Floats], labels: Intervals) -> list[list[Outcome]]:
    """By rule and channel; progress goes to stderr."""
    by_channel = []
    for number, (name, score) in enumerate(scores.items(), start=1):
        levels = {span: recent_levels(score, EpisodeRule(smoothing=span)) for span in SMOOTHINGS}
        alerts = (episodes_of(score, levels[rule.smoothing], rule) for rule in RULES)
        by_channel.append([outcome(found, labels.get(name, []), score.size) for found in alerts])
        sys.stderr.write(f"\r{number}/{len(scores)} channels, {len(RULES)} rules")
    sys.stderr.write("\n")
    return [list(row) for row in zip(*by_channel, strict=True)]

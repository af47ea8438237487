"""The pipeline's detection without its servers: constants from training arrays, a score per sample, alerts.

An alert raised between the start of a true event and GRACE samples after its end finds it; one raised
elsewhere is a false positive, and the samples that it covers outside events count as falsely flagged: those
between the verdict that raised it and its last anomalous one.
"""

import sys
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from benchmarks.detection.evaluation.alerts import Alert, Key, alerts_on
from benchmarks.detection.evaluation.event_metrics import EventCounts, Floats, mask
from benchmarks.detection.evaluation.recordings import Interval, Recording
from benchmarks.detection.evaluation.selection import CUT_BEFORE_EVENT, MIN_CUT_SAMPLES, Outcome
from recordings.change_constants import fit_changes, stream_windows
from scoring.alert_rule import Judged
from scoring.change_score import score_changes
from scoring.measures.changes import ChangeCalibration
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD, Verdict
from telemetry_core.contract.mission import MAX_WINDOW_LENGTH

GRACE: Final = 100
SAMPLE_US: Final = 1_000_000
"""The arrays tell no times: one sample a second, as they are sent through the pipeline."""
START_US: Final = 1_767_225_600_000_000
"""Any time would do: 2026-01-01."""


def subsystem_of(channel: str) -> str:
    """Name a channel as a mission file may: `A-1` is subsystem and channel `c_a_1`."""
    return "c_" + "".join(letter if letter.isalnum() else "_" for letter in channel.lower())


def key_of(channel: str) -> Key:
    """Satellite and subsystem: each channel is one of each."""
    return channel, subsystem_of(channel)


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
    """Scores by channel, float64[time] each; progress goes to stderr."""
    found = {}
    for number, recording in enumerate(recordings, start=1):
        found[recording.channel] = row_scores(recording.test, subsystem_of(recording.channel), changes)
        sys.stderr.write(f"\r{number}/{len(recordings)} channels scored")
    sys.stderr.write("\n")
    return found


def alerts_in(score: Floats) -> list[Interval]:
    """Alerts on the scores float64[time] by the product's rule, as `intervals_of` gives them."""
    return intervals_of(alerts_on(verdicts_on(score)))


def intervals_of(found: Sequence[Alert]) -> list[Interval]:
    """The samples that raised alerts and their last anomalous ones."""
    return [((one.raised_us - START_US) // SAMPLE_US, (one.last_us - START_US) // SAMPLE_US) for one in found]


def verdicts_on(score: Floats) -> list[Judged]:
    """The verdicts of scores float64[time], one a sample."""
    return [judged(index, value) for index, value in enumerate(score.tolist())]


def judged(index: int, score: float) -> Judged:
    """The verdict on one sample."""
    is_known = not np.isnan(score)
    if is_known:
        verdict = Verdict.ANOMALOUS if score > ANOMALY_THRESHOLD else Verdict.NOMINAL
    else:
        verdict = Verdict.WARMING_UP
    at_us = START_US + index * SAMPLE_US
    return Judged(job_id=str(index), at_us=at_us, verdict=verdict, score=score if is_known else None)


def count_alerts(alerts: Sequence[Interval], true: Sequence[Interval], samples: int) -> EventCounts:
    """Compare the alerts of one channel with its events."""
    found = [any(start <= raised <= end + GRACE for raised, _ in alerts) for start, end in true]
    false = [not any(start <= raised <= end + GRACE for start, end in true) for raised, _ in alerts]
    nominal = ~mask(true, samples)
    flagged = mask(alerts, samples)
    return EventCounts(
        tp=sum(found),
        fp=sum(false),
        fn=len(true) - sum(found),
        falsely_flagged=int((flagged & nominal).sum()),
        nominal=int(nominal.sum()),
    )


def outcome(alerts: Sequence[Interval], true: Sequence[Interval], samples: int) -> Outcome:
    """What alerts are to a channel; being causal, they are the same on the series cut before its event."""
    first = min((start for start, _ in true), default=samples)
    cut = first - CUT_BEFORE_EVENT if first - CUT_BEFORE_EVENT > MIN_CUT_SAMPLES else 0
    return Outcome(
        events=count_alerts(alerts, true, samples),
        alarms=sum(raised < cut for raised, _ in alerts),
        cut_samples=cut,
    )

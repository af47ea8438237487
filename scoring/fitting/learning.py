"""Constants of a subsystem from its own stored telemetry, and whether they hold on unseen telemetry.

They are fitted to the first four fifths; the last fifth is judged by them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from scoring.alert_rule import is_alert
from scoring.calibration import CALIBRATED_LENGTHS, parse_calibration
from scoring.fitting.history import Bools, History, Times, marked_by_spans
from scoring.fitting.outcome import Learned, NotLearned, hash_of
from scoring.fitting.stored import LEAST_WINDOWS, Subject, fit_document, spread, window_ends
from scoring.measures.counters import moduli_of, straightened
from scoring.scores import MIN_SAMPLES, Scores
from scoring.window_score import score_windows
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD

MOST_SAMPLES: Final = 40_000
"""Of a channel: seven orbits of one a second."""

NEEDED_SAMPLES: Final = 2_000
"""Of a channel, sampled as often as now."""
LEAST_SAMPLES: Final = NEEDED_SAMPLES // 2
"""Of each other channel: samples are lost, and some are sampled more rarely."""
LEAST_SPAN_S: Final = 17_280.0
"""Three of the shortest orbits: what is learned of one in sunlight is wrong in eclipse."""
HELD_OUT: Final = 0.2
MOST_CHECKED: Final = 120_000
"""Held-out windows of all channels together that are judged, some 30 s of work: all of up to 60 channels."""
CHECKED_AT_ONCE: Final = 2_400
"""Of these, for the sake of memory."""
MOST_OF_EVENT: Final = 200
"""Windows of an event that are judged, evenly spread."""
MOST_FALSE_ALARMS: Final = 1e-3
"""Share of the held-out verdicts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """What people called anomalous after the score had found it: new constants are to find it, too."""

    history: History
    """Of which nothing is left out."""
    spans_us: Sequence[tuple[int, int]]
    """From and to of each."""


def learn(history: History, subject: Subject, events: Events | None = None) -> Learned:
    """Fit constants to stored telemetry and check them.

    Channels that can't be fitted have none; neither have those that explain false alarms, if they are
    no more than half.

    Args:
        history: Without what limits and alerts mark.
        subject: Whose telemetry it is.
        events: What the constants are to find; None: nothing is known.

    Raises:
        NotLearned: With the reason.
    """
    history = history.of_channels(sampled_enough(history))
    check_span(history)
    learned, leading = attempt(history, subject)
    quiet = [name for name in history.channels if name not in leading]
    if leading and 2 * len(quiet) >= len(history.channels):
        learned, _ = attempt(history.of_channels(quiet), subject)
    if learned.false_alarms > MOST_FALSE_ALARMS * learned.verdicts:
        raise NotLearned(
            "check_failed",
            f"{learned.false_alarms} of {learned.verdicts} verdicts on the last fifth would be false alarms",
            refused=learned,
        )
    if events is not None:
        check_events(events, learned, subject)
    return learned


def check_events(events: Events, learned: Learned, subject: Subject) -> None:
    """Raise `NotLearned` where constants miss an event; one that the history does not hold is none."""
    names = [name.removeprefix(f"{subject.subsystem}.") for name in learned.document["channels"]]
    history = events.history.of_channels(names)
    ends = window_ends(history, MIN_SAMPLES)
    is_found = []
    for span_us in events.spans_us:
        mine = spread(ends[marked_by_spans(history.times_us[ends], [span_us])], MOST_OF_EVENT)
        if mine.size:
            scores = scores_of(history, mine, learned.document, subject)
            is_found.append(is_alert(scores.score, history.times_us[mine]))
    if not all(is_found):
        raise NotLearned(
            "check_failed",
            f"{is_found.count(False)} of {len(is_found)} alerts that were called true would be missed",
            refused=learned,
        )


def sampled_enough(history: History) -> list[str]:
    """Name the channels with enough samples to learn from; `NotLearned` if there is none."""
    counts = np.isfinite(history.values).sum(axis=1)
    if counts.max(initial=0) < NEEDED_SAMPLES:
        raise NotLearned("too_few_samples", f"{counts.max(initial=0)} of {NEEDED_SAMPLES} samples")
    return [name for name, count in zip(history.channels, counts, strict=True) if count >= LEAST_SAMPLES]


def needed_samples(interval_s: float | None) -> int:
    """How many samples of a channel are learned from at the earliest, if none is lost."""
    return max(NEEDED_SAMPLES, math.ceil(LEAST_SPAN_S / interval_s) + 1) if interval_s else NEEDED_SAMPLES


def check_span(history: History) -> None:
    """Raise `NotLearned` where telemetry is too short, or too dense to be read over three orbits."""
    span_s = float(history.times_us[-1] - history.times_us[0]) / 1e6
    if span_s < LEAST_SPAN_S:
        is_all = np.isfinite(history.values).sum(axis=1).max() < MOST_SAMPLES
        told = f"{span_s / 3600:.1f} of {LEAST_SPAN_S / 3600:.1f} h" + ("" if is_all else ", no more is read")
        raise NotLearned("too_few_samples" if is_all else "not_settled", told)


def attempt(history: History, subject: Subject) -> tuple[Learned, set[str]]:
    """Fit and check; with it the channels that explain alarms, if there are more of these than may be."""
    ends = window_ends(history, MIN_SAMPLES)
    if ends.size < 2 * LEAST_WINDOWS:
        raise NotLearned(
            "left_out",
            f"only {ends.size} windows of {history.times_us.size} sample sets hold no limit, alert or gap",
        )
    split = int(ends[math.floor((1 - HELD_OUT) * ends.size)])
    most = max(LEAST_WINDOWS, MOST_CHECKED // len(history.channels))
    checked = spread(ends[ends >= split + CALIBRATED_LENGTHS[-1]], most)
    if not checked.size:
        raise NotLearned("left_out", "limits, alerts and gaps leave nothing of the last fifth to check")
    document = fit_document(history, split, subject)
    fitted = [name for name in history.channels if f"{subject.subsystem}.{name}" in document["channels"]]
    history = history.of_channels(fitted)
    parts = np.array_split(checked, -(-checked.size * len(fitted) // CHECKED_AT_ONCE))
    scores = concatenated([scores_of(history, part, document, subject) for part in parts])
    is_alarm = scores.score > ANOMALY_THRESHOLD
    learned = Learned(
        document=document,
        data_from_us=int(history.times_us[0]),
        data_until_us=int(history.times_us[-1]),
        samples=int(np.isfinite(history.values).sum(axis=1).max()),
        intervals_s=subject.served_s(fitted),
        verdicts=int(np.isfinite(scores.score).sum()),
        false_alarms=int(is_alarm.sum()),
    )
    return learned, leading_channels(scores, is_alarm, fitted)


def concatenated(parts: Sequence[Scores]) -> Scores:
    """Put the scores of consecutive windows one behind the other."""
    return Scores(
        score=np.concatenate([part.score for part in parts]),
        contributions=np.concatenate([part.contributions for part in parts]),
    )


def leading_channels(scores: Scores, is_alarm: Bools, channels: Sequence[str]) -> set[str]:
    """Name the channels that contribute most to an alarm each; none if few enough are alarms.

    `is_alarm` is bool[window], the scores' contributions are [window, channel, family].
    """
    if is_alarm.sum() <= MOST_FALSE_ALARMS * is_alarm.size:
        return set()
    return {channels[index] for index in scores.contributions[is_alarm].sum(axis=2).argmax(axis=1)}


def scores_of(history: History, ends: Times, document: Mapping[str, Any], subject: Subject) -> Scores:
    """Score the windows that end at some places, int64[window], as the worker does."""
    length = CALIBRATED_LENGTHS[-1]
    settings = subject.settings(history.channels)
    windows = straightened(history.windows(ends, length), moduli_of(settings))
    predicted = subject.predict(windows)
    return score_windows(
        windows,
        predicted.step_mean,
        predicted.step_std,
        subsystem=subject.subsystem,
        channels=history.channels,
        calibration=parse_calibration(document, hash_of(document)),
        detection=dict(zip(history.channels, settings, strict=True)),
        steps=np.minimum(history.step_counts()[:, ends].T, length),
    )

"""Constants of a subsystem from its own stored telemetry, and whether they hold on unseen telemetry.

They are fitted to the first four fifths; the last fifth is judged by them.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from scoring.calibration import (
    CALIBRATED_LENGTHS,
    CHANNEL_CONSTANTS,
    ChannelCalibration,
    SubsystemCalibration,
    parse_calibration,
)
from scoring.counters import moduli_of, straightened
from scoring.fitting import Caution, calibration_document, fit_subsystem, rounded
from scoring.history import PARTS, Bools, Floats, History, Times
from scoring.measures import MEASURES, Windows
from scoring.model_units import Numbers
from scoring.scores import MIN_SAMPLES, Scores
from scoring.window_score import score_windows
from telemetry_core.false_alarms import Rates, rates_per_day
from telemetry_core.inferences import ANOMALY_THRESHOLD
from telemetry_core.subsystems import Detection

MOST_SAMPLES: Final = 40_000
"""Of a channel: seven orbits of one a second."""

NEEDED_SAMPLES: Final = 2_000
"""Of a channel, sampled as often as now."""
LEAST_SAMPLES: Final = NEEDED_SAMPLES // 2
"""Of each other channel: samples are lost, and some are sampled more rarely."""
LEAST_SPAN_S: Final = 17_280.0
"""Three of the shortest orbits: what is learned of one in sunlight is wrong in eclipse."""
HELD_OUT: Final = 0.2
MOST_WINDOWS: Final = 200
MOST_ROWS: Final = 2_400
"""Windows of all channels together that limits, and thresholds, of one length are fitted to."""
LEAST_WINDOWS: Final = 50
MOST_CHECKED: Final = 120_000
"""Held-out windows of all channels together that are judged, some 30 s of work: all of up to 60 channels."""
CHECKED_AT_ONCE: Final = 2_400
"""Of these, for the sake of memory."""
MOST_FALSE_ALARMS: Final = 1e-3
"""Share of the held-out verdicts."""
CAUTION: Final = Caution(margin=1.5, threshold_margin=1.0, least_log_width=0.6)
"""The next hours bring rarer evidence, and amplitudes that grow by half within days are nominal."""
INTERVAL_MARGIN: Final = 1.2
"""Constants serve intervals so many times shorter and longer than those they were fitted to."""
SETTLED_SHARE: Final = 0.75
"""A level whose means over fifths differ by more of their own range than this is still on its way."""
UNBOUNDED: Final = 1e18
"""Limit of what is not judged; finite, for JSON has no infinity, and beyond every counter."""
SEED: Final = 27
_LEVELS: Final = np.array([name in {"mean", "newest_mean"} for _, name in MEASURES])

Predict = Callable[[Numbers], Windows]
"""From windows float64[window, channel, time] to the same with the model's step predictions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """Constants that passed the check, and the figures of it."""

    document: Mapping[str, Any]
    data_from_us: int
    data_until_us: int
    samples: int
    intervals_s: tuple[float, float]
    verdicts: int
    false_alarms: int

    @property
    def hash(self) -> str:
        """SHA-256 of the constants, hexadecimal."""
        return hash_of(self.document)

    @property
    def rates_per_day(self) -> Rates:
        """False alarms a day that the check lets expect, and does not rule out."""
        return rates_per_day(self.false_alarms, self.verdicts, self.intervals_s)


class NotLearned(Exception):  # noqa: N818 - a state, not a fault
    """Why there are no constants yet: one word for programs, a sentence for people."""

    def __init__(self, reason: str, detail: str, *, refused: Learned | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.refused = refused
        """Constants that failed the check."""


def hash_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of a calibration's content, whatever the order of its keys; hexadecimal."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose constants are learned, and what is known of it beside its telemetry."""

    subsystem: str
    intervals_s: Mapping[str, tuple[float, float]]
    """Usual distances of each channel's samples, from and to."""
    detection: Mapping[str, Detection]
    predict: Predict

    def settings(self, channels: Sequence[str]) -> list[Detection]:
        """What counts of each channel."""
        return [self.detection.get(name, Detection()) for name in channels]

    def served_s(self, channels: Sequence[str]) -> tuple[float, float]:
        """Sampling intervals that constants of these channels serve."""
        lows, highs = zip(*(self.intervals_s[name] for name in channels), strict=True)
        return min(lows) / INTERVAL_MARGIN, max(highs) * INTERVAL_MARGIN


def learn(history: History, subject: Subject) -> Learned:
    """Fit constants to stored telemetry and check them.

    Channels that can't be fitted have none; neither have those that explain false alarms, if they are
    no more than half.

    Args:
        history: Without what limits and alerts mark.
        subject: Whose telemetry it is.

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
    return learned


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
            f"limits, alerts and gaps leave {ends.size} windows of {history.times_us.size} sample sets",
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
    scores = joined([judged(history, part, document, subject) for part in parts])
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


def joined(parts: Sequence[Scores]) -> Scores:
    """Put the scores of consecutive windows one behind the other."""
    return Scores(
        score=np.concatenate([part.score for part in parts]),
        contributions=np.concatenate([part.contributions for part in parts]),
    )


def fit_document(history: History, split: int, subject: Subject) -> dict[str, Any]:
    """Content of a calibration fitted to the samples before a place; `NotLearned` if that can't be done."""
    moduli = moduli_of(subject.settings(history.channels))
    is_level = settled(history, split)
    if 2 * is_level.sum() < is_level.size:
        wandering = f"{(~is_level).sum()} of {is_level.size} channels"
        raise NotLearned("not_settled", f"the levels of {wandering} still wander further than they vary")
    fitted, limits = fit_history(history, split, subject.predict, moduli)
    is_level &= ~np.isfinite(moduli)
    channels = {
        f"{subject.subsystem}.{name}": one if has_level else without_level(one)
        for name, one, has_level in zip(history.channels, fitted, is_level, strict=True)
        if is_sound(one)
    }
    if not channels:
        raise NotLearned("not_fitted", "the values of its channels are too large to be judged")
    low_s, high_s = subject.served_s(history.channels)
    return calibration_document(
        {"data": "stored telemetry"},
        [(rounded(low_s), rounded(high_s))],
        [(channels, {subject.subsystem: limits})],
    )


def is_sound(channel: ChannelCalibration) -> bool:
    """Tell whether all constants are finite: squares of the largest values may not be."""
    return all(np.isfinite(getattr(channel, name)).all() for name in CHANNEL_CONSTANTS)


def leading_channels(scores: Scores, is_alarm: Bools, channels: Sequence[str]) -> set[str]:
    """Name the channels that contribute most to an alarm each; none if few enough are alarms.

    `is_alarm` is bool[window], the scores' contributions are [window, channel, family].
    """
    if is_alarm.sum() <= MOST_FALSE_ALARMS * is_alarm.size:
        return set()
    return {channels[index] for index in scores.contributions[is_alarm].sum(axis=2).argmax(axis=1)}


def window_ends(history: History, length: int) -> Times:
    """Places at which every channel has a window of so many steps, int64[window]."""
    return np.flatnonzero((history.step_counts() >= length).all(axis=0))


def spread(ends: Times, most: int) -> Times:
    """Choose at most so many of int64[window], evenly spread."""
    return ends[:: -(-ends.size // most)] if ends.size else ends


def fit_history(
    history: History, end: int, predict: Predict, moduli: Floats
) -> tuple[list[ChannelCalibration], SubsystemCalibration]:
    """Fit to the windows before a place: limits to their first half, what is rare to the second.

    If too few windows fill a length, those of the next shorter one replace it; windows of that length are not
    judged either.

    Args:
        history: Values float64[channel, time].
        end: Place on the time axis.
        predict: The model.
        moduli: float64[channel], infinite where a channel is no counter.
    """
    most = max(LEAST_WINDOWS, min(MOST_WINDOWS, MOST_ROWS // len(history.channels)))
    limits: dict[int, Windows] = {}
    thresholds: dict[int, Windows] = {}
    reference: Numbers = np.empty(0)
    for length in CALIBRATED_LENGTHS:
        ends = window_ends(history, length)
        ends = ends[ends < end]
        halves = [spread(half, most) for half in np.array_split(ends, 2)]
        if min(half.size for half in halves) < LEAST_WINDOWS and limits:
            limits[length], thresholds[length] = list(limits.values())[-1], list(thresholds.values())[-1]
            continue
        first, second = (straightened(history.windows(half, length), moduli) for half in halves)
        limits[length], thresholds[length], reference = predict(first), predict(second), first
    return fit_subsystem(limits, thresholds, reference.astype(np.float64), seed=SEED, caution=CAUTION)


def settled(history: History, end: int) -> Bools:
    """Tell for which channels the level before a place no longer wanders, bool[channel]."""
    before = history.values[:, :end][:, ~history.is_marked[:end]]
    return np.array([is_settled(own[np.isfinite(own)]) for own in before])


def is_settled(value: Floats) -> bool:
    """Compare the means of fifths of float64[time] with how far a fifth itself reaches."""
    if value.size < PARTS:
        return True
    parts = np.array_split(value, PARTS)
    reach = np.median([np.subtract(*np.quantile(part, [0.95, 0.05])) for part in parts])
    return bool(np.ptp([part.mean() for part in parts]) <= SETTLED_SHARE * reach)


def without_level(channel: ChannelCalibration) -> ChannelCalibration:
    """Constants of a counter, or of a channel that still wanders: it has no usual level."""
    return replace(
        channel,
        low=np.where(_LEVELS, -UNBOUNDED, channel.low),
        high=np.where(_LEVELS, UNBOUNDED, channel.high),
    )


def judged(history: History, ends: Times, document: Mapping[str, Any], subject: Subject) -> Scores:
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

"""Fitting constants of a subsystem to its own stored telemetry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from scoring.calibration import CALIBRATED_LENGTHS, CHANNEL_CONSTANTS, ChannelCalibration
from scoring.fitting.constants import calibration_document, six_digits
from scoring.fitting.history import PARTS, Bools, Floats, History, Times
from scoring.fitting.outcome import NotLearned
from scoring.fitting.own_limits import fit_own
from scoring.measures.counters import moduli_of, straightened
from scoring.measures.model_units import Numbers
from scoring.measures.windows import Windows
from telemetry_core.contract.channels import Detection

MOST_WINDOWS: Final = 200
MOST_ROWS: Final = 2_400
"""Windows of all channels together that each half gives of one length."""
LEAST_WINDOWS: Final = 50
INTERVAL_MARGIN: Final = 1.2
"""Constants serve intervals so many times shorter and longer than those they were fitted to."""
SETTLED_SHARE: Final = 0.75
"""A level whose means over fifths differ by more of their own range than this is still on its way."""
SEED: Final = 27

Predict = Callable[[Numbers], Windows]
"""From windows float64[window, channel, time] to the same with the model's step predictions."""


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


def fit_document(history: History, split: int, subject: Subject) -> dict[str, Any]:
    """Content of a calibration fitted to the samples before a place; `NotLearned` if that can't be done."""
    moduli = moduli_of(subject.settings(history.channels))
    is_level = settled(history, split)
    if 2 * is_level.sum() < is_level.size:
        wandering = f"{(~is_level).sum()} of {is_level.size} channels"
        raise NotLearned("not_settled", f"the levels of {wandering} are still drifting")
    fitted, limits = fit_own(
        halves_of(history, split, subject.predict, moduli),
        confirmed_of(history, subject.predict, moduli),
        is_level & ~np.isfinite(moduli),
        span_s=float(history.times_us[split] - history.times_us[0]) / 1e6,
        seed=SEED,
    )
    channels = {
        f"{subject.subsystem}.{name}": one
        for name, one in zip(history.channels, fitted, strict=True)
        if is_sound(one)
    }
    if not channels:
        raise NotLearned("not_fitted", "the values of its channels are too large to be judged")
    low_s, high_s = subject.served_s(history.channels)
    return calibration_document(
        {"data": "stored telemetry"},
        [(six_digits(low_s), six_digits(high_s))],
        [(channels, {subject.subsystem: limits})],
    )


def is_sound(channel: ChannelCalibration) -> bool:
    """Tell whether all constants are finite: squares of the largest values may not be."""
    return all(np.isfinite(getattr(channel, name)).all() for name in CHANNEL_CONSTANTS)


def halves_of(
    history: History, end: int, predict: Predict, moduli: Floats
) -> tuple[dict[int, Windows], dict[int, Windows]]:
    """Windows of the two halves of what lies before a place, by length.

    If too few windows fill a length, those of the next shorter one replace it; windows of that length are not
    judged either.

    Args:
        history: Values float64[channel, time].
        end: Place on the time axis.
        predict: The model.
        moduli: float64[channel], infinite where a channel is no counter.
    """
    most = most_windows(history)
    first: dict[int, Windows] = {}
    second: dict[int, Windows] = {}
    for length in CALIBRATED_LENGTHS:
        ends = window_ends(history, length)
        ends = ends[(ends < end) & ~history.is_confirmed[ends]]
        halves = [spread(half, most) for half in np.array_split(ends, 2)]
        if min(half.size for half in halves) < LEAST_WINDOWS and first:
            first[length], second[length] = list(first.values())[-1], list(second.values())[-1]
            continue
        first[length], second[length] = (
            predict(straightened(history.windows(half, length), moduli)) for half in halves
        )
    return first, second


def confirmed_of(history: History, predict: Predict, moduli: Floats) -> dict[int, Windows]:
    """Windows that end where people called telemetry nominal, by length; empty where there is none.

    They are of all of the history: what was called nominal is to be learned wherever it is.

    Args:
        history: Values float64[channel, time].
        predict: The model.
        moduli: float64[channel], infinite where a channel is no counter.
    """
    found: dict[int, Windows] = {}
    for length in CALIBRATED_LENGTHS:
        ends = window_ends(history, length)
        ends = spread(ends[history.is_confirmed[ends]], most_windows(history))
        if ends.size:
            found[length] = predict(straightened(history.windows(ends, length), moduli))
        elif found:
            found[length] = list(found.values())[-1]
    return found


def most_windows(history: History) -> int:
    """How many windows each half, and what was called nominal, give of one length."""
    return max(LEAST_WINDOWS, min(MOST_WINDOWS, MOST_ROWS // len(history.channels)))


def window_ends(history: History, length: int) -> Times:
    """Places of sample sets at which every channel has a window of so many steps, int64[window].

    No more of them are missing than are there: others are irregular, which no learned constants judge.
    """
    is_full = (history.step_counts() >= length) & (2 * history.sample_counts(length) >= length)
    return np.flatnonzero(is_full.all(axis=0) & ~history.is_lost)


def spread(ends: Times, most: int) -> Times:
    """Choose at most so many of int64[window], evenly spread."""
    return ends[:: -(-ends.size // most)] if ends.size else ends


def settled(history: History, end: int) -> Bools:
    """Tell for which channels the level before a place no longer wanders, bool[channel]."""
    is_usual = ~(history.is_marked | history.is_confirmed)
    before = history.values[:, :end][:, is_usual[:end]]
    return np.array([is_settled(own[np.isfinite(own)]) for own in before])


def is_settled(value: Floats) -> bool:
    """Compare the means of fifths of float64[time] with how far a fifth itself reaches."""
    if value.size < PARTS:
        return True
    parts = np.array_split(value, PARTS)
    reach = np.median([np.subtract(*np.quantile(part, [0.95, 0.05])) for part in parts])
    return bool(np.ptp([part.mean() for part in parts]) <= SETTLED_SHARE * reach)

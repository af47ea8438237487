"""Which subsystems are restless: of these every sample set is judged, not every tenth.

Restless follows from the samples that the windows hold, and how many judgements may be added from counts by
time of reception: so a look-back after a restart finds the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from kafka_inference_trigger.rings import Axis, ChannelRings, Indexes, Values
from telemetry_core.subsystems import MIN_WINDOW_LENGTH, Channel, Mission, Rule

NEW_STEPS: Final = 3
"""Newest samples of a channel that are held against those before them."""
LEAST_MOVE: Final = 0.05
"""Of the nominal range: what moves less has not moved, however still it was before."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What channels are held against; arrays are [channel], in the order of the rings."""

    names: Sequence[str]
    #: Of each subsystem those channels that have a nominal range or a rule.
    watched: Mapping[str, Indexes]
    #: Nominal range, narrowed by rules; infinite = none.
    low: Values
    high: Values
    #: float64[channel, value]: what breaks a rule by being equal; NaN = none.
    forbidden: Values
    #: Infinite = its moves tell nothing: flags, counters, and what has no nominal range.
    least_move: Values

    @classmethod
    def of(cls, mission: Mission) -> Self:
        """Lay the mission's ranges and rules out."""
        channels = [
            (owner, name, channel, [rule for rule in subsystem.rules if rule.channel == name])
            for owner, subsystem in mission.subsystems.items()
            for name, channel in subsystem.channels.items()
        ]
        forbidden = [
            [rule.equals for rule in rules if rule.equals is not None] for _, _, _, rules in channels
        ]
        most = max(map(len, forbidden))
        return cls(
            names=[name for _, name, _, _ in channels],
            watched={
                subsystem: np.flatnonzero(
                    [
                        owner == subsystem and (bool(rules) or channel.nominal is not None)
                        for owner, _, channel, rules in channels
                    ]
                )
                for subsystem in mission.subsystems
            },
            low=np.array([_low(channel, rules) for _, _, channel, rules in channels]),
            high=np.array([_high(channel, rules) for _, _, channel, rules in channels]),
            forbidden=np.array([[*own, *[np.nan] * (most - len(own))] for own in forbidden]),
            least_move=np.array([_least_move(channel) for _, _, channel, _ in channels]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Which samples count."""

    since_us: int
    ending_us: int
    max_gap_us: float
    length: int
    """Of a window."""
    quiet_steps: int


def restless_subsystems(
    rings: ChannelRings, limits: Limits, subsystems: Iterable[str], reach: Reach
) -> dict[str, str]:
    """Name those that are restless, in order, each with the first channel for whose sake."""
    watched = {name: limits.watched[name] for name in subsystems}
    channels = np.concatenate(list(watched.values()))
    if not len(channels):
        return {}
    troubled = np.zeros(len(limits.names), dtype=bool)
    for axis in rings.axes(channels, reach.since_us):
        own = channels[axis.members]
        troubled[own] = troubled_channels(rings.values(own, _slots(axis, reach)), limits, own, reach)
    if not troubled.any():
        return {}
    return {name: limits.names[own[troubled[own]][0]] for name, own in watched.items() if troubled[own].any()}


def troubled_channels(values: Values, limits: Limits, channels: Indexes, reach: Reach) -> Flags:
    """Tell which channels left their range, broke a rule or moved; bool[channel].

    Args:
        values: float64[channel, step] of one window, newest at the end, no NaN.
        limits: Of all channels, in their units.
        channels: Places of these among all.
        reach: How long trouble counts. Outside throughout a whole window is no trouble: it is the usual.
    """
    outside = values < limits.low[channels, np.newaxis]
    outside |= values > limits.high[channels, np.newaxis]
    for value in limits.forbidden[channels].T:
        outside |= values == value[:, np.newaxis]
    troubled: Flags = np.any(outside[:, -reach.quiet_steps :], axis=1)
    if values.shape[1] >= reach.length:
        troubled &= ~np.all(outside, axis=1)
    if values.shape[1] >= MIN_WINDOW_LENGTH + NEW_STEPS:
        troubled |= _moved(values, limits.least_move[channels])
    return troubled


def _moved(values: Values, least_move: Values) -> Flags:
    """Tell where the newest steps lie outside the range of those before by more than its width."""
    before, newest = values[:, :-NEW_STEPS], values[:, -NEW_STEPS:]
    lowest, highest = before.min(axis=1), before.max(axis=1)
    margin = np.maximum(highest - lowest, least_move)
    moved: Flags = (newest.min(axis=1) < lowest - margin) | (newest.max(axis=1) > highest + margin)
    return moved


def _slots(axis: Axis, reach: Reach) -> Indexes:
    """Keep the samples of a window: up to the sample set, since the last gap."""
    end = int(np.searchsorted(axis.times, reach.ending_us, side="right"))
    start = max(0, end - reach.length)
    gaps = np.flatnonzero(np.diff(axis.times[start:end]) > reach.max_gap_us)
    return axis.slots[start + (int(gaps[-1]) + 1 if len(gaps) else 0) : end]


def _low(channel: Channel, rules: Iterable[Rule]) -> float:
    nominal = -np.inf if channel.nominal is None else channel.nominal[0]
    return max([nominal, *(rule.below for rule in rules if rule.below is not None)])


def _high(channel: Channel, rules: Iterable[Rule]) -> float:
    nominal = np.inf if channel.nominal is None else channel.nominal[1]
    return min([nominal, *(rule.above for rule in rules if rule.above is not None)])


def _least_move(channel: Channel) -> float:
    if channel.nominal is None or channel.kind != "number":
        return np.inf
    return LEAST_MOVE * (channel.nominal[1] - channel.nominal[0])


@dataclass(slots=True)
class _Counts:
    """Sample sets of subsystems received in one quantum, and how many of them were restless."""

    quantum: int
    sample_sets: int = 0
    restless: int = 0


class AddedShare:
    """Which share of the restless sample sets is judged: all, or so many that they are `share` of all.

    Counted by partition, over the quantum of reception and the one before.
    """

    def __init__(self, share: float, *, quantum_us: int) -> None:
        self._share = share
        self._quantum_us = quantum_us
        #: By partition, the quantum before and the newest one.
        self._counts: dict[int, tuple[_Counts, _Counts]] = {}

    def clear(self) -> None:
        """Forget all: the partitions went to another consumer."""
        self._counts.clear()

    def count(self, partition: int, received_us: int, *, sample_sets: int, restless: int) -> float:
        """Count a message's subsystems; return the share of the restless ones that is judged."""
        before, newest = self._at(partition, received_us // self._quantum_us)
        newest.sample_sets += sample_sets
        newest.restless += restless
        wanted = before.restless + newest.restless
        return min(1.0, self._share * (before.sample_sets + newest.sample_sets) / wanted) if wanted else 1.0

    def _at(self, partition: int, quantum: int) -> tuple[_Counts, _Counts]:
        before, newest = self._counts.get(partition, (_Counts(quantum - 1), _Counts(quantum)))
        if newest.quantum < quantum:
            before = newest if newest.quantum == quantum - 1 else _Counts(quantum - 1)
            newest = _Counts(quantum)
        self._counts[partition] = before, newest
        return before, newest

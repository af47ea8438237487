"""Which subsystems are restless: of these every sample set is judged, not every tenth.

Restless follows from the samples that the windows hold, and how many judgements may be added from counts by
time of reception: so a look-back after a restart finds the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from kafka_inference_trigger.windows.channel_windows import unbroken
from kafka_inference_trigger.windows.rings import Axis, ChannelRings, Flags, Indexes, Values
from kafka_inference_trigger.windows.step_axes import step_axes
from telemetry_core.contract.channels import Channel
from telemetry_core.contract.mission import MIN_WINDOW_LENGTH, Mission, Subsystem, Window
from telemetry_core.contract.rules import Rule

NEW_STEPS: Final = 3
"""Newest samples of a channel that are held against those before them."""
LEAST_MOVE: Final = 0.05
"""Of the nominal range: what moves less has not moved, however still it was before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What channels are held against; arrays are [channel], in the order of the rings."""

    names: Sequence[str]
    #: Of each subsystem all channels, and those that have a nominal range or a rule.
    owned: Mapping[str, Indexes]
    watched: Mapping[str, Indexes]
    #: Nominal range, narrowed by rules; infinite = none.
    low: Values
    high: Values
    #: float64[channel, value]: what breaks a rule by being equal; NaN = none.
    forbidden: Values
    #: Infinite = its moves tell nothing: flags, counters, and what has no nominal range.
    least_move: Values
    quiet_steps: int
    window: Window

    @classmethod
    def of(cls, mission: Mission) -> Self:
        """Lay the mission's ranges and rules out."""
        channels = [
            (owner, name, channel, _lasting_rules(subsystem, name))
            for owner, subsystem in mission.subsystems.items()
            for name, channel in subsystem.channels.items()
        ]
        forbidden = [
            [rule.equals for rule in rules if rule.equals is not None] for _, _, _, rules in channels
        ]
        most = max(map(len, forbidden))
        return cls(
            names=[name for _, name, _, _ in channels],
            owned={
                subsystem: np.flatnonzero([owner == subsystem for owner, _, _, _ in channels])
                for subsystem in mission.subsystems
            },
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
            quiet_steps=mission.look_again.quiet_steps,
            window=mission.window,
        )

    @property
    def suspicious_steps(self) -> int:
        """How many of the newest samples tell whether a channel may be in trouble."""
        return max(self.quiet_steps, NEW_STEPS + 1)


def restless_subsystems(
    rings: ChannelRings, bounds: Bounds, subsystems: Iterable[str], *, since_us: int, ending_us: int
) -> dict[str, str]:
    """Name the restless subsystems of a sample set, in order.

    Each comes with the first channel that makes it restless.
    """
    watched = {name: bounds.watched[name] for name in subsystems}
    channels = np.concatenate(list(watched.values()))
    if not len(channels):
        return {}
    is_on_change = rings.is_on_change[channels].any()
    groups = [bounds.owned[name] for name in watched] if is_on_change else [channels]
    troubled: set[int] = set()
    for group in groups:
        for axis in step_axes(rings, group, group, since_us):
            own, slots = group[axis.members], _slots(axis, bounds, ending_us)
            own = own[_suspects(rings.values(own, slots[-bounds.suspicious_steps :]), bounds, own)]
            if len(own):
                troubled.update(own[troubled_channels(rings.values(own, slots), bounds, own)].tolist())
    if not troubled:
        return {}
    first = {
        name: next((channel for channel in own if channel in troubled), None) for name, own in watched.items()
    }
    return {name: bounds.names[channel] for name, channel in first.items() if channel is not None}


def _lasting_rules(subsystem: Subsystem, channel: str) -> list[Rule]:
    """A range has no context: a rule that is compared in one only narrows none."""
    return [rule for rule in subsystem.limits if rule.channel == channel and not rule.is_contextual]


def _slots(axis: Axis, bounds: Bounds, ending_us: int) -> Indexes:
    """Keep the samples of a window: up to the sample set, since the last gap."""
    return axis.slots[unbroken(axis.times, ending_us, bounds.window)][-bounds.window.length :]


def _suspects(newest: Values, bounds: Bounds, channels: Indexes) -> Flags:
    """Tell by the newest samples alone which channels may be troubled: usually none."""
    suspects: Flags = np.any(_outside(newest, bounds, channels), axis=1)
    if newest.shape[1] > NEW_STEPS:
        moves = np.abs(newest[:, -NEW_STEPS:] - newest[:, -NEW_STEPS - 1, np.newaxis])
        suspects |= moves.max(axis=1) > bounds.least_move[channels]
    return suspects


def troubled_channels(values: Values, bounds: Bounds, channels: Indexes) -> Flags:
    """Tell which channels left their range, broke a rule or moved; bool[channel].

    What is outside throughout a whole window is in no trouble: it is the usual.

    Args:
        values: float64[channel, step] of one window, newest at the end, no NaN.
        bounds: Of all channels, in their units.
        channels: Places of these among all.
    """
    outside = _outside(values, bounds, channels)
    troubled: Flags = np.any(outside[:, -bounds.quiet_steps :], axis=1)
    if values.shape[1] == bounds.window.length:
        troubled &= ~np.all(outside, axis=1)
    if values.shape[1] >= MIN_WINDOW_LENGTH + NEW_STEPS:
        troubled |= _moved(values, bounds.least_move[channels])
    return troubled


def _outside(values: Values, bounds: Bounds, channels: Indexes) -> Flags:
    outside: Flags = values < bounds.low[channels, np.newaxis]
    outside |= values > bounds.high[channels, np.newaxis]
    for forbidden in bounds.forbidden[channels].T:
        outside |= values == forbidden[:, np.newaxis]
    return outside


def _moved(values: Values, least_move: Values) -> Flags:
    """Tell where the newest steps lie outside the range of those before by more than its width."""
    before, newest = values[:, :-NEW_STEPS], values[:, -NEW_STEPS:]
    lowest, highest = before.min(axis=1), before.max(axis=1)
    margin = np.maximum(highest - lowest, least_move)
    moved: Flags = (newest.min(axis=1) < lowest - margin) | (newest.max(axis=1) > highest + margin)
    return moved


def _low(channel: Channel, rules: Iterable[Rule]) -> float:
    nominal = -np.inf if channel.nominal is None else channel.nominal[0]
    return max([nominal, *(rule.low for rule in rules if rule.low is not None)])


def _high(channel: Channel, rules: Iterable[Rule]) -> float:
    nominal = np.inf if channel.nominal is None else channel.nominal[1]
    return min([nominal, *(rule.high for rule in rules if rule.high is not None)])


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

    def counted_from_us(self, until_us: int) -> int:
        """Reception from which on messages have a part in the share of those at a time or later."""
        return (until_us // self._quantum_us - 1) * self._quantum_us

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

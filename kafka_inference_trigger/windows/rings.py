"""The newest samples of each channel of one satellite, in rings of fixed size: 13 bytes a sample.

A sample's time is an offset in microseconds from the rings' own epoch, which moves on with the telemetry:
four bytes where all that a window can reach fits into them, else eight. Offset 0 is an empty slot. One byte
tells for how long a sample counts after its reception.
"""

from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from telemetry_core.contract.messages import MAX_CLOCK_LEAD_S
from telemetry_core.contract.mission import Mission, Window

STEP_BYTES: Final = 18
"""Of a channel for each step of a window: late samples are put in order, and their own windows are whole."""
QUANTA_PER_SPAN: Final = 8
"""Receptions are told apart by this part of the span: see `ChannelRings.note_reception`."""
_LARGEST_SHORT_OFFSET_US: Final = 2**32 - 1
_EPOCH_US: Final = 300 * 1_000_000
"""An epoch stays at least for so long."""
_NEVER_US: Final = -(2**62)
_CHANNEL_BYTES: Final = 8 + 2
"""Of newest time and next slot."""
_LIFE: Final = QUANTA_PER_SPAN + 1
"""Quanta in which a sample counts: the one of its reception, and those of a span."""

Times = NDArray[np.int64]
Values = NDArray[np.float64]
Indexes = NDArray[np.intp]
Flags = NDArray[np.bool_]


def channel_places(mission: Mission) -> dict[str, slice]:
    """Positions of each subsystem's channels among all of a satellite's, as its rings hold them."""
    ends = list(accumulate(len(subsystem.channels) for subsystem in mission.subsystems.values()))
    return {name: slice(*ends) for name, *ends in zip(mission.subsystems, [0, *ends], ends, strict=False)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RingLayout:
    """How many samples of a channel are kept, and how their times are written."""

    capacity: int
    offset_type: np.dtype[Any]
    largest_offset_us: int
    reach_us: int
    """No window reaches further back from the newest sample, that of a late sample either."""
    quantum_us: int

    @classmethod
    def of(cls, window: Window) -> Self:
        """Fit the rings into STEP_BYTES a step; a window itself always fits in."""
        span_us = int(window.max_span_s * 1_000_000)
        reach_us = span_us + int((window.live_s + MAX_CLOCK_LEAD_S) * 1_000_000)
        is_short = reach_us + _EPOCH_US < _LARGEST_SHORT_OFFSET_US
        offset_type = np.dtype(np.uint32 if is_short else np.int64)
        budget = window.length * STEP_BYTES - _CHANNEL_BYTES
        return cls(
            capacity=max(window.length, budget // (8 + offset_type.itemsize + 1)),
            offset_type=offset_type,
            largest_offset_us=_LARGEST_SHORT_OFFSET_US if is_short else 2**62,
            reach_us=reach_us,
            quantum_us=-(-span_us // QUANTA_PER_SPAN),
        )

    @property
    def look_back_us(self) -> int:
        """How far before a message those lie that the rings hold when it comes."""
        return _LIFE * self.quantum_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Channels whose samples have the same times."""

    members: Indexes
    """Places among the channels that were asked for."""
    times: Times
    """int64[sample], microseconds since 1970 UTC, ascending."""
    slots: Indexes
    """Of each sample in the rings."""


class ChannelRings:
    """A ring per channel; arrays are [channel] or [channel, slot]."""

    def __init__(self, is_on_change: Flags, layout: RingLayout, *, first_us: int, received_us: int) -> None:
        #: bool[channel]: sent only when it changes.
        self.is_on_change = is_on_change
        self._layout = layout
        self._epoch_us = first_us - layout.reach_us - 1
        self._offsets = np.zeros((len(is_on_change), layout.capacity), dtype=layout.offset_type)
        self._values: Values = np.zeros(self._offsets.shape)
        #: Quanta in which each sample still counts.
        self._lives = np.zeros(self._offsets.shape, dtype=np.uint8)
        self._quantum = received_us // layout.quantum_us
        self._next = np.zeros(len(is_on_change), dtype=np.int16)
        self._newest_us = np.full(len(is_on_change), _NEVER_US)
        #: Of all channels.
        self.newest_us = _NEVER_US
        self._slots = np.arange(layout.capacity)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, which grow with channels and window."""
        arrays = (self._offsets, self._values, self._lives, self._next, self._newest_us)
        return sum(array.nbytes for array in arrays)

    @property
    def capacity(self) -> int:
        """Most samples of a channel that are kept."""
        return len(self._slots)

    def note_reception(self, received_us: int) -> None:
        """Forget what a look-back from a message would not find; called before anything else is asked."""
        elapsed = received_us // self._layout.quantum_us - self._quantum
        if elapsed <= 0:
            return
        self._quantum += elapsed
        self._lives -= np.minimum(self._lives, np.uint8(min(elapsed, _LIFE)))
        if ((self._lives == 0) & (self._offsets > 0)).any():
            self._forget_dead()

    def reaches(self, channels: Indexes, generated_us: int) -> bool:
        """Tell whether a sample of that time would stay in the rings of these channels, intp[channel]."""
        oldest = self._offsets[channels, self._next[channels]]
        return bool(np.all(oldest.astype(np.int64) <= generated_us - self._epoch_us))

    def at(self, generated_us: int) -> Values:
        """The sample set of a time, float64[channel], NaN where none is known."""
        found = np.full(len(self._values), np.nan)
        offset_us = generated_us - self._epoch_us
        if 0 < offset_us <= self._layout.largest_offset_us:
            channels, slots = np.nonzero(self._offsets == offset_us)
            found[channels] = self._values[channels, slots]
        return found

    def renew(self, channels: Indexes, generated_us: int) -> None:
        """Let samples that came once more count from now on, as after a look-back that finds only these.

        `channels` is intp[channel].
        """
        rows, slots = np.nonzero(self._offsets[channels] == generated_us - self._epoch_us)
        self._lives[channels[rows], slots] = _LIFE

    def insert(self, channels: Indexes, generated_us: int, values: Values) -> None:
        """Put one new sample of each of these channels in order; the oldest one is dropped.

        `channels` is intp[channel], `values` float64[channel].
        """
        self.newest_us = max(self.newest_us, generated_us)
        if generated_us - self._epoch_us > self._layout.largest_offset_us:
            self._move_epoch(generated_us - self._layout.reach_us - 1)
        is_late = self._newest_us[channels] > generated_us
        if is_late.any():
            for channel, value in zip(channels[is_late], values[is_late], strict=True):
                self._insert_late(channel, generated_us - self._epoch_us, value)
            channels, values = channels[~is_late], values[~is_late]
        slots = self._next[channels]
        self._offsets[channels, slots] = generated_us - self._epoch_us
        self._values[channels, slots] = values
        self._lives[channels, slots] = _LIFE
        slots += 1
        slots[slots == self._layout.capacity] = 0
        self._next[channels] = slots
        self._newest_us[channels] = generated_us

    def axes(self, channels: Indexes, since_us: int) -> list[Axis]:
        """Group channels, intp[channel], by the times of their samples since a time."""
        offsets, places = self._offsets[channels], self._next[channels]
        if (places == places[0]).all() and (offsets == offsets[0]).all():
            # Nearly always: all channels come in one packet.
            return [self._axis(np.arange(len(channels)), offsets[0], places[0], since_us)]
        members: dict[tuple[int, bytes], list[int]] = {}
        for row, place in enumerate(places.tolist()):
            members.setdefault((place, offsets[row].tobytes()), []).append(row)
        return [
            self._axis(np.array(rows), offsets[rows[0]], places[rows[0]], since_us)
            for rows in members.values()
        ]

    def values(self, channels: Indexes, slots: Indexes) -> Values:
        """Values of some slots, intp[slot], of some channels, intp[channel]: float64[channel, slot]."""
        return self._values[channels].take(slots, axis=1)

    def held(self, channels: Indexes, generated_us: int, since_us: int) -> Values:
        """Newest value of each up to a time, none from before another; float64[channel], NaN = none."""
        offsets = self._offsets[channels].astype(np.int64)
        first_us = max(since_us - self._epoch_us, 1)
        is_within = (offsets >= first_us) & (offsets <= generated_us - self._epoch_us)
        slots = np.where(is_within, offsets, 0).argmax(axis=1)
        return np.where(is_within.any(axis=1), self._values[channels, slots], np.nan)

    def _axis(self, members: Indexes, offsets: NDArray[Any], place: np.int16, since_us: int) -> Axis:
        slots = np.concatenate([self._slots[place:], self._slots[:place]])
        ordered = offsets[slots]
        first = int(np.searchsorted(ordered, max(since_us - self._epoch_us, 1)))
        times = ordered[first:].astype(np.int64) + self._epoch_us
        return Axis(members=members, times=times, slots=slots[first:])

    def _insert_late(self, channel: int, offset_us: int, value: float) -> None:
        order = (self._next[channel] + self._slots) % self._layout.capacity
        place = int(np.searchsorted(self._offsets[channel, order], offset_us))
        # The oldest one's slot goes to the late one, and the others close up.
        order = np.concatenate([order[1:place], order[:1], order[place:]])
        for array in (self._offsets, self._values, self._lives):
            array[channel] = array[channel, order]
        self._next[channel] = 0
        self._offsets[channel, place - 1] = offset_us
        self._values[channel, place - 1], self._lives[channel, place - 1] = value, _LIFE

    def _forget_dead(self) -> None:
        """Empty the slots of samples that no longer count, and put them before the others."""
        self._offsets[self._lives == 0] = 0
        order = (self._next[:, np.newaxis] + self._slots) % self._layout.capacity
        is_kept = np.take_along_axis(self._offsets, order, axis=1) > 0
        order = np.take_along_axis(order, np.argsort(is_kept, axis=1, kind="stable"), axis=1)
        self._offsets, self._values, self._lives = (
            np.take_along_axis(array, order, axis=1) for array in (self._offsets, self._values, self._lives)
        )
        self._next[:] = 0
        last = self._offsets[:, -1].astype(np.int64)
        self._newest_us = np.where(last > 0, last + self._epoch_us, _NEVER_US)
        self.newest_us = int(self._newest_us.max())

    def _move_epoch(self, epoch_us: int) -> None:
        """Count from a later time on; samples before it, which nothing can reach, are forgotten."""
        offsets = self._offsets.astype(np.int64) + (self._epoch_us - epoch_us)
        self._offsets = np.where((self._offsets > 0) & (offsets > 0), offsets, 0).astype(self._offsets.dtype)
        self._epoch_us = epoch_us

"""The newest samples of each channel of one satellite, in rings of fixed size: 12 bytes a sample.

A sample's time is an offset in microseconds from the rings' own epoch, which moves on with the telemetry:
four bytes where all that a window can reach fits into them, else eight. Offset 0 is an empty slot.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from telemetry_core.subsystems import Window

SAMPLE_BYTES: Final = 12
SLACK: Final = 1.5
"""What is kept of a channel, in windows: late samples are put in order, and their own windows are whole."""
QUANTA_PER_SPAN: Final = 4
"""Receptions are told apart by this part of the span: see `ChannelRings.received_before`."""
_LARGEST_SHORT_OFFSET_US: Final = 2**32 - 1
_NEVER_US: Final = -(2**62)
_CHANNEL_BYTES: Final = 8 + 2 + 8 * (QUANTA_PER_SPAN + 2)
"""Of newest time, next slot and reception marks."""

Times = NDArray[np.int64]
Values = NDArray[np.float64]
Indexes = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class RingLayout:
    """How many samples of a channel are kept, and how their times are written."""

    capacity: int
    offset_type: np.dtype[Any]
    largest_offset_us: int
    reach_us: int
    """No window reaches further back from the newest sample."""
    quantum_us: int

    @classmethod
    def of(cls, window: Window) -> Self:
        """Fit the rings into SLACK windows of SAMPLE_BYTES a sample; a window itself always fits in."""
        span_us = int(window.max_span_s * 1_000_000)
        is_short = 2 * span_us < _LARGEST_SHORT_OFFSET_US * 7 // 8
        offset_type = np.dtype(np.uint32 if is_short else np.int64)
        budget = int(window.length * SLACK) * SAMPLE_BYTES - _CHANNEL_BYTES
        return cls(
            capacity=max(window.length, budget // (8 + offset_type.itemsize)),
            offset_type=offset_type,
            largest_offset_us=_LARGEST_SHORT_OFFSET_US if is_short else 2**62,
            reach_us=2 * span_us,
            quantum_us=-(-span_us // QUANTA_PER_SPAN),
        )


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

    def __init__(self, channels: int, layout: RingLayout, first_us: int) -> None:
        self._layout = layout
        self._epoch_us = first_us - layout.reach_us - 1
        self._offsets = np.zeros((channels, layout.capacity), dtype=layout.offset_type)
        self._values: Values = np.zeros((channels, layout.capacity))
        self._next = np.zeros(channels, dtype=np.int16)
        self._newest_us = np.full(channels, _NEVER_US)
        self._slots = np.arange(layout.capacity)
        #: (quantum of reception, newest time of each channel before the first message of that quantum).
        self._marks: list[tuple[int, Times]] = []

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays that grow with channels and window."""
        marks = sum(mark.nbytes for _, mark in self._marks)
        return self._offsets.nbytes + self._values.nbytes + self._next.nbytes + self._newest_us.nbytes + marks

    def note_reception(self, received_us: int) -> None:
        """Mark which samples came before this message; called before it is put in."""
        quantum = received_us // self._layout.quantum_us
        if self._marks and quantum <= self._marks[-1][0]:
            return
        self._marks = [mark for mark in self._marks if mark[0] >= quantum - QUANTA_PER_SPAN]
        self._marks.append((quantum, self._newest_us.copy()))

    def received_before(self, limit_us: int) -> Times:
        """Newest time of each channel among the samples received before the quantum of `limit_us`.

        So what counts as received since then is what a look-back from that quantum on finds again.
        """
        quantum = limit_us // self._layout.quantum_us
        return next(newest for number, newest in self._marks if number >= quantum)

    def reaches(self, channels: Indexes, generated_us: int) -> bool:
        """Tell whether a sample of that time would stay in each of these channels' rings."""
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

    def insert(self, channels: Indexes, generated_us: int, values: Values) -> None:
        """Put one new sample of each of these channels in order; its oldest one makes room."""
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
        slots += 1
        slots[slots == self._layout.capacity] = 0
        self._next[channels] = slots
        self._newest_us[channels] = generated_us

    def axes(self, channels: Indexes, since_us: Times) -> list[Axis]:
        """Group channels, each with the time since when its samples count, by the times of those."""
        offsets, places = self._offsets[channels], self._next[channels]
        is_one = (
            (offsets == offsets[0]).all() and (places == places[0]).all() and (since_us == since_us[0]).all()
        )
        if is_one:  # nearly always: all channels come in one packet
            return [self._axis(np.arange(len(channels)), offsets[0], places[0], since_us[0])]
        members: dict[tuple[int, int, bytes], list[int]] = {}
        for row, key in enumerate(zip(since_us.tolist(), places.tolist(), strict=True)):
            members.setdefault((*key, offsets[row].tobytes()), []).append(row)
        return [
            self._axis(np.array(rows), offsets[rows[0]], places[rows[0]], since_us[rows[0]])
            for rows in members.values()
        ]

    def values(self, channels: Indexes, slots: Indexes) -> Values:
        """Values of some slots, float64[channel, slot]."""
        found: Values = self._values[channels[:, np.newaxis], slots]
        return found

    def _axis(self, members: Indexes, offsets: NDArray[Any], place: np.int16, since_us: np.int64) -> Axis:
        slots = np.concatenate([self._slots[place:], self._slots[:place]])
        ordered = offsets[slots]
        first = int(np.searchsorted(ordered, max(int(since_us) - self._epoch_us, 1)))
        times = ordered[first:].astype(np.int64) + self._epoch_us
        return Axis(members=members, times=times, slots=slots[first:])

    def _insert_late(self, channel: int, offset_us: int, value: float) -> None:
        order = (self._next[channel] + self._slots) % self._layout.capacity
        offsets, values = self._offsets[channel, order], self._values[channel, order]
        place = int(np.searchsorted(offsets, offset_us))
        offsets[: place - 1], values[: place - 1] = offsets[1:place].copy(), values[1:place].copy()
        offsets[place - 1], values[place - 1] = offset_us, value
        self._offsets[channel], self._values[channel], self._next[channel] = offsets, values, 0

    def _move_epoch(self, epoch_us: int) -> None:
        """Count from a later time on; samples before it, which nothing can reach, are forgotten."""
        offsets = self._offsets.astype(np.int64) + (self._epoch_us - epoch_us)
        self._offsets = np.where((self._offsets > 0) & (offsets > 0), offsets, 0).astype(self._offsets.dtype)
        self._epoch_us = epoch_us

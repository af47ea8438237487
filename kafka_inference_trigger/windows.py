"""Windows of recent samples, per satellite and subsystem, in generation-time order.

What the windows hold depends only on the messages appended within `max_span_s`: so a look-back of
that length after a restart rebuilds them exactly.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telemetry_core.errors import InvalidTelemetryMessage
from telemetry_core.inferences import Lane
from telemetry_core.messages import TelemetryMessage
from telemetry_core.subsystems import Mission, Subsystem, Window

GENERATED: Final = 0
RECEIVED: Final = 1
_SLACK: Final = 1.5
"""Rows kept per row of the window: a sample may come late by half a window and still be put in order."""


MAX_SATELLITES: Final = 5_000
"""Satellites (lanes apart) that are kept at once, 32 KB each: a sender may invent ids without end."""


class Arrival(Enum):
    """What a message is to the windows that it was put into."""

    NEW = "new"
    COMPLETING = "completing"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleWindow:
    """The last samples of one subsystem, ending at one sample set."""

    #: float32[time, feature]; NaN = missing.
    values: NDArray[np.float32]
    #: int64[time], microseconds since 1970 UTC, ascending.
    generated_us: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where a message went: its lane, what it was, and all values known of its sample set by now."""

    lane: Lane
    arrival: Arrival
    #: Subsystem to float64[channel]: rules compare what was sent, not what float32 makes of it.
    samples: Mapping[str, NDArray[np.float64]]


class _Rows:
    """The newest rows of one subsystem in time order, aligned to the end of fixed arrays."""

    def __init__(self, subsystem: Subsystem, capacity: int) -> None:
        self.clock = np.zeros((capacity, 2), dtype=np.int64)
        self.values = np.full((capacity, len(subsystem.channels)), np.nan)
        self.count = 0
        self.newest_us = -1

    @property
    def is_full(self) -> bool:
        return self.count == len(self.clock)

    @property
    def oldest_us(self) -> int:
        return int(self.clock[-self.count, GENERATED]) if self.count else 0

    def find(self, generated_us: int) -> int:
        """Index behind the last row that is not later than `generated_us`."""
        if generated_us >= self.newest_us:  # nearly always: telemetry comes in order
            return len(self.clock)
        times = self.clock[len(self.clock) - self.count :, GENERATED]
        return len(self.clock) - self.count + int(np.searchsorted(times, generated_us, side="right"))

    def at(self, generated_us: int) -> NDArray[np.float64] | None:
        if generated_us > self.newest_us:
            return None
        row = self.find(generated_us) - 1
        if row >= len(self.clock) - self.count and self.clock[row, GENERATED] == generated_us:
            found: NDArray[np.float64] = self.values[row]
            return found
        return None

    def insert(self, generated_us: int, received_us: int, values: NDArray[np.float64]) -> None:
        """Put a row in order; the oldest one makes room."""
        row = self.find(generated_us) - 1
        self.clock[:row] = self.clock[1 : row + 1]
        self.values[:row] = self.values[1 : row + 1]
        self.clock[row] = (generated_us, received_us)
        self.values[row] = values
        self.newest_us = max(self.newest_us, generated_us)
        self.count = min(self.count + 1, len(self.clock))


@dataclass(slots=True)
class _Satellite:
    """The rows of one satellite in one lane."""

    rows: dict[str, _Rows] = field(default_factory=dict)
    newest_us: int = 0
    last_received_us: int = 0


class TelemetryWindows:
    """The windows of every satellite, live and stored; beyond `max_satellites` the longest silent one goes.

    Which ones are kept depends on the order of the messages alone, so that a look-back finds the same ones.
    """

    def __init__(self, mission: Mission, *, max_satellites: int = MAX_SATELLITES) -> None:
        self._mission = mission
        self._max_satellites = max_satellites
        self._evicted = 0
        self._capacity = int(mission.window.length * _SLACK)
        self._span_us = int(mission.window.max_span_s * 1_000_000)
        self._satellites: dict[tuple[str, Lane], _Satellite] = {}
        self._next_sweep_us = 0

    def __len__(self) -> int:
        """Count the satellites that are tracked, lanes apart."""
        return len(self._satellites)

    def clear(self) -> None:
        """Forget all: the partitions went to another consumer."""
        self._satellites.clear()

    def take_evicted(self) -> int:
        """Return how many satellites made room since this was last asked."""
        evicted, self._evicted = self._evicted, 0
        return evicted

    def append(self, message: TelemetryMessage, received_us: int, *, is_replayed: bool = False) -> Placed:
        """Put a message's samples in order and return what is known of its sample set.

        What is received when it is older than a window reaches back is stored telemetry, unless it is
        replayed: then only its order counts. Raises `InvalidTelemetryMessage` and changes nothing where
        a value contradicts an earlier one.
        """
        self._forget_silent(received_us)
        is_old = not is_replayed and message.generated_us < received_us - self._span_us
        lane, satellite = self._satellite_for(message, received_us, is_old=is_old)
        arrays = {name: np.asarray(values) for name, values in message.samples.items()}
        known = {name: self._row_at(satellite, name, message.generated_us) for name in arrays}
        arrival = _compare(known, arrays)
        for name, values in arrays.items():
            row = known[name]
            if row is None:
                self._rows_of(satellite, name).insert(message.generated_us, received_us, values)
            else:
                np.copyto(row, values, where=np.isnan(row))
        satellite.newest_us = max(satellite.newest_us, message.generated_us)
        satellite.last_received_us = received_us
        self._move_to_end((message.satellite_id, lane))
        return Placed(lane=lane, arrival=arrival, samples=self._sample_set(satellite, message.generated_us))

    def window(
        self, satellite_id: str, lane: Lane, subsystem: str, *, ending_us: int, received_us: int
    ) -> SampleWindow:
        """Return the last `length` samples up to `ending_us` that no gap and no age cuts off."""
        rows = self._satellites[satellite_id, lane].rows[subsystem]
        end = rows.find(ending_us)
        start = max(end - self._mission.window.length, len(rows.clock) - rows.count)
        start += _first_usable(
            rows.clock[start:end],
            ending_us - self._span_us,
            received_us - self._span_us,
            self._mission.window,
        )
        columns = [
            index
            for index, channel in enumerate(self._mission.subsystems[subsystem].channels.values())
            if channel.feature
        ]
        return SampleWindow(
            values=rows.values[start:end, columns].astype(np.float32),
            generated_us=rows.clock[start:end, GENERATED].copy(),
        )

    def _satellite_for(
        self, message: TelemetryMessage, received_us: int, *, is_old: bool
    ) -> tuple[Lane, _Satellite]:
        if not is_old:
            live = self._fresh(message.satellite_id, Lane.LIVE, received_us)
            if self._is_in_reach(live, message):
                return Lane.LIVE, live
        stored = self._fresh(message.satellite_id, Lane.STORED, received_us)
        if not self._is_in_reach(stored, message):
            # An older dump begins: its samples do not continue those of the former one.
            stored = self._satellites[message.satellite_id, Lane.STORED] = _Satellite()
        return Lane.STORED, stored

    def _fresh(self, satellite_id: str, lane: Lane, received_us: int) -> _Satellite:
        """Return the satellite's rows, empty if nothing came for longer than a look-back would reach."""
        satellite = self._satellites.get((satellite_id, lane))
        if satellite is None or satellite.last_received_us < received_us - self._span_us:
            satellite = self._satellites[satellite_id, lane] = _Satellite()
        return satellite

    def _move_to_end(self, key: tuple[str, Lane]) -> None:
        """Keep the satellites in the order of their last message; the first ones make room."""
        self._satellites[key] = self._satellites.pop(key)
        while len(self._satellites) > self._max_satellites:
            del self._satellites[next(iter(self._satellites))]
            self._evicted += 1

    def _is_in_reach(self, satellite: _Satellite, message: TelemetryMessage) -> bool:
        """Tell whether the sample set is new or late by no more than the rows reach back."""
        if message.generated_us >= satellite.newest_us:
            return True
        if message.generated_us < satellite.newest_us - self._span_us:
            return False
        rows = [satellite.rows[name] for name in message.samples if name in satellite.rows]
        return all(not row.is_full or message.generated_us >= row.oldest_us for row in rows)

    def _rows_of(self, satellite: _Satellite, name: str) -> _Rows:
        if name not in satellite.rows:
            satellite.rows[name] = _Rows(self._mission.subsystems[name], self._capacity)
        return satellite.rows[name]

    @staticmethod
    def _row_at(satellite: _Satellite, name: str, generated_us: int) -> NDArray[np.float64] | None:
        rows = satellite.rows.get(name)
        return None if rows is None else rows.at(generated_us)

    def _sample_set(self, satellite: _Satellite, generated_us: int) -> dict[str, NDArray[np.float64]]:
        found = {name: self._row_at(satellite, name, generated_us) for name in self._mission.subsystems}
        return {name: row for name, row in found.items() if row is not None}

    def _forget_silent(self, received_us: int) -> None:
        """Once per span, drop the satellites that fell silent; they would start afresh anyway."""
        if received_us < self._next_sweep_us:
            return
        self._next_sweep_us = received_us + self._span_us
        limit_us = received_us - self._span_us
        self._satellites = {
            key: satellite
            for key, satellite in self._satellites.items()
            if satellite.last_received_us >= limit_us
        }


def _compare(
    known: Mapping[str, NDArray[np.float64] | None], samples: Mapping[str, NDArray[np.float64]]
) -> Arrival:
    """Tell what a message adds to the rows of its sample set, or refuse it where it contradicts them."""
    if all(row is None for row in known.values()):
        return Arrival.NEW
    is_complete = True
    for name, values in samples.items():
        row = known[name]
        if row is None:
            is_complete = False
            continue
        both = ~np.isnan(row) & ~np.isnan(values)
        if np.any(row[both] != values[both]):
            raise InvalidTelemetryMessage(
                "conflicting_duplicate", f"{name} differs from an earlier message of the same generation time"
            )
        is_complete &= not np.any(np.isnan(row) & ~np.isnan(values))
    return Arrival.DUPLICATE if is_complete else Arrival.COMPLETING


def _first_usable(clock: NDArray[np.int64], oldest_us: int, received_since_us: int, window: Window) -> int:
    """Index of the first row behind the last gap and the last row that is too old."""
    too_old = (clock[:, GENERATED] < oldest_us) | (clock[:, RECEIVED] < received_since_us)
    gaps = np.diff(clock[:, GENERATED]) > window.max_gap_s * 1_000_000
    breaks = np.flatnonzero(too_old) + 1
    breaks = np.concatenate([breaks, np.flatnonzero(gaps) + 1])
    return int(breaks.max()) if breaks.size else 0

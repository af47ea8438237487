"""Windows of recent samples, per satellite and channel, in generation-time order.

What the windows hold depends only on the messages appended within `look_back_s`: so a look-back of
that length after a restart rebuilds them exactly.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kafka_inference_trigger.windows.restless import AddedShare, Bounds, restless_subsystems
from kafka_inference_trigger.windows.rings import ChannelRings, Indexes, RingLayout, channel_places
from kafka_inference_trigger.windows.sample_sets import Arrival, SampleSet
from telemetry_core.contract.errors import InvalidTelemetryMessage
from telemetry_core.contract.inferences import Lane
from telemetry_core.contract.messages import CONFLICTING_DUPLICATE, ConflictingDuplicate, TelemetryMessage
from telemetry_core.contract.mission import Mission, Window
from telemetry_core.limits.changes import Limits

MAX_SATELLITES: Final = 5_000
"""Satellites (lanes apart) that are kept at once, 40 KB each: a sender may invent ids without end."""

SET_BACK_CONFLICTS: Final = 5
"""Contradicting sample sets, in time order and none newer between, that a clock which was set back sends."""


@dataclass(slots=True)
class _Satellite:
    """The samples of one satellite in one lane."""

    rings: ChannelRings
    last_received_us: int = 0
    #: Generation times, ascending, of the last contradicting sample sets since the newest one, microseconds.
    conflicts_us: list[int] = field(default_factory=list)

    def set_back_s(self, generated_us: int, received_us: int) -> float | None:
        """Note a contradicting sample set; return how far the clock was set back, None of a few of them."""
        earlier = [conflict_us for conflict_us in self.conflicts_us if conflict_us < generated_us]
        self.conflicts_us = [*earlier, generated_us][-SET_BACK_CONFLICTS:]
        if len(self.conflicts_us) < SET_BACK_CONFLICTS:
            return None
        return (self.rings.newest_us + received_us - self.last_received_us - generated_us) / 1_000_000


def look_back_s(window: Window) -> float:
    """How far before the first unprocessed message a look-back must begin to rebuild windows and counts.

    What was restless in the quantum before is counted, and followed from the windows of that time.
    """
    layout = RingLayout.of(window)
    return (layout.look_back_us + layout.quantum_us) / 1_000_000


class TelemetryWindows:
    """The windows of every satellite, live and stored; beyond `max_satellites` the longest silent one goes.

    Which ones are kept depends on the order of the messages alone, so that a look-back finds the same ones.
    """

    def __init__(self, mission: Mission, *, max_satellites: int = MAX_SATELLITES) -> None:
        self._mission = mission
        self._max_satellites = max_satellites
        self._evicted = 0
        self._layout = RingLayout.of(mission.window)
        self._span_us = int(mission.window.max_span_s * 1_000_000)
        self._live_us = int(mission.window.live_s * 1_000_000)
        self._places = channel_places(mission)
        self._channel_count = sum(len(subsystem.channels) for subsystem in mission.subsystems.values())
        self._limits = Limits.of(mission)
        #: By limit set.
        self._bounds = _bounds_of(self._limits)
        self._added = AddedShare(mission.look_again.added_share, quantum_us=self._layout.quantum_us)
        self._is_on_change = np.array(
            [
                channel.reporting == "on_change"
                for subsystem in mission.subsystems.values()
                for channel in subsystem.channels.values()
            ]
        )
        self._satellites: dict[tuple[str, Lane], _Satellite] = {}
        self._next_sweep_us = 0

    def __len__(self) -> int:
        """Count the satellites that are tracked, lanes apart."""
        return len(self._satellites)

    @property
    def nbytes(self) -> int:
        """Bytes of all samples that are kept."""
        return sum(satellite.rings.nbytes for satellite in self._satellites.values())

    def compare_with(self, limits: Limits) -> None:
        """Find what is restless by these limits, which differ from the mission's in nothing else."""
        self._limits, self._bounds = limits, _bounds_of(limits)

    def clear(self) -> None:
        """Forget all: the partitions went to another consumer."""
        self._satellites.clear()
        self._added.clear()

    def counted_from_us(self, until_us: int) -> int:
        """Return the earliest reception that still counts towards the share at `until_us`."""
        return self._added.counted_from_us(until_us)

    def take_evicted(self) -> int:
        """Return how many satellites made room since this was last asked."""
        evicted, self._evicted = self._evicted, 0
        return evicted

    def append(
        self,
        message: TelemetryMessage,
        received_us: int,
        *,
        partition: int = 0,
        is_replayed: bool = False,
        is_counted: bool = True,
    ) -> SampleSet:
        """Put a message's samples in order and return what is known of its sample set.

        What is received when it is older than live telemetry may be is stored telemetry, unless it is
        replayed: then only its order counts. Raises `InvalidTelemetryMessage` and changes nothing where
        a value contradicts an earlier one: `ConflictingDuplicate` if it is live.

        What is restless is found and counted by partition, but for the older part of a look-back.
        """
        lane, arrival, samples = self._place(message, received_us, is_replayed=is_replayed)
        rings = self._satellites[message.satellite_id, lane].rings
        restless: dict[str, str] = {}
        if is_counted and self._mission.look_again.added_share:
            restless = restless_subsystems(
                rings,
                self._bounds[self._limits.set_of(message.satellite_id)],
                samples,
                since_us=message.generated_us - self._span_us,
                ending_us=message.generated_us,
            )
        share = self._added.count(partition, received_us, sample_sets=len(samples), restless=len(restless))
        return SampleSet(
            satellite_id=message.satellite_id,
            generated_us=message.generated_us,
            lane=lane,
            arrival=arrival,
            samples=samples,
            rings=rings,
            restless=restless,
            added_share=share,
        )

    def _place(
        self, message: TelemetryMessage, received_us: int, *, is_replayed: bool
    ) -> tuple[Lane, Arrival, dict[str, NDArray[np.float64]]]:
        """Put samples into the rings of their lane; return with it all values of the sample set."""
        self._forget_silent(received_us)
        sent = self._vector(message)
        is_sent = ~np.isnan(sent)
        channels = np.flatnonzero(is_sent)
        lane, satellite = self._satellite_for(message, received_us, channels, is_replayed=is_replayed)
        merged, arrival, names = sent, Arrival.NEW, list(message.samples)
        if message.generated_us <= satellite.rings.newest_us:
            known = satellite.rings.at(message.generated_us)
            if contradicted := self._contradicted(known, sent):
                detail = f"{contradicted} differs from an earlier message of the same generation time"
                if lane is Lane.STORED:
                    raise InvalidTelemetryMessage(CONFLICTING_DUPLICATE, detail)
                set_back_s = satellite.set_back_s(message.generated_us, received_us)
                raise ConflictingDuplicate(detail, message=message, behind_s=set_back_s)
            arrival = _arrival(known, sent)
            if arrival is not Arrival.NEW:
                satellite.rings.renew(channels, message.generated_us)
            channels = np.flatnonzero(is_sent & np.isnan(known))
            merged = np.where(is_sent, sent, known)
            names = [name for name, place in self._places.items() if not np.isnan(merged[place]).all()]
        else:
            satellite.conflicts_us.clear()
        satellite.rings.insert(channels, message.generated_us, sent[channels])
        satellite.last_received_us = received_us
        self._move_to_end((message.satellite_id, lane))
        if self._is_on_change.any():
            merged = np.where(np.isnan(merged), self._held(satellite, message.generated_us), merged)
        return lane, arrival, {name: merged[self._places[name]] for name in names}

    def _vector(self, message: TelemetryMessage) -> NDArray[np.float64]:
        """Lay a message's values side by side, float64[channel]; NaN = missing."""
        sent = np.full(self._channel_count, np.nan)
        for name, values in message.samples.items():
            sent[self._places[name]] = values
        return sent

    def _held(self, satellite: _Satellite, generated_us: int) -> NDArray[np.float64]:
        """Values that hold at a time, float64[channel]; NaN of channels that are not sent on change."""
        held = np.full(self._channel_count, np.nan)
        channels = np.flatnonzero(self._is_on_change)
        held[channels] = satellite.rings.held(channels, generated_us, generated_us - self._span_us)
        return held

    def _contradicted(self, known: NDArray[np.float64], sent: NDArray[np.float64]) -> str | None:
        """Name the first subsystem of which a value differs from the one that is known."""
        differs = (known != sent) & ~np.isnan(known) & ~np.isnan(sent)
        return next((name for name, place in self._places.items() if differs[place].any()), None)

    def _satellite_for(
        self, message: TelemetryMessage, received_us: int, channels: Indexes, *, is_replayed: bool
    ) -> tuple[Lane, _Satellite]:
        """Choose the lane by age alone: what came before says another thing after a restart."""
        if is_replayed or message.generated_us >= received_us - self._live_us:
            live = self._fresh(message, Lane.LIVE, received_us)
            now_us = live.rings.newest_us if is_replayed else received_us
            if self._is_in_reach(live, message, channels, now_us):
                return Lane.LIVE, live
        stored = self._fresh(message, Lane.STORED, received_us)
        if not self._is_in_reach(stored, message, channels, stored.rings.newest_us):
            # An older dump begins: its samples do not continue those of the former one.
            stored = self._begin(message, Lane.STORED, received_us)
        return Lane.STORED, stored

    def _fresh(self, message: TelemetryMessage, lane: Lane, received_us: int) -> _Satellite:
        """Return the satellite's samples, none if nothing came for longer than a look-back would reach."""
        satellite = self._satellites.get((message.satellite_id, lane))
        if satellite is None or satellite.last_received_us < received_us - self._span_us:
            return self._begin(message, lane, received_us)
        satellite.rings.note_reception(received_us)
        return satellite

    def _begin(self, message: TelemetryMessage, lane: Lane, received_us: int) -> _Satellite:
        rings = ChannelRings(
            self._is_on_change, self._layout, first_us=message.generated_us, received_us=received_us
        )
        satellite = self._satellites[message.satellite_id, lane] = _Satellite(rings)
        return satellite

    def _move_to_end(self, key: tuple[str, Lane]) -> None:
        """Keep the satellites in the order of their last message; the first ones make room."""
        self._satellites[key] = self._satellites.pop(key)
        while len(self._satellites) > self._max_satellites:
            del self._satellites[next(iter(self._satellites))]
            self._evicted += 1

    def _is_in_reach(
        self, satellite: _Satellite, message: TelemetryMessage, channels: Indexes, now_us: int
    ) -> bool:
        """Tell whether the sample set is new, late by no more than live telemetry may be or rings hold."""
        if message.generated_us >= satellite.rings.newest_us:
            return True
        if message.generated_us < now_us - self._live_us:
            return False
        return satellite.rings.reaches(channels, message.generated_us)

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


def _bounds_of(limits: Limits) -> dict[str, Bounds]:
    return {name: Bounds.of(mission) for name, mission in limits.missions.items()}


def _arrival(known: NDArray[np.float64], sent: NDArray[np.float64]) -> Arrival:
    """Tell what a message adds to its sample set, float64[channel] each; NaN = missing."""
    if np.isnan(known).all():
        return Arrival.NEW
    is_new = np.isnan(known) & ~np.isnan(sent)
    return Arrival.COMPLETING if is_new.any() else Arrival.DUPLICATE

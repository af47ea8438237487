"""Telemetry of suite field: simulated satellites whose channels come in packets of several forms.

Nothing here knows how telemetry is judged.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Self

import numpy as np
import orjson
from numpy.typing import NDArray

from simulator.constellation import nominal_arrays
from simulator.physics.sensors import Telemetry
from telemetry_core.contract.messages import microseconds_of, time_of
from telemetry_core.kafka.records import Record
from training.data.nominal import SATELLITES, Sampling, subsystem_features

FEATURES: Final = subsystem_features()
FOLLOWS_AFTER: Final = 0.3
"""Of an interval: so much later than the first group comes the second."""
LOST: Final = 0.1


class Packets(StrEnum):
    """How the channels of a subsystem are spread over messages."""

    ONE = "one"
    """Every channel in every message."""
    GROUPS = "by groups"
    """Two messages an interval, half of the channels in each, each with its own time."""
    TURNS = "by turns"
    """One message an interval with one half of the channels, the next one with the other half."""
    MISSING = "a third missing"
    """One message an interval; a third of the channels never comes."""
    LOSSY = "a tenth lost"
    """One message an interval with every channel, but that LOST of them, at random, never arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Which messages carry a channel."""

    every: int = 1
    first: int = 0
    """Step of the first one."""
    delay: float = 0.0
    """Between step and message, in intervals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The samples of one channel of a satellite as they are sent."""

    satellite: int
    """Place in its fleet."""
    satellite_id: str
    subsystem: str
    channel: str
    times_us: NDArray[np.int64]
    interval_us: int
    """Of this channel."""
    values: NDArray[np.float64]
    """NaN = none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Nominal telemetry of SATELLITES satellites over some time."""

    seed: int
    interval_us: int
    start_us: int
    steps: int
    telemetry: Telemetry

    @classmethod
    def simulated(cls, *, seed: int, interval_s: float, steps: int) -> Self:
        """Simulate so many steps, one every `interval_s`."""
        start = Sampling(seed=seed, interval_s=interval_s, steps=steps).start
        return cls(
            seed=seed,
            interval_us=round(interval_s * 1_000_000),
            start_us=microseconds_of(start),
            steps=steps,
            telemetry=nominal_arrays(SATELLITES, start, interval_s, steps, seed),
        )

    def part(self, first: int, steps: int) -> Self:
        """The same satellites during some of the steps."""
        chosen = slice(first, first + steps)
        return replace(
            self,
            start_us=self.start_us + first * self.interval_us,
            steps=steps,
            telemetry={
                subsystem: {channel: values[chosen] for channel, values in channels.items()}
                for subsystem, channels in self.telemetry.items()
            },
        )

    def tracks(
        self, satellite: int, satellite_id: str, packets: Packets, subsystems: Iterable[str] = FEATURES
    ) -> Iterator[Track]:
        """The channels of a satellite that are sent at all, under any name for it."""
        is_lost = self._lost(satellite, packets)
        for subsystem in subsystems:
            for index, channel in enumerate(FEATURES[subsystem]):
                slot = slot_of(packets, index, len(FEATURES[subsystem]), satellite)
                if slot is None:
                    continue
                steps = np.arange(slot.first, self.steps, slot.every)
                delay_us = round(slot.delay * self.interval_us)
                yield Track(
                    satellite=satellite,
                    satellite_id=satellite_id,
                    subsystem=subsystem,
                    channel=channel,
                    times_us=self.start_us + steps * self.interval_us + delay_us,
                    interval_us=slot.every * self.interval_us,
                    values=np.where(
                        is_lost[steps], np.nan, self.telemetry[subsystem][channel][steps, satellite]
                    ),
                )

    def _lost(self, satellite: int, packets: Packets) -> NDArray[np.bool_]:
        """Draw the steps whose message is lost, bool[step]."""
        if packets is not Packets.LOSSY:
            return np.zeros(self.steps, np.bool_)
        generator = np.random.default_rng([self.seed, satellite, self.start_us])
        return generator.random(self.steps) < LOST


def slot_of(packets: Packets, channel: int, channels: int, satellite: int) -> Slot | None:
    """Place the channel of that index among those of its subsystem; None = it never comes."""
    half = 2 * channel // channels
    match packets:
        case Packets.ONE | Packets.LOSSY:
            return Slot()
        case Packets.GROUPS:
            return Slot(delay=half * FOLLOWS_AFTER)
        case Packets.TURNS:
            return Slot(every=2, first=half)
        case Packets.MISSING:
            return None if (channel + satellite) % 3 == 0 else Slot()


def records_of(tracks: Sequence[Track]) -> list[Record]:
    """The messages that carry these samples, in the order of their times and received at once.

    One without any sample is not sent.
    """
    bodies: dict[tuple[int, str], dict[str, Any]] = {}
    for track in tracks:
        for time_us, value in zip(track.times_us.tolist(), track.values.tolist(), strict=True):
            body = bodies.setdefault((time_us, track.satellite_id), {})
            body.setdefault(track.subsystem, {})[track.channel] = None if np.isnan(value) else value
    return [
        Record(
            value=orjson.dumps(
                {"timestamp": time_of(time_us).isoformat(), "satellite_id": satellite_id, **bodies[key]}
            ),
            key=satellite_id.encode(),
            partition=0,
            offset=offset,
            received_us=time_us,
        )
        for offset, key in enumerate(sorted(key for key, body in bodies.items() if has_sample(body)))
        for time_us, satellite_id in [key]
    ]


def has_sample(body: Mapping[str, Mapping[str, float | None]]) -> bool:
    """Tell whether a message carries a value of any subsystem."""
    return any(value is not None for channels in body.values() for value in channels.values())


def satellite_days(tracks: Sequence[Track]) -> float:
    """How long the satellites of these samples were observed, together."""
    spans: dict[str, tuple[int, int]] = {}
    for track in tracks:
        first, last = spans.get(track.satellite_id, (int(track.times_us[0]), int(track.times_us[-1])))
        spans[track.satellite_id] = min(first, int(track.times_us[0])), max(last, int(track.times_us[-1]))
    return sum(last - first for first, last in spans.values()) / 86_400e6

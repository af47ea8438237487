"""Faults of suite field: one in one channel of a satellite, of the simulator's usual sizes.

This is the oracle: what was injected where and when is known here, and nothing here knows how it is judged.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.field.telemetry import FEATURES, Fleet, Packets, Track, slot_of
from simulator.faults import DRIFT_FULL_AFTER_S, DRIFT_SPANS, NOISE_SPANS, SPIKE_SPANS, drift, spikes
from simulator.physics.sensors import SENSORS
from training.data.nominal import SATELLITES

Array = NDArray[np.float64]

LEAD_STEPS: Final = 80
"""Nominal ones before the fault."""
FAULT_STEPS: Final = 150
FILL_VALUE: Final = -9999.0
EVERY_CHANNEL: Final = 2
"""A kind strikes every second channel; the seed says which half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """The faulty samples of a channel, from the fault's first one on."""

    values: Array
    since_s: Array
    interval_s: float
    span: float
    """How far the channel usually wanders within an orbit: the unit of sizes."""
    generator: np.random.Generator


FAULTS: Final[dict[str, Callable[[Moments], Array]]] = {
    "spike": lambda at: at.values + SPIKE_SPANS * at.span * spikes(at.since_s, at.interval_s),
    "step": lambda at: at.values + SPIKE_SPANS * at.span,
    "drift": lambda at: at.values + DRIFT_SPANS * at.span * drift(at.since_s),
    "stuck": lambda at: np.full_like(at.values, at.values[np.isfinite(at.values)][0]),
    "noise": lambda at: at.values + NOISE_SPANS * at.span * at.generator.standard_normal(at.values.shape),
    "dropout": lambda at: np.full_like(at.values, np.nan),
    "fill value": lambda at: np.full_like(at.values, FILL_VALUE),
}
"""By kind: spikes and steps of 8 spans, a drift to 10 within two minutes, noise of 1.5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """The truth about one fault; it lasts to the end of its satellite's telemetry."""

    satellite_id: str
    subsystem: str
    channel: str
    kind: str
    start_us: int
    """Time of the first faulty sample."""
    interval_us: int
    """Of the channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A satellite with a fault: what was injected, and the telemetry of the subsystem struck."""

    injection: Injection
    tracks: tuple[Track, ...]
    unstruck: tuple[Track, ...]
    """The same without the fault."""


def steps_of(kind: str, interval_s: float) -> int:
    """How long the telemetry with a fault is; a drift is seen to its end."""
    ramp_steps = round(1.25 * DRIFT_FULL_AFTER_S / interval_s) if kind == "drift" else 0
    return LEAD_STEPS + max(FAULT_STEPS, ramp_steps)


def cases_of(
    kind: str, fleet: Fleet, packets: Packets, subsystems: Collection[str] = FEATURES
) -> Iterator[Case]:
    """Strike every second channel at the beginning of a fleet; a fault that changes no sample is none."""
    interval_us, seed = fleet.interval_us, fleet.seed
    fleet = fleet.part(0, steps_of(kind, interval_us / 1e6))
    number = list(FAULTS).index(kind)
    channels = [(subsystem, channel) for subsystem, names in FEATURES.items() for channel in names]
    first_channel = int(np.random.default_rng([seed, number]).integers(EVERY_CHANNEL))
    for index in range(first_channel, len(channels), EVERY_CHANNEL):
        subsystem, channel = channels[index]
        if subsystem not in subsystems:
            continue
        name = f"{kind.replace(' ', '-')}-{index}"
        satellite = sender_of(subsystem, channel, packets, since=index + number)
        tracks = list(fleet.tracks(satellite, name, packets, [subsystem]))
        place = next(place for place, track in enumerate(tracks) if track.channel == channel)
        nominal, unstruck = tracks[place], tuple(tracks)
        first = LEAD_STEPS * interval_us // nominal.interval_us
        tracks[place] = with_fault(nominal, kind, first, np.random.default_rng([seed, number, index]))
        if not np.array_equal(tracks[place].values, nominal.values):
            yield Case(injection=injection_of(nominal, kind, first), tracks=tuple(tracks), unstruck=unstruck)


def sender_of(subsystem: str, channel: str, packets: Packets, *, since: int) -> int:
    """The next satellite, in turn, that sends a channel."""
    names = FEATURES[subsystem]
    place = names.index(channel)
    candidates = (number % SATELLITES for number in count(since))
    return next(
        satellite for satellite in candidates if slot_of(packets, place, len(names), satellite) is not None
    )


def with_fault(track: Track, kind: str, first: int, generator: np.random.Generator) -> Track:
    """The same samples, faulty from `first` on; all but fill values are what the sensor can show."""
    sensor = SENSORS[track.subsystem][track.channel]
    values, interval_s = track.values[first:], track.interval_us / 1e6
    faulty = FAULTS[kind](
        Moments(
            values=values,
            since_s=interval_s * np.arange(values.size, dtype=np.float64),
            interval_s=interval_s,
            span=sensor.span,
            generator=generator,
        )
    )
    faulty = np.where(np.isnan(values), np.nan, faulty)
    if kind != "fill value":
        faulty = np.clip(faulty, sensor.low, sensor.high).round(sensor.decimals)
    return replace(track, values=np.concatenate([track.values[:first], faulty]))


def injection_of(track: Track, kind: str, first: int) -> Injection:
    return Injection(
        satellite_id=track.satellite_id,
        subsystem=track.subsystem,
        channel=track.channel,
        kind=kind,
        start_us=int(track.times_us[first]),
        interval_us=track.interval_us,
    )

"""Nominal stretches of telemetry with one fault of a known kind and place each, or two.

Kinds after Goswami et al., Unsupervised Model Selection for Time-series Anomaly Detection (ICLR 2023), whose
list was made without any of the telemetry here. No label of a recorded anomaly is read.

All arrays are float64[time].
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.detection.evaluation.event_metrics import Floats
from benchmarks.detection.evaluation.recordings import Interval, find_directory, load_recordings
from training.data.families import synthetic_series
from training.data.nominal import Sampling, nominal_recording
from training.data.recorded_series import attitude_series

Shape = Callable[[Floats, float, np.random.Generator], Floats]
"""Samples of a stretch, its spread, and a generator to the faulty samples."""

SEED: Final = 80_100
REFERENCE_SHARE: Final = 1 / 3
"""Of a stretch, known to be nominal: nothing is injected there."""
STRETCH_SAMPLES: Final = 6000
LEAST_SAMPLES: Final = 1200
SIMULATED_INTERVALS_S: Final = (2.0, 5.0, 10.0, 30.0)
SYNTHETIC: Final = 40
FAULT_SAMPLES: Final = (20, 400)
"""Shortest and longest fault; every factor between is alike."""
MARGIN_SAMPLES: Final = 150
"""Nominal samples that follow a reference, and a fault."""
LEAST_EFFECT: Final = 0.1
"""Mean |change| by a fault in spreads: what changes less is none."""
TRIALS: Final = 20
FACTORS: Final = (0.25, 0.3, 0.5, 2.0, 3.0, 4.0)
SPIKE_SHARE: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Nominal telemetry of one channel, or the same with a fault."""

    origin: str
    name: str
    values: Floats
    """float64[time]."""
    first_judged: int
    """Earlier samples are the reference."""
    kind: str = ""
    faults: Sequence[Interval] = ()
    """First and last faulty sample of each; none = nominal."""


def spikes(part: Floats, spread: float, rng: np.random.Generator) -> Floats:
    """Single samples that lie far off."""
    return part + (rng.random(part.size) < SPIKE_SHARE) * rng.normal(0, 2 * spread, part.size)


def contextual(part: Floats, spread: float, rng: np.random.Generator) -> Floats:
    """Another gain and offset."""
    mean = float(part.mean())
    return mean + rng.normal(1, 0.8) * (part - mean) + rng.normal(0, 0.8) * spread


def flip(part: Floats, _spread: float, _rng: np.random.Generator) -> Floats:
    """Backwards in time."""
    return part[::-1].copy()


def speedup(part: Floats, _spread: float, rng: np.random.Generator) -> Floats:
    """The same, faster and again, or its beginning slower."""
    places: Floats = (np.arange(part.size) * rng.choice(FACTORS)) % (part.size - 1)
    return np.interp(places, np.arange(part.size), part)


def noise(part: Floats, spread: float, rng: np.random.Generator) -> Floats:
    """More noise."""
    return part + rng.normal(0, 0.5 * spread, part.size)


def cutoff(part: Floats, spread: float, rng: np.random.Generator) -> Floats:
    """A constant: one of its own values, or far off."""
    levels = [*np.quantile(part, [0.0, 0.5, 0.75, 1.0]), part.mean() - 3 * spread]
    return np.full(part.size, rng.choice(levels))


def scale(part: Floats, _spread: float, rng: np.random.Generator) -> Floats:
    """Larger or smaller swings about the mean."""
    return np.asarray(part.mean() + rng.choice(FACTORS) * (part - part.mean()))


def wander(part: Floats, spread: float, rng: np.random.Generator) -> Floats:
    """A drift, which ends."""
    return part + np.linspace(0, rng.choice([-1, 1]) * rng.uniform(1, 3) * spread, part.size)


def average(part: Floats, _spread: float, _rng: np.random.Generator) -> Floats:
    """Smooth it: noise and details are gone."""
    padded = np.pad(part, 5, mode="edge")
    return np.convolve(padded, np.full(11, 1 / 11), mode="valid")


KINDS: Final[Mapping[str, Shape]] = {
    shape.__name__: shape
    for shape in (spikes, contextual, flip, speedup, noise, cutoff, scale, wander, average)
}


def nominal_stretches(data: Path) -> list[Stretch]:
    """Every origin's stretches: training arrays, OPS-SAT attitude, simulated, synthetic."""
    directory = find_directory(data)
    nasa = {one.channel: one.train for one in load_recordings(directory)} if directory else {}
    attitude = data / "ops_sat_attitude"
    flown = attitude_series(attitude) if attitude.is_dir() else []
    return [
        *stretches_of("nasa training", nasa),
        *stretches_of("ops-sat", {f"{n}": one.astype(np.float64) for n, one in enumerate(flown)}),
        *stretches_of("simulated", dict(simulated_series())),
        *stretches_of("synthetic", dict(enumerate_synthetic())),
    ]


def simulated_series() -> Iterator[tuple[str, Floats]]:
    """Each channel of the default mission, at one of the intervals."""
    for number, interval_s in enumerate(SIMULATED_INTERVALS_S):
        sampling = Sampling(seed=SEED + number, interval_s=interval_s, steps=STRETCH_SAMPLES)
        channels = [
            (f"{subsystem} {channel}, {interval_s:g} s", values.astype(np.float64))
            for subsystem, series in nominal_recording(sampling).items()
            for channel, values in enumerate(series[number])
        ]
        yield from channels[number :: len(SIMULATED_INTERVALS_S)]


def enumerate_synthetic() -> Iterator[tuple[str, Floats]]:
    """Synthetic series of all kinds, by number."""
    rows = synthetic_series(np.random.default_rng(SEED), SYNTHETIC, STRETCH_SAMPLES)
    for number, values in enumerate(rows):
        yield f"{number}", values.astype(np.float64)


def stretches_of(origin: str, series: Mapping[str, Floats]) -> list[Stretch]:
    """Cut series into stretches of at most STRETCH_SAMPLES; shorter than LEAST_SAMPLES are left out."""
    return [
        Stretch(
            origin=origin,
            name=f"{name} {start}",
            values=values[start : start + STRETCH_SAMPLES],
            first_judged=int(REFERENCE_SHARE * min(STRETCH_SAMPLES, values.size - start)),
        )
        for name, values in series.items()
        for start in range(0, values.size, STRETCH_SAMPLES)
        if values.size - start >= LEAST_SAMPLES
    ]


def with_faults(stretch: Stretch, kinds: Sequence[str] = tuple(KINDS)) -> list[Stretch]:
    """The stretch with one fault of each kind, at places and sizes that its name decides."""
    rng = np.random.default_rng([SEED, *stretch.origin.encode(), *stretch.name.encode()])
    spread = spread_of(stretch.values)
    found = (with_fault(stretch, kind, spread, rng) for kind in kinds)
    return [one for one in found if one is not None]


def spread_of(values: Floats) -> float:
    """Standard deviation; of a constant a hundredth of its value, or 1."""
    return float(np.std(values)) or float(np.abs(values).max()) / 100 or 1.0


def with_fault(stretch: Stretch, kind: str, spread: float, rng: np.random.Generator) -> Stretch | None:
    """One fault; None where the kind changes nothing here."""
    for _ in range(TRIALS):
        samples = int(np.exp(rng.uniform(*np.log(FAULT_SAMPLES))))
        first = stretch.first_judged + MARGIN_SAMPLES
        start = int(rng.integers(first, stretch.values.size - samples - MARGIN_SAMPLES))
        part = stretch.values[start : start + samples]
        faulty = KINDS[kind](part, spread, rng)
        if np.abs(faulty - part).mean() >= LEAST_EFFECT * spread:
            values = stretch.values.copy()
            values[start : start + samples] = faulty
            return replace(stretch, values=values, kind=kind, faults=[(start, start + samples - 1)])
    return None


def with_second_faults(stretch: Stretch, singles: Sequence[Stretch]) -> list[Stretch]:
    """The stretches of `with_faults`, each with a fault of another kind besides, wherever there is room."""
    rng = np.random.default_rng([SEED, 2, *stretch.origin.encode(), *stretch.name.encode()])
    spread = spread_of(stretch.values)
    found = (with_second_fault(stretch, one, spread, rng) for one in singles)
    return [one for one in found if one is not None]


def with_second_fault(
    stretch: Stretch, single: Stretch, spread: float, rng: np.random.Generator
) -> Stretch | None:
    """One more fault of another kind, MARGIN_SAMPLES apart; None where none fits."""
    ((start, end),) = single.faults
    for _ in range(TRIALS):
        other = with_fault(stretch, list(KINDS)[rng.integers(len(KINDS))], spread, rng)
        if other is None or other.kind == single.kind:
            continue
        ((first, last),) = other.faults
        if start - MARGIN_SAMPLES > last or first - MARGIN_SAMPLES > end:
            values = single.values.copy()
            values[first : last + 1] = other.values[first : last + 1]
            kind = f"{single.kind} + {other.kind}"
            return replace(single, values=values, kind=kind, faults=[*single.faults, *other.faults])
    return None

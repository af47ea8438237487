"""Made series without history, nominal and with one fault each: what a judgement against itself rests on.

Every corpus has its own seed: levels are chosen on `DEVELOPMENT` alone, figures are told of `REPORTED`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Make = Callable[[np.random.Generator, int], Floats]

DEVELOPMENT: Final = 41_000
REPORTED: Final = 52_000

OFFSETS: Final = (0.0, 1.0, -40.0, 3.7e3, 1e6)
"""In parts of the scale, about as far as a value of six or seven digits reaches."""
SCALES: Final = (1e-9, 1e-3, 1.0, 25.0, 1e5, 1e12)
SPIKE_SIZE: Final = 8.0
"""In robust deviations of the differences, as the others."""
STEP_SIZE: Final = 6.0
DROPOUT_SIZE: Final = 12.0
NOISE_FACTOR: Final = 5.0
STUCK_SAMPLES: Final = 8
LEAST_AFTER_STEP: Final = 4
FILL_VALUES: Final = (-9999.0, -999.0, 9999.0, -32768.0, 65535.0, 2147483647.0, 1e20, 1e30, -1e31)
SHORTEST_STRETCH: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One series and what is the matter with it."""

    carrier: str
    fault: str | None
    values: Floats
    """float64[time], NaN = missing."""


def white(rng: np.random.Generator, length: int) -> Floats:
    """Independent Gaussian samples."""
    return rng.normal(size=length)


def coloured(rng: np.random.Generator, length: int) -> Floats:
    """A first-order autoregression."""
    memory = rng.uniform(0.2, 0.97)
    noise = rng.normal(size=length + 50)
    value = np.zeros(length + 50)
    for step in range(1, length + 50):
        value[step] = memory * value[step - 1] + noise[step]
    return value[50:]


def walk(rng: np.random.Generator, length: int) -> Floats:
    """A sum of independent Gaussian steps."""
    return rng.normal(size=length).cumsum()


def _noise(rng: np.random.Generator, length: int) -> Floats:
    share = rng.choice([0.0, 0.003, 0.02, 0.1, 0.3])
    return np.asarray(share * rng.normal(size=length))


def wave(rng: np.random.Generator, length: int) -> Floats:
    """One sine of 8 to 300 samples, with and without noise."""
    period = np.exp(rng.uniform(np.log(8), np.log(300)))
    turn = 2 * np.pi * (np.arange(length) / period + rng.uniform())
    return np.asarray(np.sin(turn) + _noise(rng, length))


def waves(rng: np.random.Generator, length: int) -> Floats:
    """Two or three sines."""
    parts = [rng.uniform(0.3, 1) * wave(rng, length) for _ in range(rng.integers(2, 4))]
    return np.asarray(np.sum(parts, axis=0))


def ramp(rng: np.random.Generator, length: int) -> Floats:
    """A straight line up or down, with and without noise."""
    return np.asarray(rng.choice([-1, 1]) * 0.1 * np.arange(length) + _noise(rng, length))


def counter(rng: np.random.Generator, length: int) -> Floats:
    """Whole numbers that grow, half of them wrapping once or more."""
    least, most = [(1, 1), (5, 5), (1, 4), (20, 40)][rng.integers(4)]
    grown = rng.integers(least, most + 1, size=length).cumsum() + rng.integers(0, 5000)
    wraps = rng.choice([0, 2**8, 2**12, 360, 1000, 2**16])
    return np.asarray(grown % wraps if wraps else grown, np.float64)


def quantised(rng: np.random.Generator, length: int) -> Floats:
    """Noise, a walk or a wave in steps of a converter."""
    make = [white, walk, wave, ramp, coloured][rng.integers(5)]
    value = make(rng, length)
    step = np.ptp(value) / rng.integers(3, 40)
    return np.asarray(np.round(value / step))


def staircase(rng: np.random.Generator, length: int) -> Floats:
    """A slow ramp in steps of a converter, one sample in ten between two of them."""
    while True:
        slope = rng.uniform(0.03, 0.4) * rng.choice([-1, 1])
        value = np.round(slope * np.arange(length) + rng.uniform() + 0.1 * rng.normal(size=length))
        changes = np.diff(value)[np.diff(value) != 0]
        if len(changes) >= 3 or (len(changes) == 2 and changes[0] == changes[1]):
            return np.asarray(value)


def switching(rng: np.random.Generator, length: int) -> Floats:
    """Two levels, changed at least three times, with and without noise."""
    while True:
        runs = rng.integers(1, max(3, length // 5) + 1, size=length)
        state = (np.repeat(np.arange(length), runs)[:length] + rng.integers(2)) % 2
        if np.count_nonzero(np.diff(state)) >= 3:
            return np.asarray(state * 10.0 + rng.choice([0, 0.3]) * rng.normal(size=length))


def flat(rng: np.random.Generator, length: int) -> Floats:
    """One value."""
    return np.full(length, rng.choice([0.0, 25.0, -3.7, 101325.37]))


def whole_numbers(rng: np.random.Generator, length: int) -> Floats:
    """Counts of rare or frequent events."""
    return np.asarray(rng.poisson(rng.choice([3, 20, 300]), size=length), np.float64)


NOMINAL: Final[Mapping[str, Make]] = {
    make.__name__: make
    for make in (
        white,
        coloured,
        walk,
        wave,
        waves,
        ramp,
        counter,
        quantised,
        staircase,
        switching,
        flat,
        whole_numbers,
    )
}
FAULTY_CARRIERS: Final = ("white", "coloured", "wave", "waves", "ramp", "walk", "quantised")

Fault = Callable[[np.random.Generator, Floats, float], Floats]
"""A series float64[time] and the robust deviation of its differences to the faulty series."""


def deviation_of_differences(values: Floats) -> float:
    """1.4826 times the median absolute deviation; at least a converter's step."""
    change = np.diff(values)
    robust = 1.4826 * float(np.median(np.abs(change - np.median(change))))
    smallest = float(np.abs(change[change != 0]).min(initial=np.inf))
    return max(robust, smallest) if np.isfinite(smallest) and smallest > 0.05 * np.ptp(change) else robust


def _place(rng: np.random.Generator, length: int, least_after: int) -> int:
    """Half of the faults are among the newest samples."""
    latest = length - least_after
    earliest = max(4, length - 8) if rng.uniform() < 0.5 else 4
    return int(rng.integers(min(earliest, latest), latest + 1))


def spike(rng: np.random.Generator, values: Floats, deviation: float) -> Floats:
    """One sample far away."""
    faulty = values.copy()
    faulty[_place(rng, len(values), 1)] += rng.choice([-1, 1]) * SPIKE_SIZE * rng.uniform(1, 3) * deviation
    return faulty


def step(rng: np.random.Generator, values: Floats, deviation: float) -> Floats:
    """Another level from some sample on."""
    faulty = values.copy()
    first = _place(rng, len(values), LEAST_AFTER_STEP)
    faulty[first:] += rng.choice([-1, 1]) * STEP_SIZE * rng.uniform(1, 3) * deviation
    return faulty


def stuck(rng: np.random.Generator, values: Floats, deviation: float) -> Floats:
    """A stretch that repeats one sample."""
    del deviation
    faulty = values.copy()
    longest = max(STUCK_SAMPLES, len(values) // 3)
    samples = int(rng.integers(STUCK_SAMPLES, longest + 1))
    first = min(_place(rng, len(values), samples), len(values) - samples)
    faulty[first : first + samples] = faulty[first]
    return faulty


def dropout(rng: np.random.Generator, values: Floats, deviation: float) -> Floats:
    """A stretch of zeros where they are far away, else of another constant, or of nothing."""
    faulty = values.copy()
    samples = int(rng.integers(4, max(5, len(values) // 5) + 1))
    first = _place(rng, len(values), samples)
    reach = np.abs(values).min()
    constant = np.median(values) - np.ptp(values) - DROPOUT_SIZE * deviation
    zero = 0.0 if reach > DROPOUT_SIZE * deviation else constant
    faulty[first : first + samples] = rng.choice([zero, constant, np.nan])
    return faulty


def fill(rng: np.random.Generator, values: Floats, deviation: float) -> Floats:
    """One to three samples of a fill value that lies out of the series."""
    faulty = values.copy()
    away = np.abs(np.array(FILL_VALUES) - np.median(values)) > 3 * np.ptp(values) + SPIKE_SIZE * deviation
    value = rng.choice(np.array(FILL_VALUES)[away])
    for _ in range(int(rng.integers(1, 4))):
        faulty[_place(rng, len(values), 1)] = value
    return faulty


def noise(rng: np.random.Generator, values: Floats, deviation: float) -> Floats:
    """A stretch with noise of NOISE_FACTOR times the deviation, of a quarter to a half of the series."""
    faulty = values.copy()
    samples = int(rng.integers(max(SHORTEST_STRETCH, len(values) // 4), max(9, len(values) // 2)))
    first = min(_place(rng, len(values), samples), len(values) - samples)
    faulty[first : first + samples] += NOISE_FACTOR * deviation * rng.normal(size=samples)
    return faulty


FAULTS: Final[Mapping[str, Fault]] = {
    make.__name__: make for make in (spike, step, stuck, dropout, fill, noise)
}
SHORTEST: Final[Mapping[str, int]] = {"stuck": 16, "noise": 24, "step": 20, "dropout": 20}
"""Lengths from which a fault of its size shows in a series."""


def nominal_examples(seed: int, count: int, lengths: tuple[int, int] = (10, 64)) -> Iterator[Example]:
    """`count` of each nominal carrier at random lengths, offsets and scales."""
    for number, (name, make) in enumerate(NOMINAL.items()):
        rng = np.random.default_rng([seed, number])
        for _ in range(count):
            length = int(rng.integers(lengths[0], lengths[1] + 1))
            yield Example(carrier=name, fault=None, values=_moved(rng, make(rng, length), name))


def faulty_examples(seed: int, count: int, longest: int = 64) -> Iterator[Example]:
    """`count` of each fault on each carrier that changes."""
    for number, (fault, strike) in enumerate(FAULTS.items()):
        for other, carrier in enumerate(FAULTY_CARRIERS):
            rng = np.random.default_rng([seed, 1, number, other])
            for _ in range(count):
                length = int(rng.integers(SHORTEST.get(fault, 12), longest + 1))
                values = _moved(rng, NOMINAL[carrier](rng, length), carrier)
                while fault == "fill" and np.abs(values).max() > 1e3:
                    values = _moved(rng, NOMINAL[carrier](rng, length), carrier)
                struck = strike(rng, values, deviation_of_differences(values))
                yield Example(carrier=carrier, fault=fault, values=struck)


def _moved(rng: np.random.Generator, values: Floats, carrier: str) -> Floats:
    """Another offset and scale; a counter begins at 0 in its own unit."""
    offset = 0.0 if carrier == "counter" else rng.choice(OFFSETS)
    scale = 1.0 if carrier == "counter" else rng.choice(SCALES)
    return np.asarray((values + offset) * scale)

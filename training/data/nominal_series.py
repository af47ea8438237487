"""Kinds of nominal series, as a sensor might send them.

All arrays are float64[time]: each function makes one of a given length, without NaN.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Make = Callable[[np.random.Generator, int], Floats]


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


def pausing_counter(rng: np.random.Generator, length: int) -> Floats:
    """A counter of random events that wraps and counts at five samples at least, at others not."""
    while True:
        counted = rng.poisson(rng.choice([0.3, 0.7, 2]), size=length)
        if np.count_nonzero(counted) >= 5:
            return np.asarray((counted.cumsum() + rng.integers(0, 256)) % 256, np.float64)


def rare_events(rng: np.random.Generator, length: int) -> Floats:
    """Counts that are mostly zero."""
    return np.asarray(rng.poisson(rng.uniform(0.03, 0.3), size=length), np.float64)


def rectified(rng: np.random.Generator, length: int) -> Floats:
    """The sunlit half of a sine and zeros, as of solar currents; with and without noise."""
    sunlit = np.maximum(0, _turning(rng, length, max(10, min(40, length))))
    return np.asarray(sunlit + rng.choice([0, 0.02]) * rng.normal(size=length))


def clipped(rng: np.random.Generator, length: int) -> Floats:
    """A sine that reaches both ends of its converter, twice at least."""
    return np.asarray(np.clip(_turning(rng, length, min(40, length / 2)), -0.5, 0.5))


def _turning(rng: np.random.Generator, length: int, longest: float) -> Floats:
    """A sine of ten samples or more."""
    turns = 2 * np.pi * np.arange(length) / rng.uniform(min(10, longest), longest)
    return np.asarray(np.sin(turns + rng.uniform(0, 2 * np.pi)))


def settling(rng: np.random.Generator, length: int) -> Floats:
    """Cooling: an exponential of 3 to 60 samples, as it is, rounded or with noise."""
    decay = np.exp(-np.arange(length) / rng.uniform(3, 60))
    return np.asarray([decay, np.round(decay, 6), decay + 0.01 * rng.normal(size=length)][rng.integers(3)])


def charging(rng: np.random.Generator, length: int) -> Floats:
    """An approach to 4 V in steps of .1 V."""
    return np.asarray(np.round(4 * (1 - np.exp(-np.arange(length) / rng.uniform(5, 60))), 1))


def modes(rng: np.random.Generator, length: int) -> Floats:
    """Three levels, all visited, changed at least three times."""
    while True:
        values = rng.choice([0.0, 5.0, 12.0], size=length)[np.cumsum(rng.uniform(size=length) < 0.15)]
        if len(np.unique(values)) == 3 and np.count_nonzero(np.diff(values)) >= 3:
            return np.asarray(values)


def pulses(rng: np.random.Generator, length: int) -> Floats:
    """Single samples at another level, at least three, with noise of 2 %."""
    period = int(rng.integers(3, max(4, min(16, length // 4))))
    is_high = (np.arange(length) + rng.integers(0, period)) % period == 0
    return np.asarray(is_high + 0.02 * rng.normal(size=length))


def exponential(rng: np.random.Generator, length: int) -> Floats:
    """Independent waiting times."""
    return rng.exponential(size=length)


def laplace(rng: np.random.Generator, length: int) -> Floats:
    """Independent samples with heavier tails than Gaussian ones."""
    return rng.laplace(size=length)


def student_t3(rng: np.random.Generator, length: int) -> Floats:
    """Independent samples of Student's distribution with three degrees of freedom."""
    return rng.standard_t(3, size=length)


def log_normal(rng: np.random.Generator, length: int) -> Floats:
    """Independent samples whose logarithms are Gaussian."""
    return rng.lognormal(size=length)


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
        pausing_counter,
        rare_events,
        rectified,
        clipped,
        settling,
        charging,
        modes,
        pulses,
        exponential,
    )
}
HEAVY_TAILED: Final[Mapping[str, Make]] = {make.__name__: make for make in (laplace, student_t3, log_normal)}
"""Their rare samples are as far away as faults are: told, but no level is chosen on them."""

"""Made series without history, nominal and with one fault each: what a judgement against itself rests on.

Every purpose has its own seeds: levels are fitted to `FITTING`, filters, shares and limits are chosen by
looking at `CHOOSING`, figures are told of `REPORTING`, on which nothing is chosen.

All arrays are float64[time]; only faults bring NaN.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from training.data.nominal_series import NOMINAL, Make

Floats = npt.NDArray[np.float64]

FITTING: Final = range(41_000, 42_000)
"""By length of the series."""
CHOOSING: Final = range(71_000, 72_000)
REPORTING: Final = range(90_000, 90_005)
"""All of them are told. Once one has led to a change they are spent: take others."""

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
    """One series and the fault in it, if any."""

    carrier: str
    fault: str | None
    values: Floats
    """float64[time], NaN = missing."""


COUNTS: Final = ("counter", "pausing_counter", "rare_events")
FROM_ZERO: Final = (*COUNTS, "rectified")
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


def nominal_examples(
    seed: int, count: int, lengths: tuple[int, int] = (10, 64), kinds: Mapping[str, Make] = NOMINAL
) -> Iterator[Example]:
    """`count` of each nominal carrier at random lengths, offsets and scales."""
    for number, (name, make) in enumerate(kinds.items()):
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
    """Another scale and, where zero has no meaning, another offset; counts stay in their own unit."""
    offset = 0.0 if carrier in FROM_ZERO else rng.choice(OFFSETS)
    scale = 1.0 if carrier in COUNTS else rng.choice(SCALES)
    return np.asarray((values + offset) * scale)

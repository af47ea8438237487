"""Synthetic nominal series: what a channel that no simulator knows may look like."""

import math

import numpy as np
import numpy.typing as npt

Series = npt.NDArray[np.float32]

ORBIT_PERIOD_S = (5400.0, 5700.0)
SAMPLE_INTERVAL_S = (0.5, 10.0)


def synthetic_series(rng: np.random.Generator, count: int, length: int) -> Series:
    """Draw nominal series of mixed character, offset and scale.

    Returns:
        float32[count, length], unit-free, no NaN.
    """
    shapes = (_orbital, _eclipse, _oscillation, _ramp, _steps, _random_walk, _autoregressive, _constant)
    kind = rng.integers(0, len(shapes), count)
    series = np.empty((count, length))
    for index, shape in enumerate(shapes):
        rows = np.flatnonzero(kind == index)
        series[rows] = shape(rng, rows.size, length)
    series += _noise(rng, count, length)
    series = _quantised(rng, series)
    return _rescaled(rng, series).astype(np.float32)


def _orbit_phase(rng: np.random.Generator, count: int, length: int) -> npt.NDArray[np.float64]:
    interval_s = np.exp(rng.uniform(*map(math.log, SAMPLE_INTERVAL_S), (count, 1)))
    period_s = rng.uniform(*ORBIT_PERIOD_S, (count, 1))
    return np.asarray((rng.random((count, 1)) + interval_s * np.arange(length) / period_s) % 1.0)


def _orbital(rng: np.random.Generator, count: int, length: int) -> npt.NDArray[np.float64]:
    phase = _orbit_phase(rng, count, length)
    harmonic = rng.integers(1, 4, (count, 1))
    return np.sin(2 * np.pi * phase) + 0.3 * rng.random((count, 1)) * np.sin(2 * np.pi * harmonic * phase)


def _eclipse(rng: np.random.Generator, count: int, length: int) -> npt.NDArray[np.float64]:
    phase = _orbit_phase(rng, count, length)
    sunlit = (phase < rng.uniform(0.55, 0.75, (count, 1))).astype(float)
    return sunlit * (1 + 0.2 * rng.random((count, 1)) * np.sin(2 * np.pi * phase))


def _oscillation(rng: np.random.Generator, count: int, length: int) -> npt.NDArray[np.float64]:
    period = np.exp(rng.uniform(np.log(6), np.log(300), (count, 1)))
    wave = np.sin(2 * np.pi * (rng.random((count, 1)) + np.arange(length) / period))
    is_square = rng.random((count, 1)) < 0.25
    return np.where(is_square, np.sign(wave), wave)


def _ramp(rng: np.random.Generator, count: int, length: int) -> npt.NDArray[np.float64]:
    time = np.linspace(0, 1, length)
    knee = rng.uniform(-1, 1.5, (count, 1))
    return rng.normal(size=(count, 1)) * time + rng.normal(size=(count, 1)) * np.maximum(0, time - knee)


def _steps(rng: np.random.Generator, count: int, length: int) -> npt.NDArray[np.float64]:
    jumps = (rng.random((count, length)) < rng.uniform(0.002, 0.03, (count, 1))).astype(float)
    return np.asarray(np.cumsum(jumps * rng.normal(size=(count, length)), axis=1))


def _random_walk(rng: np.random.Generator, count: int, length: int) -> npt.NDArray[np.float64]:
    return np.cumsum(rng.normal(size=(count, length)), axis=1) / np.sqrt(length)


def _autoregressive(rng: np.random.Generator, count: int, length: int) -> npt.NDArray[np.float64]:
    memory = rng.uniform(0.0, 0.98, count)
    shocks = rng.normal(size=(count, length)) * np.sqrt(1 - memory[:, None] ** 2)
    series = np.empty((count, length))
    series[:, 0] = rng.normal(size=count)
    for step in range(1, length):
        series[:, step] = memory * series[:, step - 1] + shocks[:, step]
    return series


def _constant(_rng: np.random.Generator, count: int, length: int) -> npt.NDArray[np.float64]:
    return np.zeros((count, length))


def _noise(rng: np.random.Generator, count: int, length: int) -> npt.NDArray[np.float64]:
    is_noisy = rng.random((count, 1)) < 0.75
    size = np.exp(rng.uniform(np.log(1e-4), np.log(0.5), (count, 1)))
    return is_noisy * size * rng.normal(size=(count, length))


def _quantised(rng: np.random.Generator, series: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    count = series.shape[0]
    step = np.exp(rng.uniform(np.log(1e-3), np.log(0.2), (count, 1)))
    return np.where(rng.random((count, 1)) < 0.3, np.round(series / step) * step, series)


def _rescaled(rng: np.random.Generator, series: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    count = series.shape[0]
    scale = np.exp(rng.uniform(np.log(1e-4), np.log(1e5), (count, 1)))
    offset = rng.normal(size=(count, 1)) * rng.choice([0.0, 1.0, 20.0], (count, 1))
    return np.asarray(scale * (series + offset))

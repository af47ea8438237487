"""Synthetic nominal series: what a channel that no simulator knows may look like."""

import math

import numpy as np
import numpy.typing as npt

Series = npt.NDArray[np.float32]
Shape = npt.NDArray[np.float64]

ORBIT_PERIOD_S = (5400.0, 5700.0)
SAMPLE_INTERVAL_S = (0.5, 60.0)


def synthetic_series(rng: np.random.Generator, count: int, length: int) -> Series:
    """Draw nominal series of mixed character, offset and scale.

    Returns:
        float32[count, length], unit-free, no NaN.
    """
    kind = rng.integers(0, len(SHAPES), count)
    series = np.empty((count, length))
    for index, shape in enumerate(SHAPES):
        rows = np.flatnonzero(kind == index)
        series[rows] = shape(rng, rows.size, length)
    series = _saturated(rng, series + _trend(rng, count, length))
    series = _quantised(rng, series + _noise(rng, count, length))
    series += _spikes(rng, count, length)
    return _rescaled(rng, series).astype(np.float32)


def _log_uniform(rng: np.random.Generator, low: float, high: float, count: int) -> Shape:
    """Draw float64[count, 1], every decade alike."""
    return np.asarray(np.exp(rng.uniform(math.log(low), math.log(high), (count, 1))))


def _orbit_phase(rng: np.random.Generator, count: int, length: int) -> Shape:
    interval_s = _log_uniform(rng, *SAMPLE_INTERVAL_S, count)
    period_s = rng.uniform(*ORBIT_PERIOD_S, (count, 1))
    return np.asarray((rng.random((count, 1)) + interval_s * np.arange(length) / period_s) % 1.0)


def _cycle_phase(rng: np.random.Generator, count: int, length: int) -> Shape:
    """Phase in cycles of 4 to 400 steps, not taken modulo 1."""
    return np.asarray(rng.random((count, 1)) + np.arange(length) / _log_uniform(rng, 4, 400, count))


def _orbital(rng: np.random.Generator, count: int, length: int) -> Shape:
    phase = _orbit_phase(rng, count, length)
    harmonic = rng.integers(1, 4, (count, 1))
    return np.sin(2 * np.pi * phase) + 0.3 * rng.random((count, 1)) * np.sin(2 * np.pi * harmonic * phase)


def _eclipse(rng: np.random.Generator, count: int, length: int) -> Shape:
    phase = _orbit_phase(rng, count, length)
    sunlit = (phase < rng.uniform(0.55, 0.75, (count, 1))).astype(float)
    return sunlit * (1 + 0.2 * rng.random((count, 1)) * np.sin(2 * np.pi * phase))


def _oscillation(rng: np.random.Generator, count: int, length: int) -> Shape:
    """One sine or several whose periods are whole parts of the longest."""
    phase = 2 * np.pi * _cycle_phase(rng, count, length)
    harmonics = [np.sin(n * phase + rng.uniform(0, 2 * np.pi, (count, 1))) for n in (2, 3, 5)]
    weights = rng.random((3, count, 1)) * (rng.random((count, 1)) < 0.5)
    return np.asarray(np.sin(phase) + sum(w * h for w, h in zip(weights, harmonics, strict=True)))


def _multi_seasonal(rng: np.random.Generator, count: int, length: int) -> Shape:
    """Two periods that have nothing to do with each other, the second at times a modulation."""
    slow, fast = (np.sin(2 * np.pi * _cycle_phase(rng, count, length)) for _ in range(2))
    return np.where(rng.random((count, 1)) < 0.5, slow + rng.random((count, 1)) * fast, slow * fast)


def _duty_cycle(rng: np.random.Generator, count: int, length: int) -> Shape:
    """On and off: a square wave of any duty, at times with a level of its own for every cycle."""
    phase = _cycle_phase(rng, count, length)
    is_on = phase % 1.0 < rng.uniform(0.05, 0.95, (count, 1))
    cycle = np.floor(phase).astype(int)
    levels = 1 + 0.3 * rng.normal(size=(count, cycle.max(initial=0) + 1)) * (rng.random((count, 1)) < 0.3)
    return np.asarray(is_on * np.take_along_axis(levels, cycle, axis=1))


def _relaxation(rng: np.random.Generator, count: int, length: int) -> Shape:
    """A thermostat: towards one of two levels in turns, or a sawtooth where the time constant is long."""
    phase = _cycle_phase(rng, count, length) % 1.0
    duty, tau = rng.uniform(0.1, 0.9, (count, 1)), _log_uniform(rng, 0.05, 2.0, count)
    rising, falling = 1 - np.exp(-phase / tau), np.exp(-(phase - duty) / tau)
    return np.where(phase < duty, rising, (1 - np.exp(-duty / tau)) * falling)


def _ramp(rng: np.random.Generator, count: int, length: int) -> Shape:
    time = np.linspace(0, 1, length)
    knee = rng.uniform(-1, 1.5, (count, 1))
    return rng.normal(size=(count, 1)) * time + rng.normal(size=(count, 1)) * np.maximum(0, time - knee)


def _steps(rng: np.random.Generator, count: int, length: int) -> Shape:
    """Rare jumps by any amount."""
    jumps = (rng.random((count, length)) < rng.uniform(0.002, 0.03, (count, 1))).astype(float)
    return np.asarray(np.cumsum(jumps * rng.normal(size=(count, length)), axis=1))


def _plateaus(rng: np.random.Generator, count: int, length: int) -> Shape:
    """Jumps between a few levels, each of which has its own noise."""
    is_jump = rng.random((count, length)) < _log_uniform(rng, 0.004, 0.15, count)
    drawn = rng.integers(0, 4, (count, length)) % rng.integers(2, 5, (count, 1))
    newest = np.maximum.accumulate(np.where(is_jump, np.arange(length), 0), axis=1)
    level = np.take_along_axis(drawn, newest, axis=1)
    heights, noises = rng.normal(size=(count, 4)), _log_uniform(rng, 1e-4, 0.3, 4 * count).reshape(count, 4)
    shaken = np.take_along_axis(noises, level, axis=1) * rng.normal(size=(count, length))
    return np.asarray(np.take_along_axis(heights, level, axis=1) + shaken)


def _counter(rng: np.random.Generator, count: int, length: int) -> Shape:
    """Small equal steps in one direction, at times starting over."""
    rate = _log_uniform(rng, 0.01, 1.0, count)
    is_random = rng.random((count, 1)) < 0.5
    clicks = np.where(is_random, rng.random((count, length)) < rate, rate)
    total = np.floor(np.cumsum(clicks, axis=1))
    return np.asarray((total % _log_uniform(rng, 8, 1000, count).round()) / 32)


def _random_walk(rng: np.random.Generator, count: int, length: int) -> Shape:
    return np.cumsum(rng.normal(size=(count, length)), axis=1) / math.sqrt(length)


def _autoregressive(rng: np.random.Generator, count: int, length: int) -> Shape:
    """Two poles inside the unit circle: from white noise to a wandering oscillation."""
    radius, angle = rng.uniform(0.0, 0.99, count), rng.uniform(0, np.pi, count)
    is_first_order = rng.random(count) < 0.5
    first = np.where(is_first_order, radius, 2 * radius * np.cos(angle))
    second = np.where(is_first_order, 0.0, -(radius**2))
    series = rng.normal(size=(count, length + 2))
    for step in range(2, length + 2):
        series[:, step] += first * series[:, step - 1] + second * series[:, step - 2]
    return np.asarray(series[:, 2:] / series[:, 2:].std(axis=1, keepdims=True))


def _constant(_rng: np.random.Generator, count: int, length: int) -> Shape:
    return np.zeros((count, length))


SHAPES = (
    _orbital, _eclipse, _oscillation, _multi_seasonal, _duty_cycle, _relaxation, _ramp, _steps, _plateaus,
    _counter, _random_walk, _autoregressive, _constant,
)  # fmt: skip


def _trend(rng: np.random.Generator, count: int, length: int) -> Shape:
    is_trending = rng.random((count, 1)) < 0.15
    return is_trending * rng.normal(size=(count, 1)) * np.linspace(0, 1, length)


def _saturated(rng: np.random.Generator, series: Shape) -> Shape:
    """Cut one series in ten at a level that it passes now and then."""
    low, high = np.quantile(series, [rng.uniform(0, 0.3), rng.uniform(0.7, 1)], axis=1, keepdims=True)
    return np.where(rng.random((len(series), 1)) < 0.1, np.clip(series, low, high), series)


def _noise(rng: np.random.Generator, count: int, length: int) -> Shape:
    is_noisy = rng.random((count, 1)) < 0.75
    return is_noisy * _log_uniform(rng, 1e-4, 0.5, count) * rng.normal(size=(count, length))


def _spikes(rng: np.random.Generator, count: int, length: int) -> Shape:
    """Single samples far off, in one series of eight."""
    is_spiky = rng.random((count, 1)) < 0.125
    is_spike = rng.random((count, length)) < _log_uniform(rng, 1e-3, 0.03, count)
    return is_spiky * is_spike * _log_uniform(rng, 0.3, 10, count) * rng.normal(size=(count, length))


def _quantised(rng: np.random.Generator, series: Shape) -> Shape:
    count = series.shape[0]
    step = _log_uniform(rng, 1e-3, 0.2, count)
    return np.where(rng.random((count, 1)) < 0.3, np.round(series / step) * step, series)


def _rescaled(rng: np.random.Generator, series: Shape) -> Shape:
    count = series.shape[0]
    offset = rng.normal(size=(count, 1)) * rng.choice([0.0, 1.0, 20.0], (count, 1))
    return np.asarray(_log_uniform(rng, 1e-4, 1e5, count) * (series + offset))

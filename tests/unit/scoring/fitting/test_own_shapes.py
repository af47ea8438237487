"""Shapes of one half of a history are set against the other half's: against its own none is odd."""

import numpy as np
import pytest
from numpy.typing import NDArray

from scoring.calibration import CALIBRATED_LENGTHS, ChannelCalibration, SubsystemCalibration
from scoring.fitting.constants import REFERENCE_ROWS
from scoring.fitting.own_limits import WHOLE_SPAN_S, fit_own
from scoring.measures.windows import MEASURES, Windows, subsequence_measures

WINDOWS = 60
NOISE = 0.01
AMPLITUDE = 5.0
FARTHEST = next(place for place, (_, name) in enumerate(MEASURES) if name == "farthest")
LONGEST = CALIBRATED_LENGTHS.index(64)
Halves = tuple[dict[int, Windows], dict[int, Windows]]


def half(seed: int, *, wave_steps: float, noise: float = NOISE) -> dict[int, Windows]:
    """Windows of a wave of so many steps with noise, each begun at another place of it."""
    rng = np.random.default_rng(seed)
    found = {}
    for length in CALIBRATED_LENGTHS:
        steps = np.arange(length) + rng.uniform(0, 100, (WINDOWS, 1, 1))
        wave = AMPLITUDE * np.sin(2 * np.pi * steps / wave_steps)
        value = wave + rng.normal(0, noise, wave.shape)
        found[length] = Windows.build(value, wave, np.full_like(wave, noise))
    return found


def fitted(
    first: dict[int, Windows], second: dict[int, Windows]
) -> tuple[ChannelCalibration, SubsystemCalibration]:
    (channel,), limits = fit_own((first, second), {}, np.array([True]), span_s=WHOLE_SPAN_S, seed=1)
    return channel, limits


def farthest(channel: ChannelCalibration) -> NDArray[np.float64]:
    """How far from what it knows a channel's shape may be, by length, in the channel's unit."""
    return np.exp(channel.high[0, :, FARTHEST])


def test_shapes_that_each_half_shows_alone_may_be_as_far_from_each_other_later() -> None:
    slow, fast = half(1, wave_steps=64), half(2, wave_steps=9)
    alike, _ = fitted(slow, half(3, wave_steps=64))
    unlike, _ = fitted(slow, fast)
    assert farthest(alike)[LONGEST] < AMPLITUDE / 4
    assert farthest(unlike)[LONGEST] > AMPLITUDE / 2


def test_shapes_of_both_halves_are_known() -> None:
    slow, fast = half(1, wave_steps=64), half(2, wave_steps=9)
    channel, _ = fitted(slow, fast)
    assert channel.reference.shape[:2] == (1, REFERENCE_ROWS)
    for of_half in (slow, fast):
        largest, _ = subsequence_measures(of_half[64].value, channel.noise, list(channel.reference))
        assert np.median(np.exp(largest)) < AMPLITUDE / 4


def test_noise_is_that_of_the_quieter_half() -> None:
    quiet, loud = half(1, wave_steps=64), half(2, wave_steps=64, noise=50 * NOISE)
    for halves in ((quiet, loud), (loud, quiet)):
        channel, _ = fitted(*halves)
        assert channel.noise[0] == pytest.approx(NOISE, rel=0.2)

"""Bands are as wide as a channel's past errors ask for."""

from dataclasses import replace

import numpy as np
import pytest

from analysis_server.judging.inference import infer_windows
from scoring.forecast_bands import BANDS, STEP_RANGES, half_widths, parse_widths
from tests.unit.analysis_server.judging.test_inference import (
    CALIBRATION,
    NOW,
    PersistenceModel,
    sine,
    window_set,
)

TWICE, THRICE = ([factor] * (len(STEP_RANGES) - 1) for factor in (2.0, 3.0))
WIDTHS = parse_widths({"eps.volts": {"50": TWICE, "90": THRICE}})


def test_a_channel_has_its_own_widths_and_others_those_of_the_model() -> None:
    calibration = replace(CALIBRATION, band_widths=WIDTHS)
    row = infer_windows(
        window_set(sine()), infer=PersistenceModel(), calibration=calibration, clock=lambda: NOW
    )[0]
    assert row.bands is not None
    for band, factor in {"50": 2.0, "90": 3.0}.items():
        for lower, upper in zip(row.bands[band]["lower"], row.bands[band]["upper"], strict=True):
            volts, amps = np.subtract(upper, lower) / (2 * BANDS[band] * 0.1)
            assert (volts, amps) == (pytest.approx(factor, rel=1e-4), pytest.approx(1.0, rel=1e-4))


def test_channels_without_widths_of_their_own_have_those_of_all_others() -> None:
    widths = parse_widths({"*": {"50": TWICE, "90": THRICE}})
    half = half_widths(widths, ["eps.unknown"], np.ones((4, 1, 5)))
    np.testing.assert_allclose(half["90"], 3 * BANDS["90"])
    assert half["50"].shape == (4, 1, 5)


def test_each_step_has_the_factor_of_its_range() -> None:
    factors = list(range(1, len(STEP_RANGES)))
    widths = parse_widths({"a.b": {"50": factors, "90": factors}})
    half = half_widths(widths, ["a.b"], np.ones((1, 64)))["90"][0] / BANDS["90"]
    assert [half[step - 1] for step in STEP_RANGES[:-1]] == pytest.approx(factors)
    assert [half[step - 2] for step in STEP_RANGES[1:]] == pytest.approx(factors)


@pytest.mark.parametrize("factors", [TWICE[1:], [0.0, *TWICE[1:]], [float("nan"), *TWICE[1:]]])
def test_invalid_widths_are_refused_with_their_channel(factors: list[float]) -> None:
    with pytest.raises(ValueError, match=r"band_widths of a\.b"):
        parse_widths({"a.b": {"50": TWICE, "90": factors}})

"""Widths of forecast bands, fitted to a model's errors."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from scoring.forecast_bands import BANDS, OTHERS, parse_widths
from training.band_widths import (
    FACTORS,
    FUTURE,
    LEAST_WINDOWS,
    MOST_WINDOWS,
    factors_of,
    fit_factors,
    windows_with_future,
)
from training.calibrate import REPOSITORY
from training.data.nominal import subsystem_features

Floats = npt.NDArray[np.float64]


def overconfident(windows: npt.NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Forecasts 0 with half of the deviation that white noise of 1 has."""
    return np.zeros((len(windows), FUTURE)), np.full((len(windows), FUTURE), 0.5)


def noise(count: int, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(size=(count, 64 + FUTURE))


def test_fitted_bands_hold_their_share_of_later_samples() -> None:
    factors = fit_factors(noise(400), overconfident)
    assert factors is not None
    later = np.abs(noise(400, seed=2)[:, -FUTURE:]) / 0.5
    for band, half in BANDS.items():
        assert np.mean(later <= half * factors[band][-1]) == pytest.approx(int(band) / 100, abs=0.02)


def test_no_step_of_a_range_is_far_from_its_share() -> None:
    errors = np.abs(noise(500)[:, :FUTURE])
    errors[:, 11] *= 2
    width = factors_of(errors, 0.9, 1.0)[3]
    assert 0.75 < np.mean(errors[:, 11] <= width) < 0.95


def test_too_few_varying_windows_have_no_widths() -> None:
    assert fit_factors(noise(LEAST_WINDOWS - 1), overconfident) is None
    assert fit_factors(np.ones((2 * LEAST_WINDOWS, 64 + FUTURE)), overconfident) is None


def test_widths_stay_within_bounds() -> None:
    errors = np.concatenate([np.zeros((300, FUTURE)), np.full((300, FUTURE), 1e6)])
    assert factors_of(errors, 0.9, 1.0)[-1] == FACTORS[1]
    assert factors_of(np.zeros((300, FUTURE)), 0.9, 1.0)[0] == FACTORS[0]


def test_windows_are_a_channels_own_samples_without_its_gaps_and_wraps() -> None:
    counted = np.cumsum(np.full(2000, 5.0)) % 1024
    sparse = np.full(4000, np.nan)
    sparse[::2] = counted
    windows = windows_with_future(sparse, 64, 1024.0)
    assert windows.shape == (MOST_WINDOWS, 64 + FUTURE)
    assert (np.diff(windows, axis=1) == 5).all()


@pytest.mark.parametrize("model", sorted(path.parents[1].name for path in REPOSITORY.glob("*/1/model.onnx")))
def test_every_shipped_calibration_has_widths_of_the_default_missions_channels(model: str) -> None:
    content = json.loads(Path(REPOSITORY / model / "1" / "calibration.json").read_text(encoding="utf-8"))
    names = {f"{name}.{one}" for name, features in subsystem_features().items() for one in features}
    widths = parse_widths(content.get("band_widths"))
    assert widths.keys() == names | {OTHERS}, "run python -m training.band_widths --model FOLDER"

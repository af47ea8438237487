"""The shipped graphs answer as the networks did, whatever the window."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

REPOSITORY = Path(__file__).parents[3] / "model_repository"
MODELS = ("lstm_timeseries", "moving_average", "transformer_timeseries", "vae_timeseries")
CAUSAL_MODELS = ("lstm_timeseries", "moving_average", "transformer_timeseries")
OUTPUTS = ("FORECAST_MEAN", "FORECAST_STD", "STEP_MEAN", "STEP_STD")
TOLERANCE = 1e-4


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> Path:
    return REPOSITORY / str(request.param) / "1"


def answer(model: Path, windows: np.ndarray) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(model / "model.onnx", providers=["CPUExecutionProvider"])
    results = session.run(list(OUTPUTS), {"INPUT": windows.astype(np.float32)})
    return dict(zip(OUTPUTS, results, strict=True))


def test_graph_answers_as_the_trained_network(model: Path) -> None:
    golden = np.load(model / "golden.npz")
    size = np.maximum(np.nanmax(np.abs(golden["INPUT"]), axis=1, keepdims=True), 1e-6)
    for name, values in answer(model, golden["INPUT"]).items():
        assert np.max(np.abs(values - golden[name]) / size) <= TOLERANCE


@pytest.mark.parametrize(("rows", "length"), [(1, 2), (3, 10), (5, 64), (2, 256)])
def test_any_batch_and_length_gives_64_steps_ahead_and_one_answer_a_step(
    model: Path, rows: int, length: int
) -> None:
    outputs = answer(model, np.random.default_rng(0).normal(size=(rows, length)))
    assert outputs["FORECAST_MEAN"].shape == outputs["FORECAST_STD"].shape == (rows, 64)
    assert outputs["STEP_MEAN"].shape == outputs["STEP_STD"].shape == (rows, length)


def test_nothing_is_nan_or_infinite_for_hostile_windows(model: Path) -> None:
    gap, big = np.nan, np.inf
    windows = np.array(
        [
            [gap] * 12,
            [gap] * 11 + [5.0],
            [25.0] * 12,
            [1e9] * 6 + [1e9 + 64] * 6,
            [big, -big] * 5 + [1.0, 2.0],
            [1e-6, 2e-6] * 6,
            [3e38, -3e38] * 6,
            [0.0] * 11 + [1e30],
        ]
    )
    for values in answer(model, windows).values():
        assert np.isfinite(values).all()


def test_window_of_missing_samples_forecasts_zero(model: Path) -> None:
    forecast = answer(model, np.full((1, 20), np.nan))["FORECAST_MEAN"]
    assert np.abs(forecast).max() < 1e-6


def test_constant_is_forecast_as_itself(model: Path) -> None:
    forecast = answer(model, np.full((1, 40), 25.0))["FORECAST_MEAN"]
    assert np.allclose(forecast, 25.0, atol=0.01)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
def test_forecast_scales_with_the_window(model: Path, scale: float) -> None:
    window = np.sin(np.arange(64) / 5)[None] + np.random.default_rng(4).normal(size=(1, 64)) * 0.05
    plain, scaled = answer(model, window), answer(model, window * scale)
    for name in OUTPUTS:
        # Nothing stands before the first step, so nothing is known of its scale.
        first = 1 if name.startswith("STEP") else 0
        assert np.allclose(scaled[name][:, first:] / scale, plain[name][:, first:], atol=0.02)


def test_forecast_stays_near_the_window_after_an_outlier(model: Path) -> None:
    window = np.random.default_rng(5).normal(size=(16, 64))
    window[:, 40] = 1000.0
    assert np.abs(answer(model, window)["FORECAST_MEAN"]).max() < 200.0


@pytest.mark.parametrize("name", CAUSAL_MODELS)
def test_step_is_predicted_from_earlier_steps_alone(name: str) -> None:
    window = np.random.default_rng(1).normal(size=(1, 40))
    changed = window.copy()
    changed[0, 25:] += 100
    model = REPOSITORY / name / "1"
    before, after = answer(model, window)["STEP_MEAN"], answer(model, changed)["STEP_MEAN"]
    assert np.allclose(before[0, :26], after[0, :26], atol=1e-5)
    assert not np.allclose(before[0, 26:], after[0, 26:], atol=1.0)


def test_large_offset_costs_no_precision(model: Path) -> None:
    window = np.round(np.random.default_rng(2).normal(size=(1, 40)) * 8) * 8
    plain, moved = answer(model, window), answer(model, window + 1e6)
    assert np.allclose(plain["FORECAST_MEAN"], moved["FORECAST_MEAN"] - 1e6, atol=0.5)
    assert np.allclose(plain["FORECAST_STD"], moved["FORECAST_STD"], rtol=1e-2)


@pytest.mark.parametrize("name", ["lstm_timeseries", "transformer_timeseries"])
def test_trained_model_forecasts_a_ramp_better_than_persistence(name: str) -> None:
    ramp = np.arange(64.0)[None] + np.random.default_rng(3).normal(size=(32, 64)) * 0.2
    forecast = answer(REPOSITORY / name / "1", ramp)["FORECAST_MEAN"][:, :5]
    truth = np.arange(64.0, 69.0)
    assert np.abs(forecast - truth).mean() < 0.5 * np.abs(ramp[:, -1:] - truth).mean()


@pytest.mark.parametrize("name", ["lstm_timeseries", "transformer_timeseries"])
def test_trained_model_continues_a_square_wave(name: str) -> None:
    wave = (np.arange(128) // 8 % 2 * 2.0 - 1)[None]
    forecast = answer(REPOSITORY / name / "1", wave[:, :96])["FORECAST_MEAN"][:, :16]
    assert np.abs(forecast - wave[:, 96:112]).mean() < 0.3

"""Forecasts of posted series by the served models keep the digits of the series' spread."""

from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from analysis_server.judging.calibration_file import load_calibration
from analysis_server.judging.inference import infer_windows
from analysis_server.judging.triton import OUTPUTS, Forecast
from analysis_server.windows.arguments import parse_series
from telemetry_core.contract.inferences import SubsystemInference, Verdict
from training.calibrate import REPOSITORY

MODELS = ("lstm_timeseries", "moving_average", "transformer_timeseries", "vae_timeseries")
STEPS = np.arange(64)


@cache
def session(model: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(
        REPOSITORY / model / "1" / "model.onnx", providers=["CPUExecutionProvider"]
    )


def infer(model: str, version: str, windows: NDArray[np.float32]) -> Forecast:
    del version
    mean, std, step_mean, step_std = session(model).run(OUTPUTS, {"INPUT": windows})
    return Forecast(mean=mean, std=std, step_mean=step_mean, step_std=step_std)


def answer(values: NDArray[np.float64], model: str = "lstm_timeseries") -> SubsystemInference:
    task = parse_series(
        {"job_id": "j", "model_name": model, "data": values.tolist()}, newest_version={model: "1"}.get
    )
    calibration = load_calibration(Path(REPOSITORY / model / "1"))
    return infer_windows(task, infer=infer, calibration=calibration)[0]


@pytest.mark.parametrize("model", MODELS)
def test_forecast_of_a_small_wave_on_a_large_offset_keeps_its_digits(model: str) -> None:
    wave = 0.5 * np.sin(STEPS / 7)
    forecast, shifted = answer(wave, model), answer(wave + 101325.37, model)
    assert forecast.predictions is not None
    assert shifted.predictions is not None
    assert np.allclose(np.array(shifted.predictions) - 101325.37, forecast.predictions, atol=1e-4)


def test_forecast_of_pressure_is_within_a_tenth_of_the_wave() -> None:
    predictions = answer(101325.37 + 0.5 * np.sin(STEPS / 7)).predictions
    assert predictions is not None
    assert predictions[:2] == pytest.approx([101325.5, 101325.4], abs=0.1)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("value", [0.0, 0.1, 25.0, 101325.37, 1e-9, -1e12, 1e-200])
@pytest.mark.parametrize("length", [10, 64])
def test_flat_series_is_forecast_as_it_is_and_without_doubt(model: str, value: float, length: int) -> None:
    row = answer(np.full(length, value), model)
    assert row.predictions == [value] * 5
    assert row.confidence == [1.0] * 5
    assert (row.verdict, row.anomaly_score) == (Verdict.NOMINAL, 0.0)


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1e6, 1e12, 1e100])
def test_forecast_of_a_series_scales_with_it(scale: float) -> None:
    wave = np.sin(STEPS / 7) + 0.1 * np.random.default_rng(2).normal(size=64)
    predictions, scaled = answer(wave).predictions, answer(wave * scale).predictions
    assert predictions is not None
    assert scaled is not None
    assert np.allclose(np.array(scaled) / scale, predictions, rtol=1e-3, atol=1e-3)


def test_value_that_no_square_can_hold_is_a_missing_sample() -> None:
    row = answer(np.where(STEPS == 40, 1e308, np.sin(STEPS)))
    assert row.predictions is not None
    assert np.abs(row.predictions).max() < 10
    assert row.sequence_length == 63


def test_smallest_number_there_is_has_a_verdict() -> None:
    row = answer(np.full(12, 5e-324))
    assert (row.verdict, row.error_message) == (Verdict.NOMINAL, None)

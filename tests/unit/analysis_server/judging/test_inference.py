import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis_server.judging.calibration_file import load_calibration
from analysis_server.judging.inference import infer_windows
from analysis_server.judging.rows import failed_rows
from analysis_server.judging.triton import Forecast
from analysis_server.windows.window_sets import WindowSet, windows_of_batch
from telemetry_core.contract.errors import ModelContractError
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD, Job, JobStatus, SubsystemInference, Verdict
from telemetry_core.contract.tasks import InferenceBatch, WindowedJob

NOW = datetime(2026, 5, 1, tzinfo=UTC)
CHANNELS = ("volts", "amps")
CALIBRATION = replace(
    load_calibration(Path(__file__).parents[4] / "model_repository" / "lstm_timeseries" / "1"), band_widths={}
)


def job(number: int) -> Job:
    return Job(
        job_id=f"job-{number}",
        satellite_id="SAT-001",
        source="manual",
        trigger_reason=None,
        total_subsystems=1,
        created_at=NOW,
    )


def window_set(windows: NDArray[np.float32], *, horizon: int = 5, plain: bool = False) -> WindowSet:
    return WindowSet(
        subsystem="eps",
        model_name="lstm_timeseries",
        model_version="1",
        channels=CHANNELS[: windows.shape[1]],
        horizon=horizon,
        jobs=[job(number) for number in range(len(windows))],
        origins=[{} for _ in windows],
        windows=windows,
        is_plain_series=plain,
    )


def sine(jobs: int = 1, channels: int = 2, steps: int = 64) -> NDArray[np.float32]:
    noise = np.random.default_rng(1).normal(0, 0.05, (jobs, channels, steps))
    return (np.sin(np.arange(steps) / 10) + noise).astype(np.float32)


class PersistenceModel:
    """Forecasts that nothing changes; `broken_rows` answer with NaN."""

    def __init__(self, broken_rows: tuple[int, ...] = ()) -> None:
        self.broken_rows = broken_rows
        self.calls: list[tuple[int, ...]] = []

    def __call__(self, model_name: str, model_version: str, windows: NDArray[np.float32]) -> Forecast:
        self.calls.append(windows.shape)
        filled = np.nan_to_num(windows)
        mean = np.repeat(filled[:, -1:], 64, axis=1)
        mean[list(self.broken_rows)] = np.nan
        previous = np.concatenate([filled[:, :1], filled[:, :-1]], axis=1)
        spread = np.full_like(filled, 0.1)
        return Forecast(mean=mean, std=np.full_like(mean, 0.1), step_mean=previous, step_std=spread)


def infer(task: WindowSet, model: PersistenceModel | None = None) -> list[SubsystemInference]:
    return infer_windows(task, infer=model or PersistenceModel(), calibration=CALIBRATION, clock=lambda: NOW)


def test_all_windows_of_a_task_share_one_model_call() -> None:
    model = PersistenceModel()
    rows = infer(window_set(sine(jobs=7)), model)
    assert model.calls == [(14, 64)]
    assert [row.job_id for row in rows] == [f"job-{number}" for number in range(7)]
    assert {row.status for row in rows} == {JobStatus.COMPLETED}


def test_forecast_has_the_length_of_the_horizon_and_the_order_of_the_features() -> None:
    windows = np.stack([np.full(64, 3.0), np.full(64, 7.0)])[np.newaxis].astype(np.float32)
    row = infer(window_set(windows, horizon=3))[0]
    assert row.predictions == [[3.0, 7.0]] * 3
    assert row.bands is not None
    assert row.confidence is not None
    assert row.bands["90"]["lower"][0] == pytest.approx([3 - 0.1644854, 7 - 0.1644854], rel=1e-4)
    assert len(row.confidence) == 3
    assert all(0 <= value <= 1 for value in row.confidence)


def test_plain_series_is_answered_with_plain_numbers() -> None:
    row = infer(window_set(np.full((1, 1, 10), 25.0, np.float32), plain=True))[0]
    assert row.predictions == [25.0] * 5
    assert row.input_mean == 25.0
    assert row.input_std == 0.0


def test_fewer_samples_than_ten_are_warming_up_and_never_nominal() -> None:
    windows = sine(jobs=2)
    windows[1, :, :-9] = np.nan
    model = PersistenceModel()
    ready, warming = infer(window_set(windows), model)
    assert ready.verdict in (Verdict.NOMINAL, Verdict.ANOMALOUS)
    assert warming.verdict is Verdict.WARMING_UP
    assert warming.status is JobStatus.COMPLETED
    assert (warming.anomaly_score, warming.anomaly_detected, warming.predictions) == (None, None, None)
    assert model.calls == [(2, 64)]


def test_window_whose_forecast_is_not_finite_fails_alone() -> None:
    rows = infer(window_set(sine(jobs=3)), PersistenceModel(broken_rows=(2,)))
    assert [row.status for row in rows] == [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.COMPLETED]
    assert "not finite" in (rows[1].error_message or "")
    assert rows[1].anomaly_detected is None


def test_channel_without_any_sample_has_no_forecast() -> None:
    windows = sine()
    windows[0, 1] = np.nan
    row = infer(window_set(windows))[0]
    assert row.predictions is not None
    assert [step[1] for step in row.predictions] == [None] * 5
    assert all(math.isfinite(step[0]) for step in row.predictions)


def test_verdict_follows_the_strict_threshold() -> None:
    for row in infer(window_set(sine(jobs=40))):
        assert row.anomaly_score is not None
        assert row.anomaly_detected == (row.anomaly_score > ANOMALY_THRESHOLD)
        assert row.anomaly_score == round(row.anomaly_score, 4)
        assert (row.verdict is Verdict.ANOMALOUS) == row.anomaly_detected


def test_hash_of_a_window_does_not_depend_on_its_padding() -> None:
    windows = sine(steps=20)
    padded = np.concatenate([np.full((1, 2, 44), np.nan, np.float32), windows], axis=2)
    left, right = infer(window_set(windows))[0], infer(window_set(padded))[0]
    assert left.input_data["sha256"] == right.input_data["sha256"]


def test_model_that_forecasts_too_few_steps_breaks_its_contract() -> None:
    with pytest.raises(ModelContractError, match="64 of 65"):
        infer(window_set(sine(), horizon=65))


def test_failed_rows_say_why_for_every_job() -> None:
    rows = failed_rows(window_set(sine(jobs=2)), "unknown model", clock=lambda: NOW + timedelta(seconds=1))
    assert [(row.status, row.error_message, row.verdict) for row in rows] == [
        (JobStatus.FAILED, "unknown model", None)
    ] * 2


def batch(windows_base64: str) -> InferenceBatch:
    windowed = WindowedJob(job=job(0), window_start_us=0, window_end_us=1, sample_count=2)
    return InferenceBatch(
        subsystem="eps",
        model_name="lstm_timeseries",
        model_version="1",
        channels=CHANNELS,
        horizon=5,
        jobs=(windowed,),
        window_length=2,
        windows_base64=windows_base64,
    )


@pytest.mark.parametrize("text", ["", "AAAA", "not base64!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
def test_bytes_that_do_not_fit_the_shape_break_the_contract(text: str) -> None:
    with pytest.raises(ModelContractError, match="do not fit"):
        windows_of_batch(batch(text))

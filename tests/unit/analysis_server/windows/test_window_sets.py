"""What a worker makes of a batch in which each channel has steps of its own."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis_server.judging.calibration_file import load_calibration
from analysis_server.judging.inference import infer_windows
from analysis_server.judging.rows import failed_rows
from analysis_server.judging.triton import Forecast
from analysis_server.windows.window_sets import CHANNEL_RECORD, windows_of_batch
from telemetry_core.contract.channels import Detection
from telemetry_core.contract.errors import ModelContractError
from telemetry_core.contract.inferences import Job, SubsystemInference, Verdict
from telemetry_core.contract.tasks import ChannelState, InferenceBatch, WindowedJob

MODEL = Path(__file__).parents[4] / "model_repository" / "lstm_timeseries" / "1"
CHANNELS = ("gyro_x", "gyro_y", "gyro_z")
CENTRES = np.array([0.0, -0.064, 0.0])
LENGTH = 64
END_US = 1_800_000_000_000_000
END = datetime.fromtimestamp(END_US / 1_000_000, UTC)
NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)


def batch(values: NDArray[np.float64], **fields: Any) -> InferenceBatch:
    """One job; `values` is float64[channel, step], `fields` are columns of the channels' records."""
    records = np.zeros(len(values), CHANNEL_RECORD)
    records["steps"], records["end_us"], records["interval_us"] = LENGTH, END_US, 1_000_000
    records["newest"] = values[:, -1]
    for name, column in fields.items():
        records[name] = column
    job = Job(
        job_id="kafka-SAT-001-1", satellite_id="SAT-001", source="kafka_auto_trigger",
        trigger_reason=None, total_subsystems=1, created_at=NOW,
    )  # fmt: skip
    start_us = END_US - (LENGTH - 1) * 1_000_000
    windowed = WindowedJob(job=job, window_start_us=start_us, window_end_us=END_US, sample_count=LENGTH)
    differences = (values - records["base"][:, np.newaxis]).astype("<f4")
    return InferenceBatch(
        subsystem="aocs", model_name="lstm_timeseries", model_version="1", horizon=3,
        channels=CHANNELS[: len(values)], jobs=(windowed,), window_length=LENGTH,
        windows_base64=base64.b64encode(differences.tobytes()).decode(),
        channels_base64=base64.b64encode(records.tobytes()).decode(),
    )  # fmt: skip


def gyros() -> NDArray[np.float64]:
    noise = np.random.default_rng(7).normal(size=(len(CHANNELS), LENGTH)) * 0.006
    return np.asarray(CENTRES[:, np.newaxis] + noise)


def level_model(_name: str, _version: str, windows: NDArray[np.float32]) -> Forecast:
    """Forecasts each row's mean, with a deviation like the gyros' noise."""
    present = np.isfinite(windows)
    mean = np.where(present, windows, 0).sum(axis=1, keepdims=True) / np.maximum(
        present.sum(axis=1, keepdims=True), 1
    )
    spread = np.full_like(windows, 0.006)
    return Forecast(
        mean=np.repeat(mean, LENGTH, axis=1), std=spread, step_mean=np.broadcast_to(mean, windows.shape),
        step_std=spread,
    )  # fmt: skip


def judged(one: InferenceBatch) -> SubsystemInference:
    (row,) = infer_windows(
        windows_of_batch(one), infer=level_model, calibration=load_calibration(MODEL), clock=lambda: NOW
    )
    return row


def test_absent_channel_is_no_evidence_and_its_row_says_why() -> None:
    values = gyros()
    values[1] = np.nan
    row = judged(batch(values, steps=[LENGTH, 0, LENGTH], state=[0, ChannelState.NEVER_SEEN, 0]))
    assert row.verdict is Verdict.NOMINAL
    assert row.input_data["without_window"] == {"gyro_y": "never seen"}
    assert row.contributions is not None
    assert "gyro_y" not in row.contributions
    assert row.predictions is not None
    assert [step[1] for step in row.predictions] == [None] * 3


def test_channel_that_ceased_is_the_main_reason() -> None:
    values = gyros()
    values[1, 20:] = np.nan
    row = judged(batch(values))
    assert row.verdict is Verdict.ANOMALOUS
    assert row.contributions is not None
    shares = {name: sum(parts.values()) for name, parts in row.contributions.items()}
    assert max(shares, key=lambda name: shares[name]) == "gyro_y"


def test_channel_that_is_too_old_and_should_have_come_is_evidence() -> None:
    values = gyros()
    values[1] = np.nan
    row = judged(batch(values, state=[0, ChannelState.TOO_OLD, 0]))
    assert row.verdict is Verdict.ANOMALOUS
    assert row.input_data["without_window"] == {"gyro_y": "too old"}


def test_channel_with_too_few_samples_is_not_judged_and_its_newest_value_is_kept() -> None:
    values = gyros()
    values[1, :-5] = np.nan
    values[1, -5:] = 1e6
    row = judged(batch(values, steps=[LENGTH, 0, LENGTH], state=[0, ChannelState.TOO_FEW, 0]))
    assert row.verdict is Verdict.NOMINAL
    assert row.input_data["newest"]["gyro_y"] == 1e6
    assert row.input_data["without_window"] == {"gyro_y": "too few"}


def test_channel_with_a_shorter_window_is_judged_by_the_constants_of_its_length() -> None:
    values = gyros()
    values[1, :-20] = np.nan
    row = judged(batch(values, steps=[LENGTH, 20, LENGTH]))
    assert row.verdict is Verdict.NOMINAL


def test_subsystem_without_any_window_warms_up() -> None:
    values = np.full((3, LENGTH), np.nan)
    values[:, -4:] = 0
    row = judged(batch(values, steps=0, state=ChannelState.TOO_FEW))
    assert row.verdict is Verdict.WARMING_UP


def test_only_channels_whose_steps_lie_elsewhere_have_axes_of_their_own() -> None:
    record = batch(
        gyros(), end_us=[END_US, END_US - 1_000_000, END_US], interval_us=[10**6, 2 * 10**6, 10**6]
    )
    (origin,) = windows_of_batch(record).origins
    assert origin["axes"] == {"gyro_y": {"end": "2027-01-15T07:59:59+00:00", "interval_s": 2.0}}
    assert "axes" not in windows_of_batch(batch(gyros())).origins[0]


@pytest.mark.parametrize("offset", [101_325.37, 1e9, -5e11])
def test_forecast_and_newest_value_keep_the_digits_of_a_large_offset(offset: float) -> None:
    wave = np.round(offset + 0.5 * np.sin(np.arange(LENGTH) / 7), 4)[np.newaxis]
    row = judged(batch(wave, base=wave[0, -1]))
    assert row.input_data["newest"]["gyro_x"] == wave[0, -1]
    assert row.predictions is not None
    assert row.predictions[0][0] == pytest.approx(wave.mean(), abs=1e-3)


def test_flat_channel_is_forecast_exactly() -> None:
    row = judged(batch(np.full((1, LENGTH), 101_325.37), base=101_325.37))
    assert row.predictions == [[101_325.37]] * 3


def test_value_outside_its_range_is_a_missing_step() -> None:
    values = gyros()
    values[1, 50:] = -9999
    strict = replace(batch(values), detection={"gyro_y": Detection(valid_range=(-60, 120))})
    task = windows_of_batch(strict)
    assert np.isnan(task.windows[0, 1, 50:]).all()
    assert judged(strict).verdict is Verdict.ANOMALOUS


def test_rows_tell_the_sample_that_they_judge_and_its_window() -> None:
    one = batch(gyros())
    (windowed,) = one.jobs
    later = replace(windowed, window_start_us=END_US - 8_000_000, window_end_us=END_US + 1, sample_count=9)
    windows = np.tile(np.frombuffer(base64.b64decode(one.windows_base64), "<f4"), 2).tobytes()
    task = windows_of_batch(
        replace(
            one,
            jobs=(windowed, later),
            windows_base64=base64.b64encode(windows).decode(),
            channels_base64=base64.b64encode(base64.b64decode(one.channels_base64) * 2).decode(),
        )
    )
    seconds = (LENGTH - 1, 8)
    expected = [
        (END + timedelta(microseconds=place), END - timedelta(seconds=span), samples)
        for place, (span, samples) in enumerate(zip(seconds, (LENGTH, 9), strict=True))
    ]
    for rows in (failed_rows(task, "why"), failed_rows(task.part(slice(1, 2)), "why")):
        told = [(row.generated_at, row.window_start, row.sample_count) for row in rows]
        assert told == expected[-len(rows) :]


@pytest.mark.parametrize(
    "fields",
    [
        {"steps": -1}, {"steps": LENGTH + 1}, {"state": 9}, {"base": np.inf}, {"end_us": 2**62},
        {"end_us": -(2**63)}, {"end_us": -(10**17)}, {"interval_us": -1}, {"interval_us": 2**62},
    ],
)  # fmt: skip
def test_channels_that_no_trigger_sends_break_the_contract(fields: dict[str, Any]) -> None:
    with pytest.raises(ModelContractError, match="no trigger sends"):
        windows_of_batch(batch(gyros(), **fields))


def test_batch_of_the_former_schema_is_judged_as_before() -> None:
    values = gyros()
    values[1] = np.nan
    former = replace(
        batch(values),
        schema=2,
        channels_base64="",
        windows_base64=base64.b64encode(values.astype("<f4").tobytes()).decode(),
    )
    task = windows_of_batch(former)
    assert (task.windows.dtype, task.steps) == (np.dtype(np.float32), None)
    (job,) = former.jobs
    interval_s = (job.window_end_us - job.window_start_us) / (job.sample_count - 1) / 1e6
    assert task.interval_s is not None
    assert task.interval_s.tolist() == [[interval_s] * len(former.channels)]
    row = judged(former)
    assert row.verdict is Verdict.ANOMALOUS
    assert set(row.input_data) == {"window_start", "window_end", "samples", "newest", "sha256"}
    assert (row.generated_at, row.sample_count) == (END, LENGTH)

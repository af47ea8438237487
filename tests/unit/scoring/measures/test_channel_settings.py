"""What each detection setting of a channel changes, on the shipped calibration."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from analysis_server.judging.calibration_file import load_calibration
from analysis_server.windows.window_sets import windows_of_batch
from scoring.measures.channel_settings import (
    is_counted,
    largest_deviations,
    smoothed,
    without_invalid_values,
)
from scoring.measures.masked import lower_median
from scoring.measures.windows import MIN_HISTORY, Windows
from scoring.scores import Scores
from scoring.window_score import score_windows
from telemetry_core.contract.channels import Detection
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD, Job
from telemetry_core.contract.tasks import InferenceBatch, WindowedJob

CALIBRATION = load_calibration(Path(__file__).parents[4] / "model_repository" / "lstm_timeseries" / "1")
CHANNELS = ("gyro_x", "gyro_y", "gyro_z")
CENTRES = np.array([0.0, -0.064, 0.0])
NOISE = 0.006
UNKNOWN = np.array([[-np.inf], [np.inf]])


def gyros(jobs: int = 4, steps: int = 64) -> npt.NDArray[np.float32]:
    noise = np.random.default_rng(7).normal(size=(jobs, len(CHANNELS), steps)) * NOISE
    return (CENTRES[:, None] + noise).astype(np.float32)


def spiked(size: float, *, samples: int = 1) -> npt.NDArray[np.float32]:
    windows = gyros()
    windows[:, 1, 40 : 40 + samples] += size
    return windows


def score(windows: npt.NDArray[np.float32], **detection: object) -> Scores:
    mean = np.broadcast_to(CENTRES[:, None], windows.shape).astype(np.float32)
    settings = {"gyro_y": Detection.model_validate(detection)} if detection else {}
    return score_windows(
        windows,
        mean,
        np.full_like(windows, NOISE),
        subsystem="aocs",
        channels=CHANNELS,
        calibration=CALIBRATION,
        detection=settings,
    )


def is_flagged(windows: npt.NDArray[np.float32], **detection: object) -> bool:
    flagged = score(windows, **detection).score > ANOMALY_THRESHOLD
    assert flagged.all() or not flagged.any()
    return bool(flagged.all())


def series(value: list[float], step_mean: list[float]) -> Windows:
    return Windows.build(
        np.array([[value]], np.float32),
        np.array([[step_mean]], np.float32),
        np.ones((1, 1, len(value)), "f4"),
    )


@pytest.mark.parametrize("setting", [Detection(), Detection(smoothing=5)])
def test_without_side_and_size_every_window_counts_whatever_was_predicted(setting: Detection) -> None:
    # The newest samples lie above the median and below the forecast: on neither side by both measures.
    half_way = series([0.0] * MIN_HISTORY + [5.0] * 5, [10.0] * (MIN_HISTORY + 5))
    assert is_counted(half_way, [setting], usual_mean=UNKNOWN).tolist() == [[True]]


def test_default_setting_changes_nothing() -> None:
    windows = spiked(0.2)
    np.testing.assert_array_equal(score(windows).score, score(windows, smoothing=1, direction="both").score)


@pytest.mark.parametrize(
    ("size", "direction", "expected"),
    [(1, "above", True), (1, "below", False), (-1, "above", False), (-1, "below", True), (1, "both", True)],
)
def test_only_deviations_of_the_chosen_side_count(size: float, direction: str, expected: bool) -> None:  # noqa: FBT001
    assert is_flagged(spiked(size), direction=direction) is expected


def test_level_outside_the_usual_range_has_a_side_even_where_every_step_is_foreseen() -> None:
    value = [5.0] * 20
    above, below = largest_deviations(series(value, value), np.array([[-1.0], [1.0]]))
    assert (above[0, 0], below[0, 0]) == (4, 0)


def test_way_back_from_a_spike_is_no_deviation_to_the_other_side() -> None:
    value = [0.0] * 10 + [8.0] + [0.0] * 9
    forecast = [0.0] * 11 + [8.0] + [0.0] * 8
    above, below = largest_deviations(series(value, forecast), UNKNOWN)
    assert (above[0, 0], below[0, 0]) == (8, 0)


@pytest.mark.parametrize(("minimum", "expected"), [(0.5, True), (1.5, False)])
def test_smaller_deviation_than_the_minimum_is_nominal(minimum: float, expected: bool) -> None:  # noqa: FBT001
    assert is_flagged(spiked(1), minimum_deviation=minimum) is expected


def test_setting_of_one_channel_leaves_the_others_alone() -> None:
    windows = gyros()
    windows[:, 2, 40] += 1
    assert is_flagged(windows, minimum_deviation=5, direction="below")


def test_lost_channel_is_flagged_whatever_its_minimum() -> None:
    windows = gyros()
    windows[:, 1, 4:] = np.nan
    assert is_flagged(windows, minimum_deviation=5, direction="above")


def test_smoothing_hides_a_short_spike_and_not_a_lasting_step() -> None:
    assert is_flagged(spiked(0.1))
    assert not is_flagged(spiked(0.1), smoothing=10)
    assert is_flagged(spiked(0.3, samples=24), smoothing=10)


def test_smoothed_nominal_telemetry_stays_nominal() -> None:
    assert not is_flagged(gyros(), smoothing=20)


def test_smoothing_is_the_mean_of_the_present_samples_up_to_each() -> None:
    raw = series([1, np.nan, 3, 5, 9], [0] * 5)
    np.testing.assert_allclose(smoothed(raw, [Detection(smoothing=3)]).value[0, 0], [1, np.nan, 2, 4, 17 / 3])


def test_steps_without_a_prediction_spoil_no_smoothed_error() -> None:
    forecast = [0.0] * MIN_HISTORY + [7.0, 7.0, 9.0, 7.0]
    subject = smoothed(series([7.0] * len(forecast), forecast), [Detection(smoothing=2)])
    error = (subject.value - subject.step_mean)[subject.is_predicted]
    np.testing.assert_allclose(error, [0, 0, -1, -1])


def test_value_outside_the_valid_range_is_missing_and_limits_are_inside() -> None:
    windows = np.array([[[-1, 0, 5, 10, 9999, np.nan], [-1, 0, 5, 10, 9999, np.nan]]], np.float32)
    cleaned = without_invalid_values(windows, ("a", "b"), {"a": Detection(valid_range=(0, 10))})
    np.testing.assert_array_equal(cleaned[0, 0], [np.nan, 0, 5, 10, np.nan, np.nan])
    np.testing.assert_array_equal(cleaned[0, 1], windows[0, 1])
    assert cleaned.dtype == np.float32


def test_median_ignores_missing_samples() -> None:
    values = np.array([[np.nan, 3.0, 1.0, 2.0], [np.nan] * 4])
    np.testing.assert_array_equal(lower_median(values), [2.0, np.nan])


def batch(detection: dict[str, Detection]) -> InferenceBatch:
    job = Job(
        job_id="1",
        satellite_id="SAT-001",
        source="manual",
        trigger_reason=None,
        total_subsystems=1,
        created_at=datetime(2026, 5, 1, tzinfo=UTC),
    )
    windows = np.array([[[20, 21, 9999]]], "<f4")
    return InferenceBatch(
        schema=2,
        subsystem="thermal",
        model_name="lstm_timeseries",
        model_version="1",
        channels=("obc_temp",),
        horizon=3,
        jobs=(WindowedJob(job=job, window_start_us=0, window_end_us=2, sample_count=3),),
        window_length=3,
        windows_base64=base64.b64encode(windows.tobytes()).decode(),
        detection=detection,
    )


def test_task_brings_its_settings_and_the_row_keeps_them() -> None:
    task = windows_of_batch(batch({"obc_temp": Detection(valid_range=(-60, 120))}))
    np.testing.assert_array_equal(task.windows, [[[20, 21, np.nan]]])
    assert json.loads(json.dumps(task.origins[0]["detection"])) == {"obc_temp": {"valid_range": [-60, 120]}}


def test_row_of_a_channel_without_settings_mentions_none() -> None:
    task = windows_of_batch(replace(batch({}), detection={}))
    assert "detection" not in task.origins[0]
    assert task.windows[0, 0, 2] == 9999

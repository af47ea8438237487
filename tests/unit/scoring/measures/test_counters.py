"""Counters that start anew: a wrap is no event, a jump is one."""

import json
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis_server.judging.inference import infer_windows
from analysis_server.judging.triton import Forecast
from analysis_server.windows.arguments import parse_subsystem
from analysis_server.windows.window_sets import WindowSet
from scoring.measures.counters import moduli_of, straightened, wrapped
from telemetry_core.contract.channels import Detection
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD, SubsystemInference
from tests.unit.analysis_server.judging.test_inference import CALIBRATION, NOW, PersistenceModel, job

MODULO = 65_536
MODULI = np.array([MODULO, np.inf])
RNG = np.random.default_rng(3)
STEPS = RNG.integers(40, 60, 64)


def counted(start: int, steps: npt.NDArray[np.int64] = STEPS) -> npt.NDArray[np.float32]:
    return (start + np.cumsum(steps)).astype(np.float32)


class RisingModel(PersistenceModel):
    """Forecasts 50 more with each step."""

    def __call__(self, model_name: str, model_version: str, windows: npt.NDArray[np.float32]) -> Forecast:
        answer = super().__call__(model_name, model_version, windows)
        return replace(answer, mean=answer.mean + 50 * np.arange(1, 65, dtype=np.float32))


def judged(
    *windows: npt.NDArray[np.floating], model: PersistenceModel | None = None
) -> list[SubsystemInference]:
    task = WindowSet(
        subsystem="obc",
        model_name="lstm_timeseries",
        model_version="1",
        channels=("frames",),
        horizon=3,
        jobs=[job(number) for number in range(len(windows))],
        origins=[{} for _ in windows],
        windows=np.stack(windows)[:, None],
        detection={"frames": Detection(modulo=MODULO)},
    )
    infer = model or PersistenceModel()
    return infer_windows(task, infer=infer, calibration=CALIBRATION, clock=lambda: NOW)


def straight(*values: float, modulo: float = 256) -> list[float]:
    window = np.array([[values]], dtype=np.float64)
    return list(map(float, straightened(window, np.array([modulo]))[0, 0]))


def test_wrap_is_taken_out_and_the_newest_sample_keeps_its_value() -> None:
    assert straight(253, 254, 255, 0, 1, 2) == [-3, -2, -1, 0, 1, 2]
    assert straight(2, 1, 0, 255, 254) == [258, 257, 256, 255, 254]


def test_counter_may_advance_by_more_than_half_its_modulo() -> None:
    assert np.diff(straight(*np.cumsum([200] * 40) % 256)).tolist() == pytest.approx([-56] * 39)
    assert np.ptp(np.diff(straight(*np.cumsum([126, 130, 127, 129] * 10) % 256))) == 4


def test_change_of_a_whole_modulo_is_no_wrap() -> None:
    assert straight(3, 4, 5 + 256, 6 + 256) == [3, 4, 261, 262]
    assert straight(3, 4, 4 + 256, 5 + 256) == [3, 4, 260, 261]


def test_missing_samples_stay_and_hide_no_wrap() -> None:
    nan = np.nan
    found = straight(nan, 250, 252, nan, nan, 2, 4, nan)
    np.testing.assert_array_equal(found, [nan, -6, -4, nan, nan, 2, 4, nan])
    np.testing.assert_array_equal(straight(nan, nan, nan), [nan] * 3)


@pytest.mark.parametrize("values", [[], [7.0], [np.nan], [np.nan] * 12, [255.0, 0.0]])
def test_window_of_hardly_any_sample_has_hardly_any_wrap(values: list[float]) -> None:
    np.testing.assert_array_equal(straight(*values), [-1.0, 0.0] if len(values) == 2 else values)


def test_other_channels_stay_as_they_are() -> None:
    windows = np.array([[[65_535, 1], [65_535, 1]]], np.float32)
    found = straightened(windows, MODULI)
    assert found.tolist() == [[[-1, 1], [65_535, 1]]]
    assert found.dtype == np.float32
    assert straightened(windows, moduli_of([Detection(), Detection()])) is windows


@given(
    st.lists(st.integers(0, 100), min_size=1, max_size=60),
    st.integers(0, 255),
    st.sets(st.integers(0, 60), max_size=20),
)
def test_any_slow_counter_is_the_same_without_its_wraps(steps: list[int], start: int, lost: set[int]) -> None:
    whole = np.cumsum([start, *steps]).astype(np.float64)
    whole[[place for place in lost if place < len(whole) and place % 3 == 0]] = np.nan
    present = np.isfinite(whole)
    found = np.array(straight(*(whole % 10_007), modulo=10_007))
    np.testing.assert_array_equal(np.isfinite(found), present)
    np.testing.assert_array_equal(np.diff(found[present]), np.diff(whole[present]))


@pytest.mark.parametrize("start", [65_000, 64_000, 62_500, 62_800])
def test_counter_that_wraps_scores_as_one_that_does_not(start: int) -> None:
    wrapping, plain = judged(counted(start) % MODULO, counted(20_000))
    assert (counted(start) > MODULO).any()
    assert wrapping.anomaly_score == pytest.approx(plain.anomaly_score, abs=0.01)
    assert plain.anomaly_score is not None
    assert plain.anomaly_score < ANOMALY_THRESHOLD
    assert wrapping.input_data["newest"] == {"frames": float((counted(start) % MODULO)[-1])}


@pytest.mark.parametrize("place", [20, 40, 60])
@pytest.mark.parametrize("jump", [700, 20_000, 33_000, -700, -20_000])
@pytest.mark.parametrize("start", [20_000, 63_000])
def test_counter_that_jumps_is_found(start: int, jump: int, place: int) -> None:
    steps = STEPS.copy()
    steps[place] += jump
    (row,) = judged(counted(start, steps) % MODULO)
    assert row.anomaly_detected


@pytest.mark.parametrize("place", [10, 40, 60])
def test_counter_that_starts_at_zero_before_it_is_full_is_found(place: int) -> None:
    values = counted(30_000)
    values[place:] -= values[place]
    (row,) = judged(values)
    assert row.anomaly_detected


def test_counter_that_stands_still_is_found() -> None:
    values = counted(64_000)
    values[30:] = values[30]
    (row,) = judged(values % MODULO)
    assert row.anomaly_detected


def test_forecast_of_a_counter_is_one_of_its_values() -> None:
    moduli = np.array([256.0, 256.0, np.inf])
    windows = np.array([[[254, 255], [-1, 127], [254, 255]]], np.float32)
    forecast = np.array([[[255.5, 256.0, 300.0], [127.5, 128.0, -129.0], [256.0, 257.0, 258.0]]])
    found = wrapped(forecast, windows, moduli)
    assert found.tolist() == [[[255.5, 0, 44], [127.5, -128, 127], [256, 257, 258]]]
    hair = np.array([[[-1e-17, np.nan], [-128 - 1e-20, 0], [0, 0]]])
    np.testing.assert_array_equal(wrapped(hair, windows, moduli), [[[0, np.nan], [-128, 0], [0, 0]]])


def test_verdict_of_a_counter_forecasts_its_values() -> None:
    values = counted(0)
    (row,) = judged((values - values[-1] + 65_450) % MODULO, model=RisingModel())
    assert row.predictions == [[65_500], [14], [64]]


def test_posted_counter_is_judged_as_one() -> None:
    series = [float(value) for value in counted(64_000) % MODULO]
    arguments = {
        "job_id": "1",
        "subsystem": "obc",
        "model_name": "lstm_timeseries",
        "input_data": {"frames": series, "other": series},
        "config": {"moduli": {"frames": MODULO}},
    }
    task = parse_subsystem(json.loads(json.dumps(arguments)), newest_version=lambda _: "1")
    assert moduli_of([task.detection.get(name, Detection()) for name in task.channels]).tolist() == [
        MODULO, np.inf,
    ]  # fmt: skip

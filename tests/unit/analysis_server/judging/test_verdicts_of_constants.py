"""What a verdict takes from the constants that judge it, and what it takes from the model whoever judges."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis_server.judging.calibration_file import load_calibration
from analysis_server.judging.inference import infer_windows
from analysis_server.judging.learned import Lookup, nothing_learned
from analysis_server.judging.triton import Forecast
from analysis_server.windows.arguments import parse_subsystem
from analysis_server.windows.window_sets import WindowSet
from scoring.calibration import CHANNEL_CONSTANTS, SUBSYSTEM_CONSTANTS, Calibration
from scoring.forecast_bands import BANDS, STEP_RANGES
from scoring.measures.changes import CHANGES, ChangeCalibration, ChannelChanges
from telemetry_core.contract.inferences import Job, SubsystemInference, Verdict
from telemetry_core.contract.mission import MIN_WINDOW_LENGTH

CHANNELS = ("gyro_x", "gyro_y")
LENGTH = 64
NOW = datetime(2026, 5, 1, tzinfo=UTC)
FACTORS = np.arange(1.0, len(STEP_RANGES))
FILE = load_calibration(Path(__file__).parents[4] / "model_repository" / "lstm_timeseries" / "1")


def widths(factor: float) -> dict[str, dict[str, NDArray[np.float64]]]:
    return {"aocs.gyro_x": dict.fromkeys(BANDS, factor * FACTORS)}


def of_bands(bands: slice, bands_s: tuple[tuple[float, float], ...]) -> Calibration:
    """The constants of some of the file's bands of intervals, said to serve others."""
    return replace(
        FILE,
        channels={
            name: replace(channel, **{key: getattr(channel, key)[bands] for key in CHANNEL_CONSTANTS})
            for name, channel in FILE.channels.items()
        },
        subsystems={
            name: replace(limits, **{key: getattr(limits, key)[bands] for key in SUBSYSTEM_CONSTANTS})
            for name, limits in FILE.subsystems.items()
        },
        bands_s=bands_s,
    )


SHIPPED = replace(of_bands(slice(2, 3), ((0.5, 5.0),)), band_widths=widths(1.0), hash="shipped")
OWN = replace(of_bands(slice(2, 3), ((15.0, 25.0),)), band_widths=widths(9.0), hash="own")
PARTLY = replace(OWN, channels={"aocs.gyro_x": OWN.channels["aocs.gyro_x"]})


def task(*jobs: tuple[str, float], steps: int = LENGTH) -> WindowSet:
    """Noise of both gyros for each satellite and interval."""
    noise = np.random.default_rng(7).normal(size=(len(jobs), len(CHANNELS), LENGTH)) * 0.006
    windows = np.array([[0.0], [-0.064]]) + noise
    windows[..., : LENGTH - steps] = np.nan
    return WindowSet(
        subsystem="aocs", model_name="lstm_timeseries", model_version="1", channels=CHANNELS, horizon=3,
        jobs=[
            Job(
                job_id=f"{name}-{number}", satellite_id=name, source="kafka_auto_trigger",
                trigger_reason=None, total_subsystems=1, created_at=NOW,
            )
            for number, (name, _) in enumerate(jobs)
        ],
        origins=[{}] * len(jobs), windows=windows, steps=np.full((len(jobs), len(CHANNELS)), steps),
        interval_s=np.array([[interval_s] * len(CHANNELS) for _, interval_s in jobs]),
    )  # fmt: skip


def level_model(_name: str, _version: str, windows: NDArray[np.float32]) -> Forecast:
    """Forecasts the mean of each row, with a deviation like the gyros' noise."""
    mean = np.nanmean(windows, axis=1, keepdims=True)
    return Forecast(
        mean=np.repeat(mean, LENGTH, axis=1), std=np.full((len(windows), LENGTH), 0.006, np.float32),
        step_mean=np.broadcast_to(mean, windows.shape), step_std=np.full_like(windows, 0.006),
    )  # fmt: skip


def judged(
    one: WindowSet, calibration: Calibration = SHIPPED, learned: Lookup = nothing_learned
) -> list[SubsystemInference]:
    return infer_windows(one, infer=level_model, calibration=calibration, learned=learned, clock=lambda: NOW)


def own(of: Mapping[str, Calibration]) -> Lookup:
    return lambda satellites, _subsystem: {name: of[name] for name in satellites if name in of}


def half_widths(row: SubsystemInference) -> list[float]:
    """Of the 90 % band of gyro_x, by step."""
    assert row.bands is not None
    ends = zip(row.bands["90"]["lower"], row.bands["90"]["upper"], strict=True)
    return [(upper[0] - lower[0]) / 2 for lower, upper in ends]


def test_bands_are_the_models_whoever_judges() -> None:
    rows = judged(task(("A", 20.0), ("A", 1.0), ("A", 20.0)), learned=own({"A": OWN}))
    rows += judged(task(("A", 20.0)), learned=own({"A": OWN}))
    assert [row.calibration_hash for row in rows] == ["own", "shipped", "own", "own"]
    for row in rows:
        expected = [BANDS["90"] * 0.006 * factor for factor in (1, 2, 2)]
        assert half_widths(row) == pytest.approx(expected, rel=1e-3)


def test_verdict_follows_the_constants_of_the_interval() -> None:
    """What is rare every second is usual every minute, where that band's threshold is beyond reach."""
    both = of_bands(slice(2, 4), ((0.5, 5.0), (5.0, 90.0)))
    of_aocs = both.subsystems["aocs"]
    raised = replace(of_aocs, threshold=of_aocs.threshold * [[1], [1000]])
    one = task(("A", 1.0), ("A", 60.0))
    rows = judged(replace(one, windows=one.windows + 1.0), replace(both, subsystems={"aocs": raised}))
    assert [row.verdict for row in rows] == [Verdict.ANOMALOUS, Verdict.NOMINAL]


def test_channel_that_could_not_be_learned_is_named_and_no_evidence_and_the_others_judge() -> None:
    one = task(("A", 20.0), ("B", 20.0))
    one.windows[:, 1, -20:] += 100.0
    by_own, nobodys = judged(one, learned=own({"A": PARTLY}))
    assert (by_own.verdict, by_own.calibration_hash) == (Verdict.NOMINAL, "own")
    assert by_own.input_data["without_window"] == {"gyro_y": "not calibrated"}
    assert by_own.input_data["not_calibrated"] == {"gyro_y": {"interval_s": 20.0}}
    assert by_own.contributions is not None
    assert set(by_own.contributions) == {"gyro_x"}
    assert by_own.predictions is not None
    assert all(step[1] is not None for step in by_own.predictions)
    assert nobodys.verdict is Verdict.LEARNING
    assert set(nobodys.input_data["not_calibrated"]) == {"gyro_x", "gyro_y"}


def test_channel_that_was_learned_is_judged_beside_one_that_was_not() -> None:
    one = task(("A", 20.0))
    one.windows[:, 0, -20:] += 100.0
    (row,) = judged(one, learned=own({"A": PARTLY}))
    assert row.verdict is Verdict.ANOMALOUS
    (row,) = judged(one, learned=own({"A": replace(OWN, channels={})}))
    assert row.verdict is Verdict.LEARNING


def test_job_of_which_the_shipped_constants_cover_one_channel_is_left_to_them() -> None:
    one = task(("A", 1.0))
    interval_s = np.array([[1.0, 20.0]])
    (row,) = judged(replace(one, interval_s=interval_s), learned=own({"A": OWN}))
    assert row.calibration_hash == "shipped"
    assert set(row.input_data["not_calibrated"]) == {"gyro_y"}


def test_short_windows_of_some_constants_warm_up_beside_whole_ones_of_others() -> None:
    one = task(("A", 20.0), ("A", 1.0), ("A", 20.0))
    too_short = MIN_WINDOW_LENGTH - 1
    one.windows[1, :, :-too_short] = np.nan
    steps = np.full((3, len(CHANNELS)), LENGTH)
    steps[1] = too_short
    gyro_x = replace(SHIPPED, channels={"aocs.gyro_x": SHIPPED.channels["aocs.gyro_x"]})
    rows = judged(replace(one, steps=steps), gyro_x, learned=own({"A": OWN}))
    assert [(row.job_id, row.verdict) for row in rows] == [
        ("A-0", Verdict.NOMINAL),
        ("A-1", Verdict.WARMING_UP),
        ("A-2", Verdict.NOMINAL),
    ]
    assert [row.predictions is None for row in rows] == [False, True, False]


def test_window_too_short_for_constants_of_a_recording_warms_up_with_a_forecast() -> None:
    unknown = np.full((2, len(CHANGES)), np.nan)
    channel = ChannelChanges(usual=unknown[0], common=unknown, intervals_s=(0.5, 5.0))
    changes = ChangeCalibration(
        channels={f"aocs.{name}": channel for name in CHANNELS}, thresholds={len(CHANNELS): 1.0}
    )
    (row,) = judged(task(("A", 1.0), steps=MIN_WINDOW_LENGTH), replace(SHIPPED, changes=changes))
    assert (row.verdict, row.anomaly_score, row.contributions) == (Verdict.WARMING_UP, None, None)
    assert row.predictions is not None


@pytest.mark.parametrize(("config", "verdict"), [({"interval_s": 1}, "anomalous"), ({}, "nominal")])
def test_posted_series_at_an_unusual_level_is_judged_by_constants_of_a_told_interval_alone(
    config: dict[str, float], verdict: str
) -> None:
    posted = {
        "job_id": "1", "subsystem": "aocs", "model_name": "lstm_timeseries", "config": config,
        "input_data": {"gyro_x": (9 + task(("A", 1.0)).windows[0, 0]).tolist()},
    }  # fmt: skip
    (row,) = judged(parse_subsystem(posted, newest_version=lambda _: "1"))
    assert row.verdict == verdict

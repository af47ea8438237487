"""What the score promises, on the shipped calibration."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from analysis_server.judging.calibration_file import load_calibration
from scoring.calibration import (
    CHANNEL_CONSTANTS,
    EVERY_INTERVAL,
    Calibration,
    ChannelCalibration,
    SubsystemCalibration,
)
from scoring.measures.windows import FAMILIES
from scoring.scores import Scores
from scoring.window_score import score_windows
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD

MODEL = Path(__file__).parents[3] / "model_repository" / "lstm_timeseries" / "1"
CHANNELS = ("gyro_x", "gyro_y", "gyro_z")
CENTRES = np.array([0.0, -0.064, 0.0])
NOISE = 0.006
NAN = float("nan")


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return load_calibration(MODEL)


def quiet_gyros(jobs: int, steps: int = 64) -> npt.NDArray[np.float32]:
    noise = np.random.default_rng(7).normal(size=(jobs, len(CHANNELS), steps)) * NOISE
    return (CENTRES[:, None] + noise).astype(np.float32)


def score(windows: npt.NDArray[np.float32], calibration: Calibration, subsystem: str = "aocs") -> Scores:
    mean = np.broadcast_to(CENTRES[: windows.shape[1], None], windows.shape).astype(np.float32)
    return score_windows(
        windows,
        mean,
        np.full_like(windows, NOISE),
        subsystem=subsystem,
        channels=CHANNELS[: windows.shape[1]],
        calibration=calibration,
    )


def spiked(windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    windows[:, 1, 40] += 1.0
    return windows


def stuck(windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    windows[:, 1, 20:] = windows[:, 1, 20:21]
    return windows


def drifting(windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    windows[:, 1] += np.linspace(0, 1, windows.shape[2], dtype=np.float32)
    return windows


def noisy(windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    windows[:, 1] = CENTRES[1] + (windows[:, 1] - CENTRES[1]) * 8
    return windows


def lost(windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    windows[:, 1, 20:] = np.nan
    return windows


@pytest.mark.parametrize("fault", [spiked, stuck, drifting, noisy, lost])
def test_fault_is_flagged_and_its_channel_is_the_main_reason(
    fault: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]], calibration: Calibration
) -> None:
    scores = score(fault(quiet_gyros(4)), calibration)
    assert (scores.score > ANOMALY_THRESHOLD).all()
    assert (scores.contributions.sum(axis=2).argmax(axis=1) == 1).all()


def test_nominal_windows_are_not_flagged(calibration: Calibration) -> None:
    assert (score(quiet_gyros(200), calibration).score <= ANOMALY_THRESHOLD).mean() > 0.98


def test_score_lies_between_0_and_1_with_4_decimals(calibration: Calibration) -> None:
    values = score(spiked(quiet_gyros(20)), calibration).score
    assert ((values >= 0) & (values <= 1)).all()
    assert np.array_equal(values, np.round(values, 4))


def test_contributions_are_shares(calibration: Calibration) -> None:
    contributions = score(quiet_gyros(5), calibration).contributions
    assert contributions.shape == (5, len(CHANNELS), len(FAMILIES))
    assert (contributions >= 0).all()
    assert np.allclose(contributions.sum(axis=(1, 2)), 1)


def scored_at(interval_s: list[float], calibration: Calibration, steps: list[int] | None = None) -> Scores:
    """The same quiet window, its channels sampled at these intervals."""
    windows = quiet_gyros(1)
    mean = np.broadcast_to(CENTRES[:, None], windows.shape).astype(np.float32)
    return score_windows(
        windows, mean, np.full_like(windows, NOISE),
        subsystem="aocs", channels=CHANNELS, calibration=calibration,
        interval_s=np.array([interval_s]), steps=None if steps is None else np.array([steps]),
    )  # fmt: skip


def only_band(calibration: Calibration, band: int) -> Calibration:
    """As if one band served every interval."""
    cut = slice(band, band + 1)
    channels = {
        name: ChannelCalibration(**{key: getattr(channel, key)[cut] for key in CHANNEL_CONSTANTS})
        for name, channel in calibration.channels.items()
    }
    subsystems = {
        name: SubsystemCalibration(threshold=one.threshold[cut], steepness=one.steepness[cut])
        for name, one in calibration.subsystems.items()
    }
    return replace(calibration, channels=channels, subsystems=subsystems, bands_s=(EVERY_INTERVAL,))


@pytest.mark.parametrize(("interval_s", "band"), [(0.2, 0), (1.0, 1), (7.0, 3), (120.0, 6)])
def test_a_window_is_judged_by_the_constants_of_its_interval(
    interval_s: float, band: int, calibration: Calibration
) -> None:
    found = scored_at([interval_s] * 3, calibration)
    expected = scored_at([interval_s] * 3, only_band(calibration, band))
    assert found.score.tolist() == expected.score.tolist()
    assert np.array_equal(found.contributions, expected.contributions)


def test_a_window_that_says_nothing_of_its_interval_is_taken_for_one_of_a_second(
    calibration: Calibration,
) -> None:
    assert score(quiet_gyros(1), calibration).score == scored_at([1.0] * 3, calibration).score


def test_the_slowest_of_the_longest_channels_decides_for_the_subsystem(calibration: Calibration) -> None:
    def with_doubled_threshold(band: int) -> Calibration:
        limits = calibration.subsystems["aocs"]
        threshold = limits.threshold.copy()
        threshold[band] *= 2
        doubled = replace(limits, threshold=threshold)
        return replace(calibration, subsystems={**calibration.subsystems, "aocs": doubled})

    intervals_s, steps = [1.0, 120.0, 7.0], [64, 20, 64]
    before = scored_at(intervals_s, calibration, steps).score
    for band in (1, 6):
        assert scored_at(intervals_s, with_doubled_threshold(band), steps).score == before
    assert scored_at(intervals_s, with_doubled_threshold(3), steps).score < before


def test_window_of_less_than_ten_samples_has_no_score(calibration: Calibration) -> None:
    windows = quiet_gyros(2)
    windows[0, :, :-9] = np.nan
    scores = score(windows, calibration)
    assert np.isnan(scores.score[0])
    assert not np.isnan(scores.score[1])
    assert not scores.contributions[0].any()


@pytest.mark.parametrize("steps", [2, 9])
def test_short_window_is_survived(steps: int, calibration: Calibration) -> None:
    assert np.isnan(score(quiet_gyros(3, steps), calibration).score).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 3e38, -1e30])
def test_hostile_values_give_a_score_or_none(value: float, calibration: Calibration) -> None:
    windows = quiet_gyros(2)
    windows[:, 0] = value
    scores = score(windows, calibration)
    assert np.isfinite(scores.score).all()
    assert np.isfinite(scores.contributions).all()


def test_score_of_a_job_does_not_depend_on_its_batch(calibration: Calibration) -> None:
    windows = quiet_gyros(6)
    windows[2, :, :40] = np.nan
    together = score(windows, calibration).score
    alone = [score(windows[job : job + 1], calibration).score[0] for job in range(6)]
    assert np.array_equal(together, alone)


def test_padding_in_front_does_not_count_as_loss(calibration: Calibration) -> None:
    padded = quiet_gyros(1)
    padded[:, :, :24] = np.nan
    assert score(padded, calibration).score == score(padded[:, :, 24:], calibration).score


def series_score(scale: float, spike: float, calibration: Calibration) -> float:
    expected = np.sin(np.arange(64) / 5)
    value = expected + np.random.default_rng(1).normal(size=64) * 0.05
    value[50] += spike
    scores = score_windows(
        (value * scale).astype(np.float32)[None, None],
        (expected * scale).astype(np.float32)[None, None],
        np.full((1, 1, 64), 0.05 * scale, np.float32),
        subsystem="series",
        channels=("value",),
        calibration=calibration,
    )
    return float(scores.score[0])


@pytest.mark.parametrize("scale", [1e-6, 1e3, 1e9])
def test_unknown_channel_scores_the_same_in_any_unit(scale: float, calibration: Calibration) -> None:
    assert series_score(scale, 5.0, calibration) == pytest.approx(
        series_score(1.0, 5.0, calibration), abs=2e-3
    )


def test_spike_raises_the_score_of_an_unknown_channel(calibration: Calibration) -> None:
    assert series_score(1.0, 0.0, calibration) < ANOMALY_THRESHOLD < series_score(1.0, 5.0, calibration)


def posted_eps(names: tuple[str, ...], values: npt.NDArray[np.float64], calibration: Calibration) -> Scores:
    return score_windows(
        values,
        np.zeros_like(values),
        np.ones_like(values),
        subsystem="aocs",
        channels=names,
        calibration=calibration,
    )


def test_unknown_channel_beside_known_ones_is_judged_against_itself(calibration: Calibration) -> None:
    values = np.concatenate([quiet_gyros(1), quiet_gyros(1)[:, :1] * 1e6], axis=1).astype(np.float64)
    names = (*CHANNELS, "temperature_of_the_payload")
    quiet = score_windows(
        values,
        np.concatenate([np.broadcast_to(CENTRES[:, None], (1, 3, 64)), np.zeros((1, 1, 64))], axis=1),
        np.full_like(values, NOISE),
        subsystem="aocs",
        channels=names,
        calibration=calibration,
    )
    assert quiet.score[0] < ANOMALY_THRESHOLD
    values[0, 3, 40] += 1e6
    scores = posted_eps(names[3:], values[:, 3:], calibration)
    assert scores.score[0] > ANOMALY_THRESHOLD
    assert scores.contributions[0].sum() == pytest.approx(1)


def test_absent_channel_of_a_posted_subsystem_is_no_evidence(calibration: Calibration) -> None:
    values = np.random.default_rng(5).normal(size=(1, 2, 64))
    values[0, 1] = np.nan
    scores = posted_eps(("new", "absent"), values, calibration)
    assert scores.score[0] < ANOMALY_THRESHOLD
    assert not scores.contributions[0, 1].any()


def test_unknown_channels_with_nine_samples_each_have_no_score(calibration: Calibration) -> None:
    values = np.random.default_rng(5).normal(size=(1, 2, 18))
    values[0, 0, ::2] = np.nan
    values[0, 1, 1::2] = np.nan
    assert np.isnan(posted_eps(("even", "odd"), values, calibration).score[0])


def test_damaged_calibration_is_named(tmp_path: Path) -> None:
    (tmp_path / "calibration.json").write_text('{"measures": []}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"calibration\.json is not a calibration"):
        load_calibration(tmp_path)


def test_hash_changes_with_the_file(tmp_path: Path, calibration: Calibration) -> None:
    content = (MODEL / "calibration.json").read_text(encoding="utf-8")
    (tmp_path / "calibration.json").write_text(content + "\n", encoding="utf-8")
    assert load_calibration(tmp_path).hash != calibration.hash

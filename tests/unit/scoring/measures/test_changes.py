"""What the evidence of change promises."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from analysis_server.judging.calibration_file import load_calibration
from recordings.change_constants import fit_changes, stream_windows
from scoring.measures.changes import (
    CHANGE_LENGTHS,
    CHANGES,
    STATISTICS,
    RecentStatistics,
    masked_median,
    parse_changes,
)
from scoring.measures.windows import FAMILIES
from scoring.scores import Scores
from scoring.window_score import score_windows
from telemetry_core.contract.channels import Detection
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD

MODEL = Path(__file__).parents[4] / "model_repository" / "lstm_timeseries" / "1"
STEPS = 256
Floats = npt.NDArray[np.float64]


def noise(steps: int, seed: int = 3) -> Floats:
    return np.random.default_rng(seed).normal(size=steps)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A calibration with the shipped constants and those of one recorded, one constant channel."""
    path = tmp_path_factory.mktemp("model")
    document = json.loads((MODEL / "calibration.json").read_text(encoding="utf-8"))
    document["changes"] = fit_changes(
        {"beam": {"power": noise(4000)}, "bus": {"voltage": np.full(2000, 7.0)}}
    )
    (path / "calibration.json").write_text(json.dumps(document), encoding="utf-8")
    return path


def score(
    folder: Path,
    values: Floats,
    subsystem: str = "beam",
    channel: str = "power",
    detection: Detection = Detection(),  # noqa: B008 - frozen
) -> Scores:
    windows = values.astype(np.float32)[None, None]
    return score_windows(
        windows,
        np.zeros_like(windows),
        np.ones_like(windows),
        subsystem=subsystem,
        channels=(channel,),
        calibration=load_calibration(folder),
        detection={channel: detection},
    )


@pytest.mark.parametrize(
    "change",
    [lambda x: x + 4, lambda x: x * 6, lambda x: x * 0, np.cumsum],
    ids=["another level", "larger", "constant", "a random walk"],
)
def test_a_change_within_the_window_is_flagged_even_at_a_level_never_recorded(
    change: Callable[[Floats], Floats], folder: Path
) -> None:
    values = noise(STEPS, seed=9) + 50
    changed = values.copy()
    changed[-60:] = 50 + change(values[-60:] - 50)
    assert score(folder, values).score[0] < ANOMALY_THRESHOLD < score(folder, changed).score[0]
    shares = dict(zip(FAMILIES, score(folder, changed).contributions[0, 0], strict=True))
    assert shares["statistics"] > 0 < shares["change"]
    assert shares["statistics"] + shares["change"] == pytest.approx(1)


@pytest.mark.parametrize("level", [0.0, 0.5, -3.0, 50.0, -9999.0])
def test_nominal_telemetry_at_a_level_never_recorded_is_nominal(level: float, folder: Path) -> None:
    windows = np.concatenate(list(stream_windows(noise(3000, seed=9)[None] + level, STEPS)))
    verdicts = score_windows(
        windows,
        np.zeros_like(windows),
        np.ones_like(windows),
        subsystem="beam",
        channels=("power",),
        calibration=load_calibration(folder),
    )
    assert (verdicts.score[STEPS:] > ANOMALY_THRESHOLD).mean() < 0.01


@pytest.mark.parametrize(
    "detection", [Detection(direction="below"), Detection(minimum_deviation=20)], ids=["side", "size"]
)
def test_detection_settings_of_the_mission_hold_for_recorded_channels_too(
    detection: Detection, folder: Path
) -> None:
    raised = noise(STEPS, seed=9)
    raised[-60:] += 9
    assert score(folder, raised, detection=detection).score[0] < ANOMALY_THRESHOLD
    assert score(folder, raised, detection=Detection(direction="above")).score[0] > ANOMALY_THRESHOLD


def test_a_constant_channel_scores_without_nan(folder: Path) -> None:
    steady = score(folder, np.full(STEPS, 7.0), "bus", "voltage")
    stepped = score(folder, np.r_[np.full(STEPS - 30, 7.0), np.full(30, 7.5)], "bus", "voltage")
    assert steady.score[0] < ANOMALY_THRESHOLD < stepped.score[0]


def test_a_window_without_an_earlier_part_has_no_score(folder: Path) -> None:
    short = noise(STEPS)
    short[:-30] = np.nan
    scores = score(folder, short)
    assert np.isnan(scores.score[0])
    assert not scores.contributions.any()


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_hostile_values_give_a_score_or_none(value: float, folder: Path) -> None:
    values = noise(STEPS)
    values[-40] = value
    assert np.isfinite(score(folder, values).score).all()


def test_a_verdict_does_not_depend_on_its_batch() -> None:
    series = noise(600)[None]
    parts = [RecentStatistics.measure(part.astype(float)) for part in stream_windows(series, STEPS)]
    alone = RecentStatistics.measure(series[:, 400 - STEPS : 400].astype(np.float32).astype(float)[None])
    for name in ("newest", "from_earlier"):
        together = np.concatenate([getattr(part, name) for part in parts])
        assert np.array_equal(together[399], getattr(alone, name)[0])
        assert together.shape == (600, 1, len(CHANGES))


def test_the_median_leaves_out_missing_values() -> None:
    rows = np.array([[np.nan, 3, 1, 2], [4, 1, np.nan, np.nan], [4, 1, 2, 3], [np.nan] * 4])
    assert masked_median(rows)[:3].tolist() == [2, 2.5, 2.5]
    assert np.isnan(masked_median(rows)[3])


def test_the_threshold_is_exceeded_by_one_in_a_thousand_verdicts_of_the_recording(folder: Path) -> None:
    windows = np.concatenate(list(stream_windows(noise(4000)[None], STEPS)))
    scores = score_windows(
        windows,
        np.zeros_like(windows),
        np.ones_like(windows),
        subsystem="beam",
        channels=("power",),
        calibration=load_calibration(folder),
    ).score
    assert 0 < (scores > ANOMALY_THRESHOLD).mean() < 4e-3
    assert np.nanmax(scores) < 1


def test_constants_of_other_measures_are_refused() -> None:
    with pytest.raises(ValueError, match="not this version's"):
        parse_changes({"measures": ["another"], "channels": {}, "thresholds": {}})


@pytest.mark.parametrize("length", [5, 12, 64])
def test_statistics_of_a_window_too_short_are_unknown_and_not_zero(length: int) -> None:
    """No statistic reaches over fewer samples than its own, nor has an earlier part with too few."""
    measured = RecentStatistics.measure(np.random.default_rng(1).normal(size=(1, 1, length)))
    shorter = [count > length for count in CHANGE_LENGTHS for _ in STATISTICS]
    assert np.isnan(measured.newest[0, 0]).tolist() == shorter
    assert np.isnan(measured.from_earlier[0, 0])[shorter].all()

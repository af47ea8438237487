"""What of the detection benchmark's pipeline mode needs no server."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from analysis_server.judging.calibration_file import load_calibration
from analysis_server.judging.inference import infer_windows
from analysis_server.judging.triton import Forecast
from analysis_server.windows.window_sets import windows_of_batch
from benchmarks.detection.evaluation.recordings import Recording
from benchmarks.detection.recorded.pipeline import (
    RowsDifferError,
    messages_of,
    require_equal,
    scores_of,
    write_configuration,
)
from benchmarks.detection.recorded.streaming import calibrated, row_scores
from kafka_inference_trigger.trigger import InferenceTrigger
from telemetry_core.contract.messages import job_id_of, parse_telemetry_message
from telemetry_core.kafka.records import Record
from telemetry_core.service.settings import load_mission

Rows = npt.NDArray[np.float32]
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
RECORDING = Recording(
    channel="A-1",
    train=np.random.default_rng(1).normal(size=900),
    test=np.random.default_rng(2).normal(size=300).astype(np.float32).astype(float),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("configuration")
    write_configuration(path, [RECORDING], calibrated([RECORDING]))
    return path


def test_every_sample_is_a_valid_message_and_jobs_sort_in_its_order(folder: Path) -> None:
    mission = load_mission(folder / "mission.yaml")
    received_us = int(NOW.timestamp() * 1e6)
    parsed = [
        parse_telemetry_message(raw, mission=mission, received_us=received_us)
        for raw in messages_of(RECORDING, NOW)
    ]
    assert [message.samples["c_a_1"][0] for message in parsed] == RECORDING.test.tolist()
    jobs = [job_id_of(message.satellite_id, message.generated_us) for message in parsed]
    assert jobs == sorted(jobs)
    assert mission.periodic.share == 1


def test_the_worker_judges_by_the_constants_of_the_training_array(folder: Path) -> None:
    calibration = load_calibration(folder / "models" / "lstm_timeseries" / "1")
    scores = row_scores(RECORDING.test, "c_a_1", calibration.changes)
    first = int(np.isfinite(scores).argmax())
    assert 0 < first < 50
    assert ((scores[first:] > 0) & (scores[first:] < 1)).all()
    assert calibration.changes.of_subsystem("eps", ("battery_voltage",)) is None


def answer(_model: str, _version: str, rows: Rows) -> Forecast:
    """Forecast nothing but the right shape: no score of a recorded channel depends on it."""
    steps, ahead = np.zeros_like(rows), np.zeros((len(rows), 64), np.float32)
    return Forecast(mean=ahead, std=ahead + 1, step_mean=steps, step_std=steps + 1)


def test_windows_from_the_trigger_through_the_worker_score_as_without_them(folder: Path) -> None:
    trigger = InferenceTrigger(load_mission(folder / "mission.yaml"), topic="t", clock=lambda: NOW)
    received_us = int(NOW.timestamp() * 1e6)
    records = [
        Record(value=raw, key=None, partition=0, offset=offset, received_us=received_us)
        for offset, raw in enumerate(messages_of(RECORDING, NOW))
    ]
    calibration = load_calibration(folder / "models" / "lstm_timeseries" / "1")
    rows = [
        ("A-1", row.anomaly_score, row.status, row.error_message)
        for batch in trigger.plan(records).batches
        for row in infer_windows(windows_of_batch(batch), infer=answer, calibration=calibration)
    ]
    require_equal(scores_of(rows, ["A-1"]), {"A-1": row_scores(RECORDING.test, "c_a_1", calibration.changes)})


def test_a_gap_in_the_telemetry_is_refused() -> None:
    gap = Recording(channel="A-1", train=RECORDING.train, test=np.array([1.0, np.nan]))
    with pytest.raises(ValueError, match="gaps"):
        list(messages_of(gap, NOW))


def test_rows_become_scores_in_their_order_and_a_failed_one_is_named() -> None:
    rows = [("A-1", None, "completed", None), ("A-1", Decimal("0.1234"), "completed", None)]
    assert np.array_equal(scores_of(rows, ["A-1"])["A-1"], [np.nan, 0.1234], equal_nan=True)
    with pytest.raises(RowsDifferError, match="out of memory"):
        scores_of([("A-1", None, "failed", "out of memory")], ["A-1"])


def test_equal_scores_pass() -> None:
    scores = {"A-1": np.array([np.nan, 0.1234])}
    require_equal({"A-1": scores["A-1"].copy()}, scores)


@pytest.mark.parametrize("rows", [[0.1234], [0.1234, 0.2], [0.1234, 0.1235], []])
def test_a_missing_or_differing_row_fails_the_run(rows: list[float]) -> None:
    with pytest.raises(RowsDifferError, match="A-1"):
        require_equal({"A-1": np.array(rows)}, {"A-1": np.array([np.nan, 0.1234])})

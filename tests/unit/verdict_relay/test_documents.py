"""What is passed on of a verdict."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from telemetry_core.contract.mission import Mission
from telemetry_core.service.settings import load_mission
from verdict_relay.documents import free_text, result_record, sample_lines, search_document, verdict_key

END_US = 1_761_802_496_000_000
MOMENT = datetime(2025, 10, 30, 5, 34, 57, 123000, tzinfo=UTC)


@pytest.fixture(scope="module")
def mission() -> Mission:
    return load_mission(Path(__file__).parents[3] / "missions" / "default.yaml")


def verdict(**changes: Any) -> dict[str, Any]:
    return {
        "xact": 7, "id": 1, "job_id": "kafka-SAT-001-1761802496000", "satellite_id": "SAT-001",
        "source": "kafka_auto_trigger", "trigger_reason": "low_battery",
        "trigger_reasons": ["low_battery"], "metadata": {"lane": "live"},
        "subsystem": "comm", "model_name": "lstm_timeseries", "model_version": "1", "model_type": "LSTM",
        "status": "completed", "verdict": "nominal", "anomaly_score": 0.25, "anomaly_detected": False,
        "input_features": ["rssi_dbm", "data_backlog_mb"],
        "window_start": datetime(2025, 10, 30, 5, 34, 29, tzinfo=UTC),
        "generated_at": datetime(2025, 10, 30, 5, 34, 56, tzinfo=UTC), "sample_count": 10,
        "newest": {"rssi_dbm": -80.5, "data_backlog_mb": None},
        "predictions": [[-81.0, 12.5], [-82.0, 13.0]], "confidence": [0.9, 0.8],
        "inference_time_ms": 12.0, "sequence_length": 10, "forecast_horizon": 2, "prediction_mean": -3.0,
        "prediction_std": 1.0, "processed_by": "triton_server", "created_at": MOMENT, "completed_at": MOMENT,
        "error_message": None, **changes,
    }  # fmt: skip


def test_key_names_job_and_subsystem() -> None:
    assert verdict_key(verdict()) == "kafka-SAT-001-1761802496000/comm"


def test_document_is_json_and_holds_its_times_with_zone() -> None:
    document = orjson.loads(orjson.dumps(search_document(verdict())))
    assert document["completed_at"] == "2025-10-30T05:34:57.123+00:00"
    assert document["generated_at"] == "2025-10-30T05:34:56+00:00"
    assert document["newest"] == {"rssi_dbm": -80.5, "data_backlog_mb": None}


def test_free_text_holds_the_values_of_metadata_but_not_its_keys() -> None:
    words = free_text(verdict(metadata={"operator": ["Kim", {"shift": 3}], "is_drill": True}))
    assert words.endswith("low_battery Kim 3")


def test_free_text_of_a_verdict_without_metadata_and_reason() -> None:
    assert free_text(verdict(metadata=None, trigger_reasons=[])).endswith("comm lstm_timeseries")


def test_record_has_the_inference_time_in_seconds() -> None:
    record = result_record(verdict())
    assert record["metrics"]["inference_time"] == pytest.approx(0.012)
    assert record["metadata"] == {"lane": "live", "processed_by": "triton_server"}


def test_failed_verdict_becomes_a_record_with_its_reason() -> None:
    record = result_record(verdict(status="failed", error_message="bad", inference_time_ms=None))
    assert (record["status"], record["error_message"], record["metrics"]["inference_time"]) == (
        "failed",
        "bad",
        None,
    )


def test_score_lies_at_its_generation_time_and_the_forecast_one_interval_later(mission: Mission) -> None:
    assert sample_lines(verdict(), mission, now_us=END_US) == [
        'satellite_anomaly_score{satellite_id="SAT-001",subsystem="comm"} 0.25 1761802496000',
        'satellite_rssi_prediction{satellite_id="SAT-001"} -81.0 1761802499000',
        'satellite_data_backlog_prediction{satellite_id="SAT-001"} 12.5 1761802499000',
    ]


def test_posted_series_become_no_samples(mission: Mission) -> None:
    posted = verdict(
        window_start=None, generated_at=None, sample_count=None, newest=None, predictions=[1.0, 2.0]
    )
    assert sample_lines(posted, mission, now_us=END_US) == []


def test_verdict_that_warms_up_becomes_no_sample(mission: Mission) -> None:
    warming_up = verdict(anomaly_score=None, predictions=None)
    assert sample_lines(warming_up, mission, now_us=END_US) == []


def test_single_sample_tells_no_interval_hence_no_time_of_a_forecast(mission: Mission) -> None:
    lines = sample_lines(verdict(sample_count=1), mission, now_us=END_US)
    assert [line.partition("{")[0] for line in lines] == ["satellite_anomaly_score"]


def test_samples_beyond_the_retention_are_left_out(mission: Mission) -> None:
    assert sample_lines(verdict(), mission, now_us=END_US + 366 * 86_400_000_000) == []


def test_value_that_is_missing_in_a_forecast_becomes_no_sample(mission: Mission) -> None:
    lines = sample_lines(verdict(predictions=[[None, 12.5]]), mission, now_us=END_US)
    assert [line.partition("{")[0] for line in lines[1:]] == ["satellite_data_backlog_prediction"]


def test_forecast_of_a_slower_channel_lies_at_its_own_time(mission: Mission) -> None:
    axes = {"data_backlog_mb": {"end": "2025-10-30T05:34:50+00:00", "interval_s": 10.0}}
    lines = sample_lines(verdict(axes=axes), mission, now_us=END_US)
    assert [line.rpartition(" ")[2] for line in lines[1:]] == ["1761802499000", "1761802500000"]

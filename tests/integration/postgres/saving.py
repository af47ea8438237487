"""Jobs and rows as the worker saves them."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from telemetry_core.contract.inferences import Job, JobStatus, SubsystemInference, Verdict
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import SavedCounts, save_inferences
from tests.integration.postgres.windows import window_of

NOW = datetime(2025, 10, 30, 12, 34, 56, 789_000, tzinfo=UTC)
SUBSYSTEMS = ("eps", "thermal", "aocs", "comm")


def job(job_id: str = "kafka-SAT-001-1761827696789", **changes: Any) -> Job:
    values: dict[str, Any] = {
        "job_id": job_id, "satellite_id": "SAT-001", "source": "kafka_auto_trigger",
        "trigger_reason": "low_battery", "trigger_reasons": ("low_battery",),
        "total_subsystems": 4, "created_at": NOW,
        "metadata": {"lane": "live"},
    }  # fmt: skip
    return Job(**{**values, **changes})


def inference(job_id: str, subsystem: str = "eps", **changes: Any) -> SubsystemInference:
    values: dict[str, Any] = {
        "job_id": job_id, "subsystem": subsystem, "model_name": "lstm_timeseries", "model_version": "1",
        "status": JobStatus.COMPLETED, "verdict": Verdict.NOMINAL, "input_data": {"samples": 64},
        "input_features": ("battery_voltage",), "started_at": NOW + timedelta(seconds=1),
        "completed_at": NOW + timedelta(seconds=2), "predictions": [[4.0]] * 5, "confidence": [0.9] * 5,
        "anomaly_score": 0.612, "anomaly_detected": False, "inference_time_ms": 12.5,
        **window_of(job_id),
    }  # fmt: skip
    return SubsystemInference(**{**values, **changes})


def failed(job_id: str, subsystem: str = "eps", reason: str = "model gone") -> SubsystemInference:
    return inference(
        job_id, subsystem, status=JobStatus.FAILED, verdict=None, predictions=None, confidence=None,
        anomaly_score=None, anomaly_detected=None, error_message=reason,
    )  # fmt: skip


def save(pool: Pool, jobs: list[Job], rows: list[SubsystemInference]) -> SavedCounts:
    with transaction(pool) as connection:
        return save_inferences(connection, jobs, rows)


def fetch(pool: Pool, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


def run_all(actions: list[Callable[[], object]]) -> None:
    """Start all at one moment; re-raise what any of them raised."""
    barrier = threading.Barrier(len(actions))
    errors: list[BaseException] = []

    def run(action: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=10)
            action()
        except BaseException as error:  # noqa: BLE001 - handed to the test below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()
    if errors:
        raise errors[0]

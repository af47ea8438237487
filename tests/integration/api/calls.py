"""Requests as the tests of the API make them, and verdicts as the worker saves them."""

from datetime import UTC, datetime
from typing import Any

import requests

from telemetry_core.contract.inferences import Job, JobStatus, SubsystemInference, Verdict
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import save_inferences, save_results
from tests.integration.postgres.windows import window_of
from tests.integration.servers.running_api import RunningApi

SERIES = [25.0, 26.1, 27.3, 28.5, 29.2, 30.1, 31.0, 32.4, 33.1, 34.5]
MANUAL: dict[str, Any] = {
    "model_name": "lstm_timeseries",
    "data": SERIES,
    "config": {"forecast_horizon": 5, "window_size": 10},
    "metadata": {"satellite_id": "SAT-001", "source": "manual"},
}
NOW = datetime(2025, 10, 30, 12, 34, 56, 789_000, tzinfo=UTC)


def post(api: RunningApi, body: Any, **headers: str) -> requests.Response:
    url = f"{api.url}/api/v1/inference/submit"
    if isinstance(body, str | bytes):
        return requests.post(
            url, data=body, headers={"Content-Type": "application/json", **headers}, timeout=20
        )
    return requests.post(url, json=body, headers=headers, timeout=20)


def get(api: RunningApi, path: str, **query: Any) -> requests.Response:
    return requests.get(api.url + path, params=query, timeout=20)


def problem(answer: requests.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    detail: str = body["detail"]
    return detail


def fetch(pool: Pool, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


def verdict(job_id: str, subsystem: str = "series", **changes: Any) -> SubsystemInference:
    values: dict[str, Any] = {
        "job_id": job_id, "subsystem": subsystem, "model_name": "lstm_timeseries", "model_version": "1",
        "status": JobStatus.COMPLETED, "verdict": Verdict.NOMINAL, "input_data": {},
        "input_features": ("value",), "started_at": NOW, "completed_at": datetime.now(UTC),
        "predictions": [35.0, 36.0], "confidence": [0.9, 0.8],
        "anomaly_score": 0.25, "anomaly_detected": False, "inference_time_ms": 12.5, "model_type": "LSTM",
        **window_of(job_id),
    }  # fmt: skip
    return SubsystemInference(**{**values, **changes})


def finish(pool: Pool, job_id: str, **changes: Any) -> None:
    """Do what the worker does with a posted series."""
    job = Job(job_id=job_id, satellite_id="SAT-001", source="manual", trigger_reason=None, total_subsystems=1,
              created_at=NOW, metadata={})  # fmt: skip
    rows = [verdict(job_id, **changes)]
    with transaction(pool) as connection:
        save_inferences(connection, [job], rows)
        save_results(connection, [job], rows)


def submitted(api: RunningApi, body: Any = MANUAL) -> str:
    answer = post(api, body)
    assert answer.status_code == 200, answer.text
    job_id: str = answer.json()["job_id"]
    return job_id


def series_request(**changes: Any) -> dict[str, Any]:
    return {**MANUAL, **changes}

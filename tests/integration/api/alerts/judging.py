"""What the worker saves, and what operators read of it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from operation_server.fleet.reading import FRESH_S
from telemetry_core.contract.inferences import Job, JobStatus, Verdict
from telemetry_core.contract.messages import job_id_of, microseconds_of
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import save_inferences
from tests.integration.api.calls import get, verdict
from tests.integration.servers.running_api import RunningApi

START = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
FAILED = {"status": JobStatus.FAILED, "verdict": None, "anomaly_score": None, "anomaly_detected": None}


def judge(
    pool: Pool,
    second: float,
    word: str,
    *,
    reason: str = "periodic_check",
    lane: str = "live",
    start: datetime = START,
    created_at: datetime | None = None,
    metadata: dict[str, Any] | None = None,
    **more: Any,
) -> str:
    """Save what the worker saves: a for anomalous, w weakly so, n nominal, l learning, f failed."""
    generated = start + timedelta(seconds=second)
    job_id = job_id_of("SAT-001", microseconds_of(generated))
    job = Job(job_id=job_id, satellite_id="SAT-001", source="kafka_auto_trigger", trigger_reason=reason,
              total_subsystems=1, created_at=created_at or generated,
              metadata={"lane": lane} | (metadata or {}),
              trigger_reasons=tuple(reason.split(",")))  # fmt: skip
    anomalous = {"verdict": Verdict.ANOMALOUS, "anomaly_score": 0.97, "anomaly_detected": True}
    weak = {**anomalous, "anomaly_score": 0.9}
    learning = {"verdict": Verdict.LEARNING, "anomaly_score": None, "anomaly_detected": None}
    changes: dict[str, dict[str, Any]] = {"a": anomalous, "w": weak, "n": {}, "l": learning, "f": FAILED}
    steps = {"predictions": [[35.0], [36.0]]}
    with transaction(pool) as connection:
        save_inferences(connection, [job], [verdict(job_id, "eps", **{**steps, **changes[word], **more})])
    return job_id


def alerts(api: RunningApi, **query: Any) -> list[dict[str, Any]]:
    answer = get(api, "/api/v1/alerts", **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["alerts"]
    return found


def acknowledge(api: RunningApi, alert_id: str, **body: str) -> requests.Response:
    text = {"operator": "Ada", "comment": "seen", **body}
    return requests.post(f"{api.url}/api/v1/alerts/{alert_id}/acknowledgements", json=text, timeout=20)


def whole(api: RunningApi) -> dict[str, Any]:
    time.sleep(FRESH_S)  # what was read before is kept so long
    found: list[dict[str, Any]] = get(api, "/api/v1/fleet").json()["satellites"]
    (satellite,) = found
    return satellite


def instant(second: int) -> str:
    return (START + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")

"""One job through the whole path: API, RabbitMQ, worker, Triton, PostgreSQL."""

import os
import sys
import time
from typing import Any, Final

import requests

from telemetry_core.service.api_keys import may, parse_api_keys

API: Final = "http://{address}:8000/api/v1/inference"
DEADLINE_S: Final = 30
"""The first answer of a model that Triton has just loaded takes seconds."""
POLL_S: Final = 0.1
SERIES: Final = [25.0 + 0.1 * (step % 8) for step in range(64)]


class SelfTestError(RuntimeError):
    """The job did not get through."""


def submit(session: requests.Session, api: str) -> str:
    """Submit a job that tells itself apart by `source = 'test'`; return its id."""
    body = {
        "model_name": "lstm_timeseries",
        "data": SERIES,
        "config": {"forecast_horizon": 5},
        "metadata": {"source": "test"},
    }
    answer = session.post(f"{api}/submit", json=body, timeout=DEADLINE_S)
    if not answer.ok:
        raise SelfTestError(f"the API refused it with {answer.status_code}: {answer.text}")
    return str(answer.json()["job_id"])


def wait_for_result(session: requests.Session, api: str, job_id: str) -> dict[str, Any]:
    """Return the completed result of a job."""
    deadline = time.monotonic() + DEADLINE_S
    status = "unknown"
    while time.monotonic() < deadline:
        answer = session.get(f"{api}/status/{job_id}", timeout=DEADLINE_S)
        status = answer.json().get("status", answer.text)
        if status in {"completed", "failed"}:
            break
        time.sleep(POLL_S)
    if status != "completed":
        raise SelfTestError(f"job {job_id} is {status}: the log of analysis-worker-1 says what it waits for")
    result: dict[str, Any] = session.get(f"{api}/result/{job_id}", timeout=DEADLINE_S).json()
    return result


def api_key() -> str:
    """Return a key that may submit a job; empty where none is asked for."""
    keys = parse_api_keys(os.environ.get("API_KEYS", ""))
    return next((key.secret for key in keys if may(key.role, "operator")), "")


def main(address: str) -> None:
    """Run the job; `SelfTestError` says where it got stuck."""
    with requests.Session() as session:
        session.headers["X-API-Key"] = api_key()
        api = API.format(address=address)
        result = wait_for_result(session, api, submit(session, api))
    if len(result["predictions"]) != 5:
        raise SelfTestError(
            f"a forecast of 5 steps was requested, but the answer is: {result['predictions']}"
        )


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except (SelfTestError, requests.RequestException) as error:
        sys.exit(f"self-test: {error}")

"""A task that the broker lost: its job is judged after all."""

import uuid

import pytest
import requests

from testbed.running_platform import HTTP_TIMEOUT_S, Platform
from testbed.supervised import WORKER, wait_until

pytestmark = pytest.mark.e2e

WITHIN_S = 150
"""A minute of grace, the counts of the broker, and a machine that is busy."""


def queue(method: str, path: str = "") -> requests.Response:
    answer = requests.request(
        method,
        f"http://localhost:15672/api/queues/%2F/inference{path}",
        auth=("guest", "guest"),
        timeout=HTTP_TIMEOUT_S,
    )
    answer.raise_for_status()
    return answer


def test_job_whose_queue_was_purged_is_judged_after_all(platform: Platform) -> None:
    body = {
        "model_name": "lstm_timeseries",
        "data": [float(n % 7) for n in range(30)],
        "config": {"window_size": 12, "forecast_horizon": 7},
        "metadata": {"source": "test", "campaign": str(uuid.uuid4())},
    }
    with platform.supervised.stopped(WORKER):
        answer = requests.post(f"{platform.api_url}/inference/submit", json=body, timeout=HTTP_TIMEOUT_S)
        answer.raise_for_status()
        job_id = answer.json()["job_id"]
        queue("DELETE", "/contents")
    wait_until(
        lambda: platform.query(
            "SELECT 1 FROM inference_jobs WHERE job_id = %s AND status = 'completed'", job_id
        ),
        "the lost task was sent again and judged",
        within_s=WITHIN_S,
        every_s=1.0,
    )
    ((horizon, length),) = platform.query(
        "SELECT forecast_horizon, sequence_length FROM subsystem_inferences WHERE job_id = %s", job_id
    )
    assert (horizon, length) == (7, 12)

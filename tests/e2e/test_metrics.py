"""The platform watches itself: VictoriaMetrics holds the metrics of every service."""

from typing import Any

import pytest
import requests

from tests.e2e.running_platform import HTTP_TIMEOUT_S, Platform, victoria_url
from tests.e2e.supervised import wait_until

CHARACTERISTIC = {
    "analysis-worker-1": "inference_verdicts_total",
    "kafka-inference-trigger": "telemetry_messages_total",
    "victoria-consumer": "telemetry_samples_written_total",
    "operation-server": "http_request_seconds_count",
    "verdict-relay": "relay_verdicts_total",
    "flower": "flower_events_total",
    "rabbitmq": "rabbitmq_connections",
    "triton-server": "nv_inference_count",
    "victoria-metrics": "vm_rows",
}

pytestmark = pytest.mark.e2e


def jobs_with(query: str) -> set[str]:
    answer = requests.get(f"{victoria_url()}/api/v1/query", params={"query": query}, timeout=HTTP_TIMEOUT_S)
    answer.raise_for_status()
    result: list[dict[str, Any]] = answer.json()["data"]["result"]
    return {series["metric"]["job"] for series in result if "job" in series["metric"]}


def test_every_service_is_scraped(platform: Platform) -> None:
    assert platform.query("SELECT 1") == [(1,)]
    wait_until(
        lambda: jobs_with("up == 1") >= CHARACTERISTIC.keys(), "every job is up", within_s=45, every_s=1
    )


@pytest.mark.parametrize("job", CHARACTERISTIC)
def test_each_service_reports_what_it_does(platform: Platform, job: str) -> None:
    assert platform.query("SELECT 1") == [(1,)]
    wait_until(
        lambda: job in jobs_with(CHARACTERISTIC[job]),
        f"{CHARACTERISTIC[job]} of {job}",
        within_s=45,
        every_s=1,
    )

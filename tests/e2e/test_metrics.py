"""Metrics of every service in VictoriaMetrics, and one message followed through the logs."""

import json
import random
import re
from typing import Any, Final

import pytest
import requests

from testbed.generator import Kind, Message, telemetry_body, whole_second_now
from testbed.ledger import Ledger
from testbed.running_platform import Platform, victoria_url
from testbed.supervised import TRIGGER, WORKER, wait_until

COUNTED: Final = {
    "operation-server": "http_request_seconds_count",
    "kafka-inference-trigger": "telemetry_messages_total",
    "victoria-consumer": "telemetry_samples_written_total",
    "analysis-worker-1": "inference_verdicts_total",
    "verdict-relay": "relay_verdicts_total",
    "alarm-server": "alarms_raised_total",
    "alarm-notifier": "alarms_needing_attention",
    "flower": "flower_events_total",
    "rabbitmq": "rabbitmq_queue_messages",
    "triton-server": "nv_inference_count",
    "victoria-metrics": "vm_rows_inserted_total",
}

pytestmark = pytest.mark.e2e


def samples(query: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{victoria_url()}/api/v1/query", params={"query": query}, timeout=10)
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()["data"]["result"]
    return found


def low_battery(satellite_id: str) -> Message:
    body = telemetry_body(satellite_id, whole_second_now(), 0, random.Random(1))
    body["eps"]["battery_soc_percent"] = 28.0
    return Message(kind=Kind.ORIGINAL, key=satellite_id.encode(), value=json.dumps(body).encode())


def job_of(platform: Platform, satellite_id: str) -> str | None:
    found = platform.query(
        "SELECT job_id FROM inference_jobs WHERE satellite_id = %s AND status = 'completed'", satellite_id
    )
    return str(found[0][0]) if found else None


def lines_with(platform: Platform, service: str, text: str) -> list[str]:
    log = (platform.supervised.state / "logs" / f"{service}.log").read_text(
        encoding="utf-8", errors="replace"
    )
    return [line for line in log.splitlines() if text in line]


def test_one_message_is_followed_by_its_job_and_counted_by_every_service(
    platform: Platform, satellites: str
) -> None:
    satellite_id = f"{satellites}00"
    Ledger().send([low_battery(satellite_id)])
    job_id = wait_until(lambda: job_of(platform, satellite_id), "the job is completed", within_s=30)
    assert job_id is not None

    (submitted,) = lines_with(platform, TRIGGER, f"(job: {job_id})")
    tasks = [
        line.split(": ")[-1] for line in lines_with(platform, TRIGGER, f"inference for {satellite_id}: ")
    ]
    judged = wait_until(lambda: lines_with(platform, WORKER, job_id), "the worker logs the job", within_s=10)
    assert f"Submitted {len(tasks)} subsystem inferences" in submitted
    assert {match[1] for line in judged if (match := re.search(r"task=(\S+)", line))} == set(tasks)

    jobs = COUNTED.keys() & platform.supervised.states().keys()
    assert jobs == COUNTED.keys()
    up = wait_until(
        lambda: jobs <= {one["metric"]["job"] for one in samples("up == 1")}, "all are asked", within_s=30
    )
    assert up
    for job, metric in COUNTED.items():
        wait_until(
            lambda job=job, metric=metric: samples(f'{metric}{{job="{job}"}}'),  # type: ignore[misc]
            f"{metric} of {job}",
            within_s=30,
        )


def test_telemetry_bears_no_label_of_the_scrape() -> None:
    assert samples('count({__name__=~"satellite_.*", job!=""})') == []

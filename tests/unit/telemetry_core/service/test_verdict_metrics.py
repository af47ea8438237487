"""What the worker's metrics count of committed rows, and whom its port does not answer."""

import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import enumerate as threads
from typing import Any

import pytest
import requests
from prometheus_client import REGISTRY

from telemetry_core.contract.inferences import Source
from telemetry_core.service.observability import record_verdicts, serve_metrics
from telemetry_core.service.settings import Settings
from tests.unit.telemetry_core.contract.test_tasks import windowed

LATENCIES = "inference_received_to_row_seconds"


def counted() -> tuple[float, float]:
    """Rows timed so far, and the sum of their seconds."""
    return (
        REGISTRY.get_sample_value(f"{LATENCIES}_count") or 0,
        REGISTRY.get_sample_value(f"{LATENCIES}_sum") or 0,
    )


@pytest.mark.parametrize(
    ("source", "metadata", "seconds"),
    [
        (Source.KAFKA, {"received_at": timedelta(seconds=40)}, 40.0),
        (Source.KAFKA, {"received_at": timedelta(seconds=-40)}, 0.0),
        (Source.KAFKA, {}, None),
        (Source.MANUAL, {"received_at": timedelta(seconds=40)}, None),
    ],
    ids=["received", "ahead of our clock", "of an older trigger", "posted"],
)
def test_row_is_timed_from_the_reception_on_kafka_of_its_message(
    source: Source, metadata: dict[str, timedelta], seconds: float | None
) -> None:
    stored = {name: (datetime.now(UTC) - age).isoformat() for name, age in metadata.items()}
    job = replace(windowed(1).job, source=source, metadata=stored)
    count, total = counted()
    record_verdicts([job], [])
    after, total_after = counted()
    if seconds is None:
        assert after == count
    else:
        assert after == count + 1
        assert total_after - total == pytest.approx(seconds, abs=5)


def metrics_threads() -> int:
    return sum(thread.name == "metrics" for thread in threads())


def test_without_a_port_no_metrics_are_served() -> None:
    before = metrics_threads()
    serve_metrics(Settings(metrics_port=0), list)
    assert metrics_threads() == before


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}], ids=["origin", "site"]
)
def test_page_of_another_origin_reads_no_metrics(headers: Any) -> None:
    with socket.create_server(("127.0.0.2", 0)) as free:
        port = int(free.getsockname()[1])
    serve_metrics(Settings(metrics_port=port, metrics_address="127.0.0.2"), list)
    answer = requests.get(f"http://127.0.0.2:{port}/metrics", headers=headers, timeout=5)
    assert answer.status_code == 403
    assert "telemetry_" not in answer.text

"""Numbers of the model server, of what stores verdicts, and of all parts, against their own tools."""

import csv
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from testbed.running_platform import HTTP_TIMEOUT_S, Platform, search_url, victoria_url
from testbed.supervised import wait_until
from tests.e2e.pipeline.tools import AGREE_WITHIN_S, agrees, pipeline, send_telemetry, shell

pytestmark = pytest.mark.e2e


def counted_by_triton(name: str, model: str) -> int:
    text = requests.get("http://localhost:8502/metrics", timeout=HTTP_TIMEOUT_S).text
    found = re.findall(rf'^{name}{{[^}}]*model="{model}"[^}}]*}} (\d+)$', text, re.MULTILINE)
    return sum(map(int, found))


def models_of_tool() -> dict[str, tuple[str, bool, int, int]]:
    """Return what Triton's own REST and metrics say."""
    index = requests.post("http://localhost:8500/v2/repository/index", timeout=HTTP_TIMEOUT_S).json()
    return {
        item["name"]: (
            item["version"],
            item["state"] == "READY",
            counted_by_triton("nv_inference_count", item["name"]),
            counted_by_triton("nv_inference_request_failure", item["name"]),
        )
        for item in index
    }


def mean_ms_of_tool(model: str) -> float | None:
    succeeded = counted_by_triton("nv_inference_request_success", model)
    compute_us = counted_by_triton("nv_inference_compute_infer_duration_us", model)
    return compute_us / succeeded / 1000 if succeeded else None


def test_triton_shows_the_models_and_counts_of_its_own_interfaces(platform: Platform) -> None:
    agrees(
        platform,
        lambda parts: {
            row["model_name"]: (row["version"], row["is_ready"], row["inferences"], row["failures"])
            for row in parts["triton"]["models"]
        },
        models_of_tool,
        "models and their counts",
    )
    shown = {row["model_name"]: row["mean_compute_ms"] for row in pipeline(platform)["triton"]["models"]}
    assert "lstm_timeseries" in shown
    assert shown == pytest.approx({model: mean_ms_of_tool(model) for model in shown}, rel=0.1)


def metric(name: str) -> int:
    text = requests.get(f"{victoria_url()}/metrics", timeout=HTTP_TIMEOUT_S).text
    return sum(int(value) for value in re.findall(rf"^{re.escape(name)} (\d+)$", text, re.MULTILINE))


def test_victoria_metrics_shows_its_own_count_of_series(platform: Platform) -> None:
    agrees(
        platform,
        lambda parts: parts["victoria_metrics"]["active_series"],
        lambda: metric('vm_cache_entries{type="storage/hour_metric_ids"}'),
        "active series",
    )
    assert pipeline(platform)["victoria_metrics"]["samples_per_s"] > 0


def psql(query: str) -> dict[str, int | None]:
    printed = shell(f'psql --csv -v ON_ERROR_STOP=1 -c "{query}"')
    (row,) = csv.DictReader(printed.splitlines())
    return {name: int(value) if value else None for name, value in row.items()}


def test_database_shows_the_numbers_of_psql(platform: Platform) -> None:
    agrees(
        platform,
        lambda parts: {name: parts["database"][name] for name in ("max_connections", "jobs", "verdicts")},
        lambda: psql(
            "SELECT current_setting('max_connections') AS max_connections,"
            " nullif((SELECT reltuples FROM pg_class WHERE relname = 'inference_jobs'), -1)::bigint AS jobs,"
            " nullif((SELECT reltuples FROM pg_class WHERE relname = 'subsystem_inferences'), -1)::bigint"
            " AS verdicts"
        ),
        "limits and estimates",
    )
    agrees(
        platform,
        lambda parts: parts["database"]["size_bytes"],
        lambda: psql("SELECT pg_database_size('orders_db') AS size")["size"],
        "size",
    )
    # psql itself is one more
    agrees(
        platform,
        lambda parts: parts["database"]["connections"] + 1,
        lambda: psql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")["count"],
        "connections",
    )


def test_verdicts_are_counted_timed_and_passed_on(platform: Platform, satellites: str) -> None:
    begun_at = datetime.now(UTC)
    send_telemetry(satellites, 20)
    # The one committed last: of two workers' the later one may have been finished first.
    newest = (
        "SELECT completed_at AT TIME ZONE 'UTC' FROM subsystem_inferences"
        " WHERE status IN ('completed', 'failed') ORDER BY xact DESC, id DESC LIMIT 1"
    )

    def judged() -> bool:
        return any(completed_at > begun_at for (completed_at,) in platform.query(newest))

    wait_until(judged, "a verdict", within_s=AGREE_WITHIN_S)
    shown = agrees(
        platform,
        lambda parts: datetime.fromisoformat(parts["verdicts"]["newest_at"] or "1970-01-01T00:00:00Z"),
        lambda: platform.query(newest)[0][0],
        "the newest verdict",
    )
    assert shown > begun_at

    def counted() -> Any:
        verdicts = pipeline(platform)["verdicts"]
        return verdicts if (verdicts["per_minute"] or 0) >= 20 and verdicts["latency_p99_ms"] else None

    verdicts = wait_until(counted, "the verdicts are counted", within_s=AGREE_WITHIN_S, every_s=0.5)
    # The state may still tell of latency: outages that other tests made lie within its five minutes.
    assert (verdicts["success_percent"], "succeeded" in verdicts["detail"]) == (100, False)
    assert 0 < verdicts["latency_p50_ms"] <= verdicts["latency_p99_ms"]
    documents, lag = agrees(
        platform,
        lambda parts: (parts["search"]["documents"], parts["search"]["relay_lag"]),
        lambda: (documents_of_tool(), 0),
        "documents and nothing left to pass on",
    )
    assert (documents > 0, lag) == (True, 0)


def documents_of_tool() -> int:
    answer = requests.get(f"{search_url()}/_cat/count/inference_logs?format=json", timeout=HTTP_TIMEOUT_S)
    answer.raise_for_status()
    return int(answer.json()[0]["count"])


def test_every_part_says_how_it_is_and_nothing_that_is_well_raises_an_alert(platform: Platform) -> None:
    answer = pipeline(platform)
    parts = {name: part for name, part in answer.items() if isinstance(part, dict)}
    assert set(parts) == {
        *("kafka", "rabbitmq", "workers", "triton", "verdicts"),
        *("database", "gpu", "victoria_metrics", "services", "search", "passed_over"),
    }
    assert all((part["detail"] == "") == (part["state"] == "normal") for part in parts.values())
    loud = {name for name, part in parts.items() if part["state"] not in {"normal", "standby"}}
    assert {alert["part"] for alert in answer["alerts"]} == loud
    assert (parts["gpu"]["state"] == "standby") == (parts["gpu"]["devices"] == [])

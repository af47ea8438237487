"""Every number of `GET /pipeline`, against the tool that an operator would ask for it."""

import csv
import json
import random
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from testbed.fleet import low_battery
from testbed.generator import Kind, Message, telemetry_body, whole_second_now
from testbed.ledger import TRIGGER_GROUP, WRITER_GROUP, Ledger
from testbed.running_platform import HTTP_TIMEOUT_S, Platform, search_url, victoria_url
from testbed.supervised import CHECKOUT, wait_until

TOPICS = ("satellite-telemetry", "satellite-telemetry-dead-letters", "inference.results")
AGREE_WITHIN_S = 60

pytestmark = pytest.mark.e2e


def shell(command: str) -> str:
    """Run a command where `. deploy/native/env` was typed before, and return what it printed."""
    return subprocess.run(
        ["bash", "-c", f". deploy/native/env && {command}"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    ).stdout


def pipeline(platform: Platform) -> Any:
    answer = requests.get(f"{platform.api_url}/pipeline", timeout=HTTP_TIMEOUT_S)
    answer.raise_for_status()
    return answer.json()


def agrees(platform: Platform, shown: Callable[[Any], Any], tool: Callable[[], Any], what: str) -> Any:
    """Wait until the pipeline shows what its tool says, and return that.

    On a platform that is at work that lies between what the tool said first and what it says now.
    """
    first = tool()
    seen: list[Any] = []

    def do_agree() -> bool:
        seen[:] = [first, shown(pipeline(platform)), tool()]
        return lies_between(*seen)

    try:
        wait_until(do_agree, what, within_s=AGREE_WITHIN_S, every_s=0.5)
    except AssertionError as error:
        raise AssertionError(f"{error}: tool first, pipeline, tool now: {seen}") from error
    return seen[1]


def lies_between(first: Any, shown: Any, now: Any) -> bool:
    """Compare number by number; texts and what is missing must be equal to one of both."""
    if isinstance(shown, dict):
        same_keys = first.keys() == shown.keys() == now.keys()
        return same_keys and all(lies_between(first[key], shown[key], now[key]) for key in shown)
    if isinstance(shown, tuple):
        return all(map(lies_between, first, shown, now))
    if shown is None or isinstance(shown, str) or None in {first, now}:
        return shown in {first, now}
    return bool(min(first, now) <= shown <= max(first, now))


def send_telemetry(satellites: str, count: int) -> None:
    moment, draw = whole_second_now(), random.Random(1)
    ids = [f"{satellites}{number:02d}" for number in range(count)]
    bodies = {satellite_id: telemetry_body(satellite_id, moment, 0, draw) for satellite_id in ids}
    for body in bodies.values():
        low_battery(body)  # each is judged, and not one in ten
    Ledger().send(
        [
            Message(kind=Kind.ORIGINAL, key=satellite_id.encode(), value=json.dumps(body).encode())
            for satellite_id, body in bodies.items()
        ]
    )


def group_of_tool(group: str) -> tuple[int, int]:
    """Return lag and members as `kafka-consumer-groups` prints them."""
    printed = shell(f"kafka-consumer-groups --bootstrap-server localhost:9092 --describe --group {group}")
    lines = [line.split() for line in printed.strip().splitlines() if line.startswith(group)]
    return sum(int(line[5]) for line in lines), len({line[6] for line in lines if line[6] != "-"})


def messages_of_tool(topic: str) -> tuple[int, int]:
    """Return partitions and kept messages as `kafka-get-offsets` prints them."""

    def offsets(time: int) -> list[int]:
        tool = "kafka-get-offsets --bootstrap-server localhost:9092"
        printed = shell(f"{tool} --topic {topic} --time {time}")
        return [int(line.split(":")[2]) for line in printed.split()]

    ends = offsets(-1)
    return len(ends), sum(ends) - sum(offsets(-2))


def open_letters_of_tool() -> int:
    """Return how many letters the command lists as open: its lines of number, source and reason."""
    printed = shell("python -m operation_server.dead_letters list --limit 1")
    return sum(
        int(line.split()[0]) for line in printed.splitlines() if re.match(r" *[0-9]+  \w+  \w+$", line)
    )


def test_kafka_shows_the_lag_and_the_messages_of_its_tools(platform: Platform, satellites: str) -> None:
    send_telemetry(satellites, 20)
    for group in (TRIGGER_GROUP, WRITER_GROUP):
        _, members = agrees(
            platform,
            lambda parts, group=group: next(  # type: ignore[misc]
                (row["lag"], row["members"]) for row in parts["kafka"]["groups"] if row["group"] == group
            ),
            lambda group=group: group_of_tool(group),  # type: ignore[misc]
            f"lag and members of {group}",
        )
        assert members == 1
    for topic in TOPICS:
        agrees(
            platform,
            lambda parts, topic=topic: next(  # type: ignore[misc]
                (row["partitions"], row["messages"])
                for row in parts["kafka"]["topics"]
                if row["topic"] == topic
            ),
            lambda topic=topic: messages_of_tool(topic),  # type: ignore[misc]
            f"partitions and messages of {topic}",
        )
    refused = agrees(
        platform,
        lambda parts: parts["kafka"]["dead_letters"],
        open_letters_of_tool,
        "open dead letters",
    )
    assert not refused or "dead letters" in pipeline(platform)["kafka"]["detail"]


def queues_of_tool() -> dict[str, tuple[int, int, int]]:
    printed = shell("rabbitmqctl -q list_queues name messages_ready messages_unacknowledged consumers")
    rows = [line.split() for line in printed.splitlines()[1:]]
    return {name: (int(one), int(two), int(three)) for name, one, two, three in rows}


def test_rabbitmq_shows_the_queues_of_rabbitmqctl(platform: Platform) -> None:
    shown = agrees(
        platform,
        lambda parts: {
            row["queue"]: (row["ready"], row["unacknowledged"], row["consumers"])
            for row in parts["rabbitmq"]["queues"]
        },
        lambda: {
            name: counts
            for name, counts in queues_of_tool().items()
            if name in {"inference", "celery", "dead-letters"}
        },
        "the queues",
    )
    assert shown.keys() >= {"inference", "celery"}
    assert shown["inference"][2] > 0


def workers_of_tool() -> dict[str, tuple[int, int]]:
    answer = json.loads(shell("celery -A tasks inspect stats --json"))
    return {
        worker: (stats["pool"]["max-concurrency"], sum(stats["total"].values()))
        for worker, stats in answer.items()
    }


def test_workers_are_those_that_answer_celery(platform: Platform) -> None:
    shown = agrees(
        platform,
        lambda parts: {
            row["worker"]: (row["concurrency"], row["processed"])
            for row in parts["workers"]["workers"]
            if row["is_alive"]
        },
        workers_of_tool,
        "the workers",
    )
    assert "celery@analysis-worker-1" in shown


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
        *("database", "gpu", "victoria_metrics", "search", "passed_over"),
    }
    assert all((part["detail"] == "") == (part["state"] == "normal") for part in parts.values())
    loud = {name for name, part in parts.items() if part["state"] not in {"normal", "standby"}}
    assert {alert["part"] for alert in answer["alerts"]} == loud
    assert (parts["gpu"]["state"] == "standby") == (parts["gpu"]["devices"] == [])

"""What the probes find on a platform that is well, and the page made of it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from operation_server.health.triton import IndexedModel
from operation_server.pipeline.databases import DatabaseNumbers
from operation_server.pipeline.kafka import KafkaNumbers
from operation_server.pipeline.metrics import SERVICES, Metrics
from operation_server.pipeline.schemas import ConsumerGroup, Pipeline, TaskQueue, Topic, Worker
from operation_server.pipeline.status_cache import ProbeResults, pipeline_of
from telemetry_core.service.disk import DiskSpace

NOW = datetime(2025, 10, 30, 12, 0, tzinfo=UTC)
TOPICS = ("telemetry", "refused")
ROOM = DiskSpace(free_bytes=5_000_000_000, total_bytes=9_000_000_000, needed_bytes=1_000_000_000)
WELL = ProbeResults(
    kafka=KafkaNumbers(
        groups=[ConsumerGroup(group="trigger", topic="telemetry", lag=0, members=1, state="normal")],
        topics=[Topic(topic=topic, partitions=1, messages=0) for topic in TOPICS],
    ),
    rabbitmq=[
        TaskQueue(queue=queue, ready=0, unacknowledged=0, consumers=1, state="normal")
        for queue in ("inference", "celery", "dead-letters")
    ],
    workers=[Worker(worker="celery@one", is_alive=True, active=0, concurrency=2, processed=7)],
    triton=[IndexedModel(model_name="lstm", version="1", is_ready=True)],
    metrics=Metrics(
        triton=[],
        numbers={"success_percent": 100.0, "latency_p99_s": 0.25},
        running=dict.fromkeys(SERVICES, True),
    ),
    database=DatabaseNumbers(
        server={
            "connections": 7, "max_connections": 100, "size_bytes": 1, "jobs": -1, "verdicts": 9,
            "oldest_transaction_s": None,
        },
        newest_at=NOW,
        relay_lag=0,
        open_jobs=3,
        oldest_open_s=0.4,
        anomalies_behind_s=0.2,
    ),
    search=9,
    disk=ROOM,
)  # fmt: skip


def pipeline(*, has_search: bool = True, **answers: Any) -> Pipeline:
    return pipeline_of(replace(WELL, **answers), topics=TOPICS, has_search=has_search, now=NOW)


def states(answer: Pipeline) -> dict[str, str]:
    parts = answer.model_dump(exclude={"generated_at", "alerts"})
    return {name: part["state"] for name, part in parts.items() if part["state"] != "normal"}

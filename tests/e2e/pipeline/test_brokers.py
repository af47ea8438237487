"""Numbers of Kafka, RabbitMQ and the workers, against their own tools."""

import json
import re

import pytest

from testbed.ledger import TRIGGER_GROUP, WRITER_GROUP
from testbed.running_platform import Platform
from tests.e2e.pipeline.tools import agrees, pipeline, send_telemetry, shell

pytestmark = pytest.mark.e2e
TOPICS = ("satellite-telemetry", "satellite-telemetry-dead-letters", "inference.results")


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

"""The service as it is started, over a real Kafka: killed amid its work, and alone with PostgreSQL.

The ledger at ten times its size, five minutes, with `LEDGER_MESSAGES=100000 LEDGER_KILLS=8
LEDGER_INSTANCES=1` before the command.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from subprocess import Popen
from typing import Final

import pytest
from confluent_kafka import KafkaException, Producer

from benchmarks.platform.stream.alarms import take_latencies
from telemetry_core.kafka.records import Record
from telemetry_core.kafka.stream import ALARM_GROUP
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import select
from telemetry_core.service.settings import Settings
from testbed.alarm_ledger import PARTITIONS, delivered, expected_alarms, sample_sets
from testbed.kafka_topics import LIMIT_S, committed_offset, create_topic, end_offset, wait_until
from testbed.processes import environment_of, running
from tests.integration.alarms.ledger.comparison import assert_each_alarm_once
from tests.integration.servers.kafka_server import running_kafka
from tests.integration.servers.running_api import RunningApi
from tests.unit.alarm_server.messages import MISSION

pytestmark = pytest.mark.integration

SATELLITES: Final = 20
MESSAGES: Final = int(os.environ.get("LEDGER_MESSAGES", "10000"))
KILLS: Final = int(os.environ.get("LEDGER_KILLS", "3"))
INSTANCES: Final = int(os.environ.get("LEDGER_INSTANCES", "2"))
ALL_EACH: Final = 3
"""Each third kill hits all instances, the others one of them."""
WITHIN_S: Final = 300.0
STAMPED_BY_SENDER: Final = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
"""Hours of receptions in a minute."""
ALONE: Final = {"OPERATION_SERVER_URL": "http://127.0.0.1:9", "METRICS_PORT": "0"}
BREACHES: Final = 40
PER_SECOND: Final = 20


@pytest.fixture(scope="module")
def kafka() -> Iterator[str]:
    with running_kafka() as server:
        yield server.address


def settings_of(kafka: str, database: Settings, topic: str) -> Settings:
    return database.model_copy(update={"kafka_bootstrap_servers": kafka, "kafka_topic": topic})


def append(settings: Settings, records: Sequence[Record]) -> None:
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers, "acks": "all"})
    for record in records:
        producer.produce(
            settings.kafka_topic,
            record.value,
            key=record.key,
            partition=record.partition,
            timestamp=record.received_us // 1000,
        )
        producer.poll(0)
    assert producer.flush(LIMIT_S) == 0


def await_events(pool: Pool, expected: int) -> None:
    def are_there() -> bool:
        with transaction(pool) as connection:
            (row,) = select(connection, "SELECT count(*) AS count FROM ops.alarm_events", {})
        return bool(row["count"] >= expected)

    wait_until(are_there, f"{expected} events", WITHIN_S)


def is_all_read(settings: Settings) -> bool:
    try:
        return all(
            committed_offset(settings, ALARM_GROUP, partition) == end_offset(settings, partition)
            for partition in range(PARTITIONS)
        )
    except KafkaException:  # a new broker has no coordinator of groups at first
        return False


def test_each_alarm_exactly_once_through_kills_of_the_process(
    kafka: str, database: Settings, pool: Pool, tmp_path: Path
) -> None:
    create_topic("ledger", partitions=PARTITIONS, servers=kafka, config=STAMPED_BY_SENDER)
    settings = settings_of(kafka, database, "ledger")
    sent = list(sample_sets(satellites=SATELLITES, each=MESSAGES // SATELLITES, seed=3))
    records = delivered(sent, seed=3)
    append(settings, records)
    values = environment_of(settings, **ALONE)
    #: Each alarm is raised, and all but a few return.
    enough = 2 * len(expected_alarms(sent, MISSION))
    with ExitStack() as opened:

        def start(count: int) -> list[Popen[bytes]]:
            log = tmp_path / "log"
            return [opened.enter_context(running("alarm_server", values, log)) for _ in range(count)]

        services = start(INSTANCES)
        for kill in range(1, KILLS + 1):
            await_events(pool, enough * kill // (KILLS + 1))
            assert not is_all_read(settings)
            hit = INSTANCES if kill % ALL_EACH == 0 else 1
            for service in services[:hit]:
                service.kill()
            services = services[hit:] + start(hit)
        wait_until(lambda: is_all_read(settings), "all is read", WITHIN_S)
        for service in services:
            service.terminate()
            assert service.wait(LIMIT_S) == 0
    alarms = assert_each_alarm_once(pool, sent)
    print(f"{len(sent)} sent, {len(records)} delivered, {INSTANCES} at once, {KILLS} kills, {alarms} alarms")


def test_broken_limits_come_to_the_live_line_with_nothing_but_kafka_and_postgresql(
    kafka: str, api: RunningApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    create_topic("line", partitions=PARTITIONS, servers=kafka)
    settings = settings_of(kafka, api.database, "line")
    values = environment_of(settings, **ALONE)
    for name in ("POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_DB"):
        monkeypatch.setenv(name, values[name])
    with running("alarm_server", values, tmp_path / "log"):
        wait_until(lambda: is_all_read(settings), "its group has begun", WITHIN_S)
        found = take_latencies(settings, f"{api.url}/api/v1", "LINE-", rate=PER_SECOND, count=BREACHES)
    for place, took_ms in (("row", found.row_ms), ("line", found.line_ms)):
        print(
            f"{place}: median {median(took_ms):.0f} ms, at most {max(took_ms):.0f} ms, {len(took_ms)} alarms"
        )
        assert min(took_ms) > 0

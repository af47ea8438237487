"""Verdicts as records of a topic on the running Kafka."""

import json
import time
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, TopicPartition

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.database import Pool
from telemetry_core.service.settings import Settings
from testbed.kafka_topics import LIMIT_S, settings_of_own_topic
from testbed.postgres_server import free_port
from tests.integration.api.search.indexing import job_id, save
from verdict_relay.relay import Relay
from verdict_relay.sinks import ResultsTopicSink

pytestmark = pytest.mark.integration


@pytest.fixture
def own_topic() -> Iterator[Settings]:
    with settings_of_own_topic() as settings:
        yield settings.model_copy(update={"kafka_results_topic": settings.kafka_topic})


def records(settings: Settings, count: int) -> list[tuple[str, str]]:
    """Read key and subsystem of the first `count` records."""
    consumer = Consumer({"bootstrap.servers": settings.kafka_bootstrap_servers, "group.id": "none"})
    try:
        consumer.assign([TopicPartition(settings.kafka_results_topic, 0, 0)])
        found: list[tuple[str, str]] = []
        deadline = time.monotonic() + LIMIT_S
        while len(found) < count:
            assert time.monotonic() < deadline, f"only {len(found)} records"
            message = consumer.poll(0.5)
            if message is not None and message.error() is None:
                found.append((message.key().decode(), json.loads(message.value())["subsystem"]))
        return found
    finally:
        consumer.close()


def test_every_verdict_becomes_a_record_keyed_by_its_job(pool: Pool, own_topic: Settings) -> None:
    save(pool, range(20))
    Relay(pool, ResultsTopicSink(own_topic)).step()
    assert sorted(records(own_topic, 20)) == sorted((job_id(number), "eps") for number in range(20))


def test_kafka_outage_keeps_the_cursor(pool: Pool, database: Settings) -> None:
    away = database.model_copy(update={"kafka_bootstrap_servers": f"127.0.0.1:{free_port()}"})
    relay = Relay(pool, ResultsTopicSink(away, flush_timeout_s=2))
    save(pool, [1])
    with pytest.raises(DependencyUnavailable):
        relay.step()
    assert relay.cursor().is_at_start

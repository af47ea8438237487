"""The platform's topics: created if missing, with their guaranteed settings."""

from collections.abc import Iterable
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from telemetry_core.service.settings import Settings

TIMEOUT_S: Final = 30


def topics_of(settings: Settings) -> tuple[str, str, str]:
    """Name the topics that the platform reads and writes."""
    return settings.kafka_topic, settings.kafka_dead_letter_topic, settings.kafka_results_topic


def create_topics(admin: AdminClient, names: Iterable[str], settings: Settings) -> None:
    """Create topics, each with one partition, and bring their settings up to date; those there stay."""
    promises = _promises(settings)
    topics = [NewTopic(name, num_partitions=1, replication_factor=1, config=promises) for name in names]
    for future in admin.create_topics(topics, operation_timeout=TIMEOUT_S).values():
        try:
            future.result(TIMEOUT_S)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    resources = [_resource(topic.topic, promises) for topic in topics]
    for future in admin.incremental_alter_configs(resources).values():
        future.result(TIMEOUT_S)


def _promises(settings: Settings) -> dict[str, str]:
    return {
        # The broker's time is `received_at`; a satellite's clock cannot decide what is kept.
        "message.timestamp.type": "LogAppendTime",
        "retention.ms": str(7 * 24 * 3600 * 1000),
        # Of each partition; the oldest segments go first. -1 is Kafka's word for no limit.
        "retention.bytes": str(settings.kafka_retention_bytes or -1),
        "max.message.bytes": "1258291",
    }


def _resource(topic: str, promises: dict[str, str]) -> ConfigResource:
    entries = [
        ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
        for key, value in promises.items()
    ]
    return ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)

"""Creates the platform's topics where they are missing, and sets what they promise."""

import os
import sys

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # re-exported without saying so
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from telemetry_core.settings import Settings

TELEMETRY_TOPIC = "satellite-telemetry"
DEAD_LETTER_TOPIC = "satellite-telemetry-dead-letters"
RESULTS_TOPIC = "inference.results"
TIMEOUT_S = 30
TOPIC_SETTINGS = {
    # The broker's time is `received_at`; a satellite's clock cannot decide what is kept.
    "message.timestamp.type": "LogAppendTime",
    "retention.ms": str(7 * 24 * 3600 * 1000),
    # Of each partition; the oldest segments go first. -1 is Kafka's word for no limit.
    "retention.bytes": str(Settings().kafka_retention_bytes or -1),
    "max.message.bytes": "1258291",
}


def create_topics(admin: AdminClient) -> None:
    """Create the topics, each with one partition, and bring their settings up to date."""
    topics = [
        NewTopic(name, num_partitions=1, replication_factor=1, config=TOPIC_SETTINGS)
        for name in (TELEMETRY_TOPIC, DEAD_LETTER_TOPIC, RESULTS_TOPIC)
    ]
    for future in admin.create_topics(topics, operation_timeout=TIMEOUT_S).values():
        try:
            future.result(TIMEOUT_S)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    for future in admin.incremental_alter_configs([_settings(topic.topic) for topic in topics]).values():
        future.result(TIMEOUT_S)


def _settings(topic: str) -> ConfigResource:
    entries = [
        ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
        for key, value in TOPIC_SETTINGS.items()
    ]
    return ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)


if __name__ == "__main__":
    try:
        create_topics(AdminClient({"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]}))
    except KafkaException as error:
        sys.exit(f"topics: {error}")

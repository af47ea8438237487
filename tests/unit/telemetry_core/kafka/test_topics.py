"""Topics are created once and keep what the platform promises of them."""

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from telemetry_core.kafka.topics import create_topics, topics_of
from telemetry_core.service.settings import Settings


def answered(error: int | None) -> "Future[None]":
    future: Future[None] = Future()
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(KafkaException(KafkaError(error)))
    return future


class Admin:
    """An administrative client whose broker answers each creation with `error`."""

    def __init__(self, error: int | None) -> None:
        self._error = error
        self.created: dict[str, int] = {}
        self.promises: dict[str, dict[str, str]] = {}

    def create_topics(self, topics: Sequence[Any], **_: Any) -> dict[str, "Future[None]"]:
        self.created = {topic.topic: topic.num_partitions for topic in topics}
        return {topic.topic: answered(self._error) for topic in topics}

    def incremental_alter_configs(self, resources: Sequence[Any]) -> dict[str, "Future[None]"]:
        self.promises = {
            resource.name: {entry.name: entry.value for entry in resource.incremental_configs}
            for resource in resources
        }
        return {resource.name: answered(None) for resource in resources}


@pytest.mark.parametrize("error", [None, KafkaError.TOPIC_ALREADY_EXISTS])
def test_topics_there_or_not_have_the_promised_settings_afterwards(error: int | None) -> None:
    admin: Any = Admin(error)
    settings = Settings(kafka_retention_bytes=0)
    create_topics(admin, topics_of(settings), settings)
    assert admin.created == dict.fromkeys(topics_of(settings), 1)
    for promised in admin.promises.values():
        assert promised["message.timestamp.type"] == "LogAppendTime"
        assert promised["retention.bytes"] == "-1"
    assert admin.promises.keys() == set(topics_of(settings))


def test_topic_that_the_broker_refuses_is_an_error() -> None:
    admin: Any = Admin(KafkaError.TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(KafkaException):
        create_topics(admin, ["a"], Settings())
    assert admin.promises == {}

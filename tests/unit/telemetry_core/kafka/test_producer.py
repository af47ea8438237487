"""A producer that failed is followed by a new one, and takes its unsent messages with it."""

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from telemetry_core.kafka.producer import RenewedProducer


class FakeProducer:
    """Remembers whether its queue was emptied."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self.configuration = configuration
        self.is_purged = False

    def purge(self) -> None:
        self.is_purged = True


def attempt(renewed: RenewedProducer, error: Exception | None = None) -> Any:
    with renewed.attempt() as producer:
        if error:
            raise error
    return producer


def renewed_producer() -> tuple[RenewedProducer, list[Any]]:
    created: list[Any] = []

    def create(configuration: dict[str, Any]) -> Producer:
        created.append(FakeProducer(configuration))
        producer: Producer = created[-1]
        return producer

    return RenewedProducer({"client.id": "test"}, create=create), created


def test_producer_that_succeeds_is_kept() -> None:
    renewed, created = renewed_producer()
    assert attempt(renewed) is attempt(renewed)
    assert created[0].configuration == {"client.id": "test", "enable.idempotence": True, "acks": "all"}


def test_producer_with_a_fatal_error_is_not_used_again() -> None:
    renewed, created = renewed_producer()
    fatal = KafkaException(KafkaError(KafkaError._FATAL))
    with pytest.raises(KafkaException):
        attempt(renewed, fatal)
    attempt(renewed)
    assert len(created) == 2
    assert created[0].is_purged
    assert not created[1].is_purged

"""What Kafka's client hands over that is no message."""

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from telemetry_core.kafka.records import is_notice, record_of
from tests.unit.telemetry_core.kafka.kafka_log import END_OF_PARTITION, Message


@pytest.mark.parametrize(
    ("error", "expected"), [(None, False), (END_OF_PARTITION, True), (KafkaError._TRANSPORT, True)]
)
def test_event_of_the_client_is_no_message(error: int | None, *, expected: bool) -> None:
    message: Any = Message(0, 7, 1, error)
    assert is_notice(message) == expected


def test_event_after_which_the_client_is_of_no_use_is_raised() -> None:
    message: Any = Message(0, 7, 1, KafkaError._FATAL)
    with pytest.raises(KafkaException):
        is_notice(message)


@pytest.mark.parametrize("place", [(None, 7), (0, None)])
def test_message_without_a_place_in_a_topic_is_no_record(place: tuple[int | None, int | None]) -> None:
    message: Any = Message(*place, 1)
    with pytest.raises(KafkaException):
        record_of(message)

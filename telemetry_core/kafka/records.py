"""One message of a topic with its place there, as Kafka's client hands it over."""

from dataclasses import dataclass
from typing import Final

import structlog
from confluent_kafka import KafkaError, KafkaException, Message

from telemetry_core.contract.messages import REPLAYED_HEADER
from telemetry_core.kafka.consumer_group import is_fatal

_log = structlog.get_logger(__name__)
MAX_BATCH: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One message of a topic and its place there."""

    value: bytes | None
    key: bytes | None
    partition: int
    offset: int
    #: Time at which the broker appended it, microseconds since 1970 UTC.
    received_us: int
    #: Whether its sender plays history, whose age says nothing.
    is_replayed: bool = False


def record_of(message: Message) -> Record:
    """Convert what the client read; `KafkaException` if it has no position in a topic."""
    partition, offset = message.partition(), message.offset()
    if partition is None or offset is None:
        raise KafkaException(KafkaError(KafkaError._BAD_MSG))  # noqa: SLF001 - the client's own name for it
    return Record(
        value=message.value(),
        key=message.key(),
        partition=partition,
        offset=offset,
        received_us=message.timestamp()[1] * 1000,
        is_replayed=REPLAYED_HEADER in dict(message.headers() or ()),
    )


def is_notice(message: Message) -> bool:
    """Tell an event of the client from a message; one after which the client is of no use is raised."""
    error = message.error()
    if error is None:
        return False
    if is_fatal(KafkaException(error)):
        raise KafkaException(error)
    if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's own name for it
        _log.warning(f"Kafka: {error.str()}")
    return True

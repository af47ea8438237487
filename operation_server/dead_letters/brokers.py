"""Taking dead letters from Kafka and RabbitMQ, and giving them back."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import amqp
from celery import Celery
from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from kombu.exceptions import KombuError

from operation_server.dead_letters.letters import (
    Letter,
    headers_to_send,
    letter_of_message,
    letter_of_task,
    next_offset,
)
from telemetry_core.errors import DependencyUnavailable
from telemetry_core.messages import time_of
from telemetry_core.settings import Settings
from telemetry_core.store import Row
from telemetry_core.tasks import DEAD_LETTER_QUEUE

ANSWER_S: Final = 3.0
"""How long one look into a broker may take; what is left waits for the next look."""
MAX_TAKEN: Final = 1_000
CONFIRM_S: Final = 10.0


class KafkaLetters:
    """The dead-letter topic, read by position: nothing is taken from it."""

    def __init__(self, settings: Settings) -> None:
        self._servers = settings.kafka_bootstrap_servers
        self._topic = settings.kafka_dead_letter_topic

    def read(self, next_positions: Mapping[int, int]) -> list[Letter]:
        """Return the letters that follow the known positions, at most `MAX_TAKEN`."""
        consumer = Consumer(
            {
                "bootstrap.servers": self._servers,
                "group.id": "dead-letters",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "log_level": 0,
            }
        )
        try:
            return self._read(consumer, next_positions)
        except KafkaException as error:
            raise DependencyUnavailable("kafka", str(error)) from error
        finally:
            consumer.close()

    def _read(self, consumer: Consumer, next_positions: Mapping[int, int]) -> list[Letter]:
        topic = consumer.list_topics(self._topic, timeout=ANSWER_S).topics[self._topic]
        waiting: dict[int, int] = {}
        starts = []
        for partition in topic.partitions:
            place = TopicPartition(self._topic, partition)
            first, end = consumer.get_watermark_offsets(place, timeout=ANSWER_S)
            start = next_offset(next_positions.get(partition), first, end)
            if start < end:
                waiting[partition] = end
                starts.append(TopicPartition(self._topic, partition, start))
        consumer.assign(starts)
        found: list[Letter] = []
        deadline = time.monotonic() + ANSWER_S
        while waiting and len(found) < MAX_TAKEN and time.monotonic() < deadline:
            for message in consumer.consume(MAX_TAKEN - len(found), timeout=0.2):
                if message.error() is not None:
                    raise KafkaException(message.error())
                letter = _letter(message)
                found.append(letter)
                if (letter.position or 0) + 1 >= waiting.get(letter.partition or 0, 0):
                    waiting.pop(letter.partition or 0, None)
        return found

    def send(self, letters: Sequence[Row]) -> None:
        """Send letters with their keys to the topics they came from; return once all are confirmed."""
        failures: list[str] = []
        producer = Producer(
            {
                "bootstrap.servers": self._servers,
                "enable.idempotence": True,
                "acks": "all",
                "partitioner": "murmur2_random",
                "message.max.bytes": 1_400_000,
                "message.timeout.ms": int(CONFIRM_S * 1000),
                "log_level": 0,
            }
        )
        try:
            for row in letters:
                producer.produce(
                    row["place"],
                    key=_bytes(row["message_key"]),
                    value=_bytes(row["body"]),
                    on_delivery=lambda error, _: failures.append(error.str()) if error else None,
                )
            waiting = producer.flush(CONFIRM_S + 1)
        except (KafkaException, BufferError) as error:
            raise DependencyUnavailable("kafka", str(error)) from error
        if waiting or failures:
            raise DependencyUnavailable("kafka", failures[0] if failures else f"{waiting} unconfirmed")


class RabbitLetters:
    """The dead-letter queue: looking at a letter counts as a delivery there, so each is moved once."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def take(self, store: Callable[[Sequence[Letter]], None]) -> None:
        """Store the letters of the queue, at most `MAX_TAKEN`, and only then let the broker drop them."""
        with self._channel() as channel:
            taken = list(self._taken(channel))
            if taken:
                store([letter for _, letter in taken])
                channel.basic_ack(taken[-1][0], multiple=True)

    def send(self, letters: Sequence[Row]) -> None:
        """Put letters back into their queues; return once the broker has them all on disk."""
        with self._channel() as channel:
            for queue in {row["place"] for row in letters}:
                channel.queue_declare(queue, passive=True)
            for row in letters:
                kept = row["headers"]
                message = amqp.Message(
                    _bytes(row["body"]) or b"",
                    application_headers=headers_to_send(kept["headers"]),
                    **{name: value for name, value in kept["properties"].items() if name in _PROPERTIES},
                    delivery_mode=2,
                )
                channel.basic_publish_confirm(message, exchange="", routing_key=row["place"])

    @contextmanager
    def _channel(self) -> Iterator[Any]:
        try:
            with self._app.connection_for_write(
                connect_timeout=ANSWER_S, transport_options={"confirm_publish": True}
            ) as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=int(ANSWER_S))
                yield connection.default_channel
        except (KombuError, OSError, amqp.exceptions.AMQPError) as error:
            raise DependencyUnavailable("rabbitmq", str(error)) from error

    def _taken(self, channel: Any) -> Iterator[tuple[int, Letter]]:
        deadline = time.monotonic() + ANSWER_S
        for _ in range(MAX_TAKEN):
            found = channel.basic_get(DEAD_LETTER_QUEUE) if time.monotonic() < deadline else None
            if found is None:
                return
            body = found.body.encode() if isinstance(found.body, str) else bytes(found.body)
            yield (
                found.delivery_tag,
                letter_of_task(
                    body=body,
                    headers=found.headers or {},
                    properties={
                        name: value for name, value in found.properties.items() if name in _PROPERTIES
                    },
                    is_redelivered=bool(found.delivery_info.get("redelivered")),
                    now=datetime.now(UTC),
                ),
            )


_PROPERTIES: Final = (
    "content_type",
    "content_encoding",
    "correlation_id",
    "reply_to",
    "priority",
    "message_id",
)


def _letter(message: Message) -> Letter:
    headers = {
        name: value.decode(errors="replace") if isinstance(value, bytes) else str(value)
        for name, value in _header_pairs(message)
    }
    return letter_of_message(
        key=_bytes(message.key()),
        body=_bytes(message.value()),
        headers=headers,
        topic=str(message.topic()),
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        refused_at=time_of(message.timestamp()[1] * 1000),
    )


def _header_pairs(message: Message) -> list[tuple[str, Any]]:
    headers = message.headers() or []
    return list(headers.items() if isinstance(headers, dict) else headers)


def _bytes(value: Any) -> bytes | None:
    """PostgreSQL's driver gives a memoryview."""
    return None if value is None else bytes(value)

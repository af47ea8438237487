"""Taking dead letters from Kafka and RabbitMQ, and giving them back."""

import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import amqp
from celery import Celery
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from kombu.exceptions import KombuError

from operation_server.dead_letters.letters import (
    Letter,
    headers_to_send,
    letter_of_message,
    letter_of_task,
    next_offset,
)
from telemetry_core.errors import DependencyUnavailable
from telemetry_core.messages import REPLAYED_HEADER, time_of
from telemetry_core.producer import RECORD_REFUSALS, TOPIC_REFUSALS
from telemetry_core.settings import Settings
from telemetry_core.store import Row
from telemetry_core.tasks import DEAD_LETTER_QUEUE

ANSWER_S: Final = 3.0
"""How long one look into a broker may take; what is left waits for the next look."""
MAX_TAKEN: Final = 1_000
MAX_TAKEN_BYTES: Final = 50_000_000
"""Of bodies in memory at once: a letter may have over a megabyte, a container 512 MB."""
MAX_CONSUMED: Final = 20
PREFETCHED_KB: Final = 16_384
CONFIRM_S: Final = 10.0
SENDING_S: Final = 20.0
"""So long one action sends: PostgreSQL ends a transaction that stays idle for a minute."""
REFUSALS: Final = RECORD_REFUSALS | TOPIC_REFUSALS | {KafkaError.UNKNOWN_TOPIC_OR_PART}
"""Codes that speak of one letter or its topic: Kafka is there, and others may be taken."""
UNWRITABLE: Final = (amqp.exceptions.FrameSyntaxError, struct.error, TypeError, ValueError)
"""Said by the client of headers that AMQP has no form for; nothing was sent."""
_UNCONFIRMED: Final = KafkaError(KafkaError._TIMED_OUT, "unconfirmed")  # noqa: SLF001 - the client's own name


class KafkaLetters:
    """The dead-letter topic, read by position: nothing is taken from it."""

    def __init__(
        self, settings: Settings, *, create: Callable[[dict[str, Any]], Producer] = Producer
    ) -> None:
        self._create = create
        self._servers = settings.kafka_bootstrap_servers
        self._topic = settings.kafka_dead_letter_topic

    def read(self, next_positions: Mapping[int, int]) -> list[Letter]:
        """Return the letters that follow the known positions, as many as one look takes."""
        consumer = Consumer(
            {
                "bootstrap.servers": self._servers,
                "group.id": "dead-letters",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "queued.max.messages.kbytes": PREFETCHED_KB,
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
        while waiting and not is_full(found) and time.monotonic() < deadline:
            for message in consumer.consume(min(MAX_CONSUMED, MAX_TAKEN - len(found)), timeout=0.2):
                if message.error() is not None:
                    raise KafkaException(message.error())
                letter = _letter(message)
                found.append(letter)
                if (letter.position or 0) + 1 >= waiting.get(letter.partition or 0, 0):
                    waiting.pop(letter.partition or 0, None)
        return found

    def send(self, letters: Sequence[Row]) -> dict[int, str]:
        """Send letters with their keys to the topics they came from; return the places of those not taken.

        Raises `DependencyUnavailable` where Kafka took none and refused none.
        """
        outcomes: dict[int, KafkaError | None] = {}
        producer = self._create(
            {
                "bootstrap.servers": self._servers,
                "enable.idempotence": True,
                "acks": "all",
                "partitioner": "murmur2_random",
                "message.max.bytes": 1_400_000,
                "message.timeout.ms": int(CONFIRM_S * 1000),
                "topic.metadata.propagation.max.ms": int(ANSWER_S * 1000),
                "log_level": 0,
            }
        )
        for place, row in enumerate(letters):
            _produce(producer, place, row, outcomes)
        producer.flush(CONFIRM_S + 1)
        failures = {
            place: error
            for place in range(len(letters))
            if (error := outcomes.get(place, _UNCONFIRMED)) is not None
        }
        if (
            failures
            and len(failures) == len(letters)
            and REFUSALS.isdisjoint(error.code() for error in failures.values())
        ):
            raise DependencyUnavailable("kafka", failures[0].str())
        return {place: error.str() for place, error in failures.items()}


class RabbitLetters:
    """The dead-letter queue: looking at a letter counts as a delivery there, so each is moved once."""

    def __init__(self, app: Celery, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._monotonic = monotonic

    def take(self, store: Callable[[Sequence[Letter]], None]) -> int:
        """Store the letters of the queue, at most `MAX_TAKEN`, and only then let the broker drop them.

        Returns how many.
        """
        with self._connection() as connection:
            channel = connection.default_channel
            taken = list(self._taken(channel))
            if taken:
                store([letter for _, letter in taken])
                channel.basic_ack(taken[-1][0], multiple=True)
            return len(taken)

    def send(self, letters: Sequence[Row]) -> dict[int, str]:
        """Put letters back into their queues; return the places of those that are not on the broker's disk.

        Raises `DependencyUnavailable` where RabbitMQ went away before it took any.
        """
        outcomes: dict[int, str | None] = {}
        away = f"rabbitmq took others for {SENDING_S:.0f} s: redrive again"
        deadline = self._monotonic() + SENDING_S
        try:
            with self._connection() as connection:
                for place, row in enumerate(letters):
                    if self._monotonic() > deadline:
                        break
                    outcomes[place] = _put_back(connection, row)
        except DependencyUnavailable as error:
            if None not in outcomes.values():
                raise
            away = str(error)
        return {
            place: reason
            for place in range(len(letters))
            if (reason := outcomes.get(place, away)) is not None
        }

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        try:
            with self._app.connection_for_write(
                connect_timeout=ANSWER_S, transport_options={"read_timeout": CONFIRM_S}
            ) as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=int(ANSWER_S))
                yield connection
        except (KombuError, OSError, amqp.exceptions.AMQPError) as error:
            raise DependencyUnavailable("rabbitmq", str(error)) from error

    def _taken(self, channel: Any) -> Iterator[tuple[int, Letter]]:
        deadline = time.monotonic() + ANSWER_S
        size = 0
        for _ in range(MAX_TAKEN):
            is_due = time.monotonic() >= deadline or size >= MAX_TAKEN_BYTES
            found = None if is_due else channel.basic_get(DEAD_LETTER_QUEUE)
            if found is None:
                return
            body = found.body.encode() if isinstance(found.body, str) else bytes(found.body)
            size += len(body)
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


def is_full(letters: Sequence[Letter]) -> bool:
    """Tell whether a look took as much as one may: more may wait behind it."""
    return len(letters) >= MAX_TAKEN or sum(len(item.body or b"") for item in letters) >= MAX_TAKEN_BYTES


def _produce(producer: Producer, place: int, row: Row, outcomes: dict[int, KafkaError | None]) -> None:
    """Hand one letter to the client; what happens to it is its outcome alone."""

    def note(error: KafkaError | None, _message: object) -> None:
        outcomes[place] = error

    kept = {REPLAYED_HEADER: row["headers"][REPLAYED_HEADER]} if REPLAYED_HEADER in row["headers"] else {}
    try:
        producer.produce(
            row["place"],
            key=_bytes(row["message_key"]),
            value=_bytes(row["body"]),
            headers=list(kept.items()),
            on_delivery=note,
        )
    except KafkaException as error:
        outcomes[place] = error.args[0]
    except BufferError:
        outcomes[place] = KafkaError(KafkaError._QUEUE_FULL)  # noqa: SLF001 - the client's own name for it


def _put_back(connection: Any, row: Row) -> str | None:
    """Publish one letter; return why the broker does not take it, None once it has it.

    On a channel of its own, for a refusal closes the channel. What says that the connection broke is raised.
    """
    kept = row["headers"]
    message = amqp.Message(
        _bytes(row["body"]) or b"",
        application_headers=headers_to_send(kept.get("headers", {})),
        **{name: value for name, value in kept.get("properties", {}).items() if name in _PROPERTIES},
        delivery_mode=2,
    )
    try:
        with connection.channel() as channel:
            channel.queue_declare(row["place"], passive=True)
            channel.basic_publish_confirm(
                message, exchange="", routing_key=row["place"], confirm_timeout=CONFIRM_S
            )
    except amqp.exceptions.MessageNacked:
        return f"queue {row['place']} is full"
    except (amqp.exceptions.ChannelError, *UNWRITABLE) as error:
        return f"{type(error).__name__}: {error}"
    return None


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

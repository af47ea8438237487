"""Taking dead letters from Kafka and RabbitMQ, and giving them back."""

import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import amqp
from celery import Celery
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from kombu.exceptions import KombuError

from operation_server.dead_letters.letters import (
    PROPERTIES,
    Letter,
    headers_to_send,
    letter_of_delivery,
    letter_of_record,
    next_offset,
)
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.messages import REPLAYED_HEADER
from telemetry_core.contract.tasks import DEAD_LETTER_QUEUE
from telemetry_core.kafka.producer import RECORD_REFUSALS, TOPIC_REFUSALS
from telemetry_core.postgres.store import Row
from telemetry_core.service.settings import Settings

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look into a broker brought."""

    letters: list[Letter]
    #: The look ended before the end of what the broker holds, by number, size or time.
    has_more: bool


class KafkaLetters:
    """The dead-letter topic, read by position: nothing is taken from it."""

    def __init__(
        self,
        settings: Settings,
        *,
        create: Callable[[dict[str, Any]], Producer] = Producer,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._create = create
        self._monotonic = monotonic
        self._servers = settings.kafka_bootstrap_servers
        self._topic = settings.kafka_dead_letter_topic

    def read(self, next_positions: Mapping[int, int]) -> Look:
        """Look for the letters that follow the known positions, as many as one look takes."""
        consumer = Consumer(
            {
                "bootstrap.servers": self._servers,
                "group.id": "dead-letters",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
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

    def _read(self, consumer: Consumer, next_positions: Mapping[int, int]) -> Look:
        topic = consumer.list_topics(self._topic, timeout=ANSWER_S).topics[self._topic]
        ends: dict[int, int] = {}
        starts = []
        for partition in topic.partitions:
            place = TopicPartition(self._topic, partition)
            first, end = consumer.get_watermark_offsets(place, timeout=ANSWER_S)
            start = next_offset(next_positions.get(partition), first, end)
            if start < end:
                ends[partition] = end
                starts.append(TopicPartition(self._topic, partition, start))
        consumer.assign(starts)
        found: list[Letter] = []
        deadline = self._monotonic() + ANSWER_S
        while ends and not is_full(found) and self._monotonic() < deadline:
            for message in consumer.consume(min(MAX_CONSUMED, MAX_TAKEN - len(found)), timeout=0.2):
                # What ends a transaction takes an offset, too: the end may come without a last letter.
                if not (is_end := _is_end(message)):
                    found.append(letter_of_record(message))
                partition, offset = message.partition() or 0, message.offset() or 0
                if is_end or offset + 1 >= ends.get(partition, 0):
                    ends.pop(partition, None)
        return Look(letters=found, has_more=bool(ends))

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

    def take(self, store: Callable[[Sequence[Letter]], None]) -> bool:
        """Store the letters of the queue, at most `MAX_TAKEN`, and only then let the broker drop them.

        Returns whether the look ended before the queue did.
        """
        with self._connection() as connection:
            channel = connection.default_channel
            look, last_tag = self._taken(channel)
            if look.letters:
                store(look.letters)
                channel.basic_ack(last_tag, multiple=True)
            return look.has_more

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

    def _taken(self, channel: Any) -> tuple[Look, int]:
        """Return what the look brought, and the tag of its last delivery."""
        deadline = self._monotonic() + ANSWER_S
        letters: list[Letter] = []
        last_tag = 0
        while not is_full(letters) and self._monotonic() < deadline:
            found = channel.basic_get(DEAD_LETTER_QUEUE)
            if found is None:
                return Look(letters=letters, has_more=False), last_tag
            last_tag = found.delivery_tag
            letters.append(letter_of_delivery(found, now=datetime.now(UTC)))
        return Look(letters=letters, has_more=True), last_tag


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
        **{name: value for name, value in kept.get("properties", {}).items() if name in PROPERTIES},
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


def _is_end(message: Message) -> bool:
    """Tell the end of a partition from a letter; what else the client has to say is raised."""
    error = message.error()
    if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's own name
        raise KafkaException(error)
    return error is not None


def _bytes(value: Any) -> bytes | None:
    """PostgreSQL's driver gives a memoryview."""
    return None if value is None else bytes(value)

"""The Kafka side: a confirmed producer that keeps the ledger, group offsets and the dead-letter topic."""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from testbed.generator import Message as Telemetry
from testbed.oracle import Place, Sent
from testbed.supervised import address

TOPIC: Final = "satellite-telemetry"
DEAD_LETTER_TOPIC: Final = "satellite-telemetry-dead-letters"
COORDINATOR_LIMIT_S: Final = 30
COORDINATOR_STARTS: Final = frozenset(
    {
        KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    }
)
TRIGGER_GROUP: Final = "analysis-inference-group"
WRITER_GROUP: Final = "victoria-consumer-group"


class Ledger:
    """A confirmed producer that notes what the broker took, and where."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self._failures: list[str] = []
        self._producer = Producer(
            {
                "bootstrap.servers": address("KAFKA_BOOTSTRAP_SERVERS", "localhost:9092"),
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": 0,
                # What is measured from a broker's return on is the platform's, not the sender's own pause.
                "reconnect.backoff.max.ms": 1000,
                "message.max.bytes": 1_200_000,
                # What matters is in the confirmations; an outage that a test makes is no news.
                "log_level": 2,
            }
        )

    def send(self, messages: Iterable[Telemetry], *, is_replayed: bool = False) -> None:
        """Send messages and return when the broker has them all; replayed ones may be of any age."""
        for message in messages:
            self.offer(message, is_replayed=is_replayed)
        self.flush()

    def offer(self, message: Telemetry, *, is_replayed: bool = False) -> None:
        """Hand a message to the producer, which keeps it while the broker is away."""
        self._producer.produce(
            TOPIC,
            key=message.key,
            value=message.value,
            headers=[("replayed", b"1")] if is_replayed else None,
            on_delivery=self._note,
        )
        self._producer.poll(0)

    def flush(self) -> None:
        """Wait for the broker's confirmations."""
        waiting = self._producer.flush(30)
        assert not waiting, f"{waiting} messages unconfirmed"
        assert not self._failures, self._failures[0]

    def pace(self, seconds: float) -> None:
        """Let time pass and serve confirmations."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._producer.poll(left)

    def ends(self) -> dict[int, int]:
        """Partition to the offset behind the last message sent."""
        ends: dict[int, int] = {}
        for sent in self.sent:
            partition, offset = sent.place
            ends[partition] = max(ends.get(partition, 0), offset + 1)
        return ends

    def _note(self, error: Any, message: Message) -> None:
        if error is not None:
            self._failures.append(error.str())
            return
        partition, offset = message.partition(), message.offset()
        assert partition is not None
        assert offset is not None
        appended_at = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
        self.sent.append(Sent(value=message.value(), place=(partition, offset), appended_at=appended_at))


def is_consumed(group: str, ends: dict[int, int]) -> bool:
    """Tell whether a group committed all offsets up to `ends`."""
    return all(offset >= ends[partition] for partition, offset in committed(group, ends).items())


def committed(group: str, partitions: Iterable[int]) -> dict[int, int]:
    """Return the committed offset of each partition, -1 where there is none."""
    asked = [TopicPartition(TOPIC, partition) for partition in partitions]
    consumer = _consumer(group)
    deadline = time.monotonic() + COORDINATOR_LIMIT_S
    try:
        while True:
            try:
                found = consumer.committed(asked, timeout=10)
            except KafkaException as error:
                if error.args[0].code() not in COORDINATOR_STARTS or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return {entry.partition: max(-1, entry.offset) for entry in found}
    finally:
        consumer.close()


def dead_letters(since: Sequence[TopicPartition]) -> list[tuple[Place, str, bytes | None]]:
    """Return origin, reason and value of every dead letter behind the offsets `since`."""
    consumer = _consumer("dead-letter-reader")
    try:
        consumer.assign(list(since))
        ends = {entry.partition: consumer.get_watermark_offsets(entry, timeout=10)[1] for entry in since}
        waiting = {entry.partition for entry in since if entry.offset < ends[entry.partition]}
        letters = []
        deadline = time.monotonic() + 30
        while waiting:
            assert time.monotonic() < deadline, "the dead-letter topic does not answer"
            for message in consumer.consume(500, timeout=0.5):
                if message.error():
                    raise KafkaException(message.error())
                letters.append(_letter(message))
                if (message.offset() or 0) + 1 >= ends[message.partition() or 0]:
                    waiting.discard(message.partition() or 0)
        return letters
    finally:
        consumer.close()


def dead_letter_ends() -> list[TopicPartition]:
    """Return the present ends of the dead-letter topic."""
    consumer = _consumer("dead-letter-reader")
    try:
        partitions = consumer.list_topics(DEAD_LETTER_TOPIC, timeout=10).topics[DEAD_LETTER_TOPIC].partitions
        places = [TopicPartition(DEAD_LETTER_TOPIC, partition) for partition in partitions]
        return [
            TopicPartition(place.topic, place.partition, consumer.get_watermark_offsets(place, timeout=10)[1])
            for place in places
        ]
    finally:
        consumer.close()


def _letter(message: Message) -> tuple[Place, str, bytes | None]:
    headers = {name: (value or b"").decode() for name, value in cast("Any", message.headers() or [])}
    return (int(headers["partition"]), int(headers["offset"])), headers["reason"], message.value()


def _consumer(group: str) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": address("KAFKA_BOOTSTRAP_SERVERS", "localhost:9092"),
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.message.max.bytes": 2_000_000,
        }
    )

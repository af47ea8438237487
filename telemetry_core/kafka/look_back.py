"""What a topic held before the committed offsets, since a time, or at its end; read outside any group."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.kafka.records import MAX_BATCH, Record, is_notice, record_of
from telemetry_core.service.settings import Settings

LOOK_BACK_IDLE_S: Final = 15.0
"""A look-back that gets nothing for this long finds Kafka away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBack:
    """Messages that precede the committed offsets, read as they are asked for."""

    records: Iterator[Record]
    until_us: int
    """When the oldest message that is next in line was received; work begins there."""

    def __iter__(self) -> Iterator[Record]:
        """Read them, partition after partition."""
        return self.records


def read_before(
    settings: Settings, *, committed: dict[int, int], span_s: float, with_others: bool = True
) -> LookBack:
    """Return what was appended up to `span_s` before the committed offsets, read by a consumer of no group.

    A satellite may have moved to an assigned partition when partitions were added: so `with_others` the other
    partitions are read too, up to their ends, and before the assigned ones.
    """
    with _reader(settings) as consumer:
        ends = _end_offsets(consumer, settings.kafka_topic)
        until_us = _next_in_line(consumer, settings.kafka_topic, committed, ends)
    if until_us is None:
        return LookBack(records=iter(()), until_us=0)
    others = {partition: end for partition, end in ends.items() if with_others and partition not in committed}
    start_ms = until_us // 1000 - int(span_s * 1000)
    return LookBack(records=_read_ranges(settings, start_ms, others | committed), until_us=until_us)


def read_since(settings: Settings, *, since_us: int) -> Iterator[Record]:
    """Yield all that was appended since a time and up to now, partition after partition."""
    topic = settings.kafka_topic
    with _reader(settings) as consumer:
        for partition, end in _end_offsets(consumer, topic).items():
            yield from _read_range(consumer, TopicPartition(topic, partition), since_us // 1000, end)


def read_newest(settings: Settings, *, count: int) -> tuple[list[Record], dict[int, int]]:
    """Return the last `count` messages of each partition, and where each ends."""
    topic = settings.kafka_topic
    with _reader(settings) as consumer:
        ends = _end_offsets(consumer, topic)
        records = [
            record
            for partition, end in ends.items()
            for record in _read_offsets(consumer, TopicPartition(topic, partition, max(0, end - count)), end)
        ]
    return records, ends


@contextmanager
def _reader(settings: Settings) -> Iterator[Consumer]:
    """A consumer that joins no group and commits nothing; its failures are temporary."""
    consumer = Consumer(
        {
            "bootstrap.servers": settings.kafka_bootstrap_servers,
            "group.id": "look-back",  # required by the client; nothing joins or commits
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": False,
        }
    )
    try:
        yield consumer
    except KafkaException as error:
        raise DependencyUnavailable("kafka", str(error)) from error
    finally:
        consumer.close()


def _end_offsets(consumer: Consumer, topic: str) -> dict[int, int]:
    return {
        partition: consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)[1]
        for partition in consumer.list_topics(topic, timeout=10).topics[topic].partitions
    }


def _next_in_line(
    consumer: Consumer, topic: str, committed: dict[int, int], ends: dict[int, int]
) -> int | None:
    """Return when the oldest of the partitions' next messages was received; None = there is none.

    Of a partition that is read to its end the newest message counts.
    """
    times: list[int] = []
    for partition, offset in committed.items():
        reference = min(offset, ends[partition] - 1)
        nearest = _read_offsets(consumer, TopicPartition(topic, partition, reference), reference + 1)
        times.extend(record.received_us for record in nearest)
    return min(times, default=None)


def _read_ranges(settings: Settings, start_ms: int, ends: dict[int, int]) -> Iterator[Record]:
    with _reader(settings) as consumer:
        for partition, end in ends.items():
            yield from _read_range(consumer, TopicPartition(settings.kafka_topic, partition), start_ms, end)


def _read_range(consumer: Consumer, partition: TopicPartition, start_ms: int, end: int) -> Iterator[Record]:
    lookup = TopicPartition(partition.topic, partition.partition, max(0, start_ms))
    start = consumer.offsets_for_times([lookup], timeout=10)[0].offset
    if 0 <= start < end:
        yield from _read_offsets(consumer, TopicPartition(partition.topic, partition.partition, start), end)


def _read_offsets(consumer: Consumer, start: TopicPartition, end: int) -> Iterator[Record]:
    """Yield the messages from `start.offset` up to `end`, which is not included."""
    if start.offset < 0 or start.offset >= end:
        return
    consumer.assign([start])
    last_progress = time.monotonic()
    while True:
        for message in consumer.consume(MAX_BATCH, timeout=0.2):
            if is_notice(message):
                continue
            record = record_of(message)
            if record.offset >= end:
                return
            last_progress = time.monotonic()
            yield record
            if record.offset == end - 1:
                return
        if time.monotonic() - last_progress > LOOK_BACK_IDLE_S:
            raise DependencyUnavailable("kafka", f"nothing from {start.topic} for {LOOK_BACK_IDLE_S:.0f} s")
        if consumer.position([start])[0].offset >= end:
            return

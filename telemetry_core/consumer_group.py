"""Membership of a consumer group, and what waits for a member, asked by a client that is none."""

import socket
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from telemetry_core.errors import DependencyUnavailable
from telemetry_core.liveness import STUCK_AFTER_S, Work
from telemetry_core.settings import Settings

ANSWER_S: Final = 5.0


def member_of(settings: Settings, group_id: str, *, service: str) -> Consumer:
    """Create a member that commits what it stored; nothing connects before it subscribes.

    Membership is dynamic: a static member that comes back from an outage longer than its session may be
    fenced off by its own former self, and two that bear one name by mistake fence off each other. Partitions
    go to members in the order of their names, which begin with service and host.
    """
    return Consumer(
        {
            "bootstrap.servers": settings.kafka_bootstrap_servers,
            "group.id": group_id,
            "client.id": f"{service}@{socket.gethostname()}",
            "session.timeout.ms": 10_000,
            "max.poll.interval.ms": int(STUCK_AFTER_S * 1000),
            "auto.offset.reset": "earliest",
            "enable.auto.commit": True,
            "auto.commit.interval.ms": 1000,
            "enable.auto.offset.store": False,
            "partition.assignment.strategy": "range",
            "allow.auto.create.topics": False,
            # What a batch unpacks to counts against the memory of a small container.
            "queued.max.messages.kbytes": 16_384,
            "fetch.max.bytes": 8_388_608,
            # An operator may add partitions; the client would notice only after five minutes.
            "topic.metadata.refresh.interval.ms": 10_000,
            # A broker that was away is looked for this often, not after ten seconds.
            "reconnect.backoff.max.ms": 2_000,
        }
    )


def is_fatal(error: KafkaException) -> bool:
    """Tell an error after which a client is of no use: its event says so by code, other errors by a flag."""
    cause = error.args[0]
    return bool(cause.fatal() or cause.code() == KafkaError._FATAL)  # noqa: SLF001 - the client's name for it


def begin_offsets(consumer: Consumer, assigned: list[TopicPartition]) -> dict[int, int]:
    """Return where each partition goes on; commit the first kept offset where none is usable.

    An offset beyond the end belongs to a topic that was deleted and created anew.
    """
    offsets = {}
    for partition in consumer.committed(assigned, timeout=10):
        offset = partition.offset
        low, high = consumer.get_watermark_offsets(partition, timeout=10)
        if not low <= offset <= high:
            first = TopicPartition(partition.topic, partition.partition, low)
            consumer.commit(offsets=[first], asynchronous=False)
            offset = low
        offsets[partition.partition] = offset
    return offsets


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionState:
    """One partition as a group left it."""

    low: int
    end: int
    committed: int
    """Negative = nothing was committed yet."""
    owner: str | None
    """Member that the partition is assigned to."""


class GroupLag:
    """Asks Kafka how far a group is behind, where a member or nobody is responsible."""

    def __init__(self, settings: Settings, group_id: str) -> None:
        self._topic = settings.kafka_topic
        self._group_id = group_id
        self._configuration: dict[str, str | int | float | bool] = {
            "bootstrap.servers": settings.kafka_bootstrap_servers,
            "client.id": f"{group_id}-watch",
            "socket.timeout.ms": int(ANSWER_S * 1000),
            "log_level": 0,
        }
        self._client: AdminClient | None = None

    def ask(self, member_id: str) -> Work:
        """Count what waits for `member_id`; raise `DependencyUnavailable` while Kafka can't tell."""
        try:
            return work_of(self._partitions(), member_id)
        except (KafkaException, FutureTimeoutError) as error:
            self._client = None
            raise DependencyUnavailable("kafka", str(error) or "no answer in time") from error

    def _partitions(self) -> dict[int, PartitionState]:
        if self._client is None:
            self._client = AdminClient(self._configuration)
        places = _places(self._client, self._topic)
        lows, ends = (
            _offsets(self._client.list_offsets(dict.fromkeys(places, spec), request_timeout=ANSWER_S), places)
            for spec in (OffsetSpec.earliest(), OffsetSpec.latest())  # type: ignore[no-untyped-call]
        )
        committed = self._committed(self._client, places)
        owners = self._owners(self._client)
        return {
            place.partition: PartitionState(
                low=lows[place.partition],
                end=ends[place.partition],
                committed=committed.get(place.partition, -1),
                owner=owners.get(place.partition),
            )
            for place in places
        }

    def _committed(self, client: AdminClient, places: list[TopicPartition]) -> dict[int, int]:
        if not places:
            return {}
        wanted = [ConsumerGroupTopicPartitions(self._group_id, places)]
        answer = client.list_consumer_group_offsets(wanted, request_timeout=ANSWER_S)[self._group_id]
        return {place.partition: place.offset for place in answer.result(ANSWER_S).topic_partitions}

    def _owners(self, client: AdminClient) -> dict[int, str]:
        asked = client.describe_consumer_groups([self._group_id], request_timeout=ANSWER_S)
        return {
            place.partition: member.member_id
            for member in asked[self._group_id].result(ANSWER_S).members
            for place in (member.assignment.topic_partitions if member.assignment else ())
            if place.topic == self._topic
        }


def work_of(partitions: Mapping[int, PartitionState], member_id: str) -> Work:
    """Add up what `member_id` owns and what nobody owns: another member's part is that member's business."""
    concerned = {number: state for number, state in partitions.items() if state.owner in {None, member_id}}
    return Work(
        waiting=sum(lag_of(state) for state in concerned.values()),
        position=tuple(sorted((number, state.committed) for number, state in concerned.items())),
    )


def lag_of(state: PartitionState) -> int:
    """Count the messages behind the committed offset; one that the topic no longer reaches starts anew."""
    start = state.committed if state.low <= state.committed <= state.end else state.low
    return state.end - start


def _places(client: AdminClient, topic: str) -> list[TopicPartition]:
    known = client.list_topics(timeout=ANSWER_S).topics.get(topic)
    return [TopicPartition(topic, number) for number in known.partitions] if known else []


def _offsets(asked: Mapping[TopicPartition, Future[Any]], places: Iterable[TopicPartition]) -> dict[int, int]:
    return {place.partition: asked[place].result(ANSWER_S).offset for place in places}

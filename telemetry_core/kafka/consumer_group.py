"""Membership of a consumer group, and messages that wait for a member, read without joining."""

import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.service.liveness import STUCK_AFTER_S, Work
from telemetry_core.service.settings import Settings

ANSWER_S: Final = 5.0

_log = structlog.get_logger(__name__)


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
            # So long a killed member is waited for, and a broker that is back sooner still knows its members.
            # With 6 s, the least that it allows, its restart cost each of them its id, and then this wait.
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
            # An unavailable broker is retried this often, not after ten seconds.
            "reconnect.backoff.max.ms": 2_000,
        }
    )


def observer_of(servers: str, group_id: str, *, purpose: str) -> Consumer:
    """Create a client that asks about topics and a group's offsets and never joins.

    It is no administrative client: the process aborts when a connection drops under a question of such a
    client that answers by a future (librdkafka#4605).
    """
    return Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": group_id,
            "client.id": f"{group_id}-{purpose}",
            "enable.auto.commit": False,
            "socket.timeout.ms": int(ANSWER_S * 1000),
            "reconnect.backoff.max.ms": 2_000,
            "log_level": 0,
        }
    )


def is_fatal(error: KafkaException) -> bool:
    """Tell an error after which a client is of no use: its event says so by code, other errors by a flag."""
    cause = error.args[0]
    return bool(cause.fatal() or cause.code() == KafkaError._FATAL)  # noqa: SLF001 - the client's name for it


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionState:
    """One partition as a group left it."""

    low: int
    end: int
    committed: int
    """Negative = nothing was committed yet."""


def begin_offsets(consumer: Consumer, assigned: list[TopicPartition]) -> dict[int, int]:
    """Return where each partition continues.

    Where no committed offset is usable, commit the first kept one and say why.
    """
    offsets = {}
    for partition in consumer.committed(assigned, timeout=10):
        low, end = consumer.get_watermark_offsets(partition, timeout=10)
        state = PartitionState(low=low, end=end, committed=partition.offset)
        offset = start_of(state)
        if offset != state.committed:
            if state.committed >= 0:
                _log.error(f"Partition {partition.partition} of {partition.topic}: {why_moved(state)}")
            first = TopicPartition(partition.topic, partition.partition, offset)
            consumer.commit(offsets=[first], asynchronous=False)
        offsets[partition.partition] = offset
    return offsets


class GroupLag:
    """Asks Kafka how far a group is behind."""

    def __init__(self, settings: Settings, group_id: str) -> None:
        self._topic = settings.kafka_topic
        self._observe = partial(observer_of, settings.kafka_bootstrap_servers, group_id, purpose="watch")
        self._client: Consumer | None = None

    def ask(self, owned: Collection[int] | None) -> Work:
        """Count what waits in the partitions `owned`, None = in all: nobody was given any yet.

        Raises `DependencyUnavailable` while Kafka can't tell.
        """
        try:
            return work_of(self._partitions(owned))
        except KafkaException as error:
            raise DependencyUnavailable("kafka", str(error)) from error

    def ends(self) -> dict[int, int]:
        """Return where each partition ends, or raise `DependencyUnavailable` while Kafka can't tell."""
        try:
            return {number: state.end for number, state in self._partitions(None).items()}
        except KafkaException as error:
            raise DependencyUnavailable("kafka", str(error)) from error

    def _partitions(self, owned: Collection[int] | None) -> dict[int, PartitionState]:
        if self._client is None:
            self._client = self._observe()
        known = self._client.list_topics(self._topic, timeout=ANSWER_S).topics[self._topic].partitions
        places = [TopicPartition(self._topic, number) for number in known if owned is None or number in owned]
        states = {}
        for place in self._client.committed(places, timeout=ANSWER_S) if places else ():
            low, end = self._client.get_watermark_offsets(place, timeout=ANSWER_S)
            states[place.partition] = PartitionState(low=low, end=end, committed=place.offset)
        return states


def work_of(partitions: Mapping[int, PartitionState]) -> Work:
    """Add up the lag; the position is where the group committed."""
    return Work(
        waiting=sum(lag_of(state) for state in partitions.values()),
        position=tuple(sorted((number, state.committed) for number, state in partitions.items())),
    )


def lag_of(state: PartitionState) -> int:
    """Count the messages after the committed offset, or all that are kept if the topic no longer has it."""
    return state.end - start_of(state)


def start_of(state: PartitionState) -> int:
    """Return the committed offset where the topic still has it, else the first one that it keeps."""
    return state.committed if state.low <= state.committed <= state.end else state.low


def why_moved(state: PartitionState) -> str:
    """Say what a committed offset outside of the topic means, and which messages were lost."""
    if state.committed < state.low:
        missed = state.low - state.committed
        return (
            f"{missed} messages were deleted by the topic's retention before they were read; "
            f"reading continues at offset {state.low}. Increase the retention, or add consumers"
        )
    return (
        f"the topic was recreated (committed {state.committed}, end {state.end}); it is read from {state.low}"
    )

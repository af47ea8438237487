"""Kafka: its consumer groups, its topics, and how far the groups are behind."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from operation_server.dead_letters.letters import next_offset
from operation_server.health.probes import PROBE_TIMEOUT_S, Unavailable
from operation_server.pipeline.databases import DatabaseNumbers
from operation_server.pipeline.schemas import ConsumerGroup, KafkaPart, Topic
from operation_server.pipeline.thresholds import (
    LATE_LAG,
    Finding,
    dead_letters_state,
    group_state,
    state_and_detail,
    unavailable,
    without_normal,
)
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.kafka.consumer_group import observer_of
from telemetry_core.kafka.stream import ALARM_GROUP, TRIGGER_GROUP, WRITER_GROUP
from telemetry_core.service.settings import Settings

Offsets = dict[TopicPartition, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaNumbers:
    """What Kafka said; a topic that is not there is missing among `topics`."""

    groups: list[ConsumerGroup]
    topics: list[Topic]
    #: First and end offset of each partition of the dead letters.
    dead_letters: Mapping[int, tuple[int, int]] = field(default_factory=dict)


class KafkaProbe:
    """Asks for the lag of both consumer groups and the messages of all topics.

    Only members are asked for by an administrative client, by its plain call (see `observer_of`).
    """

    def __init__(self, settings: Settings) -> None:
        self._servers = settings.kafka_bootstrap_servers
        self._telemetry = settings.kafka_topic
        self._dead_letters = settings.kafka_dead_letter_topic
        self._topics = (
            settings.kafka_topic,
            settings.kafka_dead_letter_topic,
            settings.kafka_results_topic,
        )
        self._consumers: dict[str, Consumer] = {}
        self._admin: AdminClient | None = None

    def __call__(self) -> KafkaNumbers:
        """Ask."""
        try:
            return self._numbers()
        except KafkaException as error:
            raise DependencyUnavailable("kafka", str(error)) from error

    def _numbers(self) -> KafkaNumbers:
        reader = self._consumer(TRIGGER_GROUP)
        places = _places(reader.list_topics(timeout=PROBE_TIMEOUT_S), self._topics)
        bounds = {
            place: reader.get_watermark_offsets(place, timeout=PROBE_TIMEOUT_S)
            for listed in places.values()
            for place in listed
        }
        begins = {place: low for place, (low, _end) in bounds.items()}
        ends = {place: end for place, (_low, end) in bounds.items()}
        telemetry = places.get(self._telemetry, [])
        groups = [
            self._group(name, telemetry, begins, ends) for name in (TRIGGER_GROUP, WRITER_GROUP, ALARM_GROUP)
        ]
        return KafkaNumbers(
            groups=groups,
            topics=_topics(places, begins, ends),
            dead_letters={place.partition: bounds[place] for place in places.get(self._dead_letters, [])},
        )

    def _group(
        self, name: str, telemetry: list[TopicPartition], begins: Offsets, ends: Offsets
    ) -> ConsumerGroup:
        committed = self._consumer(name).committed(telemetry, timeout=PROBE_TIMEOUT_S) if telemetry else []
        lag = lag_of({place: place.offset for place in committed}, begins, ends)
        members = self._members(name)
        return ConsumerGroup(
            group=name, topic=self._telemetry, lag=lag, members=members, state=group_state(lag, members)
        )

    def _members(self, group: str) -> int:
        if self._admin is None:
            self._admin = AdminClient({"bootstrap.servers": self._servers, "log_level": 0})
        return sum(len(found.members) for found in self._admin.list_groups(group, timeout=PROBE_TIMEOUT_S))

    def _consumer(self, group: str) -> Consumer:
        if group not in self._consumers:
            self._consumers[group] = observer_of(self._servers, group, purpose="figures")
        return self._consumers[group]


def _places(cluster: Any, topics: Iterable[str]) -> dict[str, list[TopicPartition]]:
    return {
        topic: [TopicPartition(topic, partition) for partition in cluster.topics[topic].partitions]
        for topic in topics
        if topic in cluster.topics
    }


def _topics(places: Mapping[str, list[TopicPartition]], begins: Offsets, ends: Offsets) -> list[Topic]:
    return [
        Topic(
            topic=topic,
            partitions=len(listed),
            messages=sum(ends[place] - begins[place] for place in listed),
        )
        for topic, listed in places.items()
    ]


def lag_of(committed: Offsets, begins: Offsets, ends: Offsets) -> int | None:
    """Sum up what lies between the committed offsets and the ends; None before the first commit.

    A partition without a commit (a negative offset) beside committed ones is unread from its beginning.
    """
    if all(offset < 0 for offset in committed.values()):
        return None
    return sum(
        ends[place] - (offset if offset >= 0 else begins[place]) for place, offset in committed.items()
    )


def open_letters(answer: KafkaNumbers, database: DatabaseNumbers) -> int:
    """Count the dead letters that nobody redrove or discarded, with those that were not collected yet."""
    waiting = (
        end - next_offset(database.letter_positions.get(partition), first, end)
        for partition, (first, end) in answer.dead_letters.items()
    )
    return database.open_letters + sum(waiting)


def kafka_part(
    answer: KafkaNumbers | Unavailable, database: DatabaseNumbers | Unavailable, topics: Sequence[str]
) -> tuple[KafkaPart, list[Finding]]:
    """Judge groups, topics that should be there, and open dead letters."""
    if isinstance(answer, Unavailable):
        findings = unavailable(answer)
        return KafkaPart(**state_and_detail(findings), groups=[], topics=[], dead_letters=None), findings
    present = {topic.topic for topic in answer.topics}
    dead_letters = None if isinstance(database, Unavailable) else open_letters(answer, database)
    findings = without_normal(
        *(Finding(state=group.state, message=_group_message(group)) for group in answer.groups),
        *(
            Finding(state="serious", message=f"topic {topic} is missing: housekeeping creates it within 30 s")
            for topic in topics
            if topic not in present
        ),
        Finding(
            state=dead_letters_state(dead_letters),
            message=f"{dead_letters} dead letters are open: check, then redrive or discard them",
        ),
    )
    part = KafkaPart(
        **state_and_detail(findings), groups=answer.groups, topics=answer.topics, dead_letters=dead_letters
    )
    return part, findings


def _group_message(group: ConsumerGroup) -> str:
    if not group.members:
        return f"{group.group}: no member reads {group.topic}: start its service"
    if group.lag is None:
        return f"{group.group}: nothing committed yet"
    if group.lag > LATE_LAG:
        return f"{group.group}: late by {group.lag} messages: see its service's log and the queues"
    return f"{group.group}: {group.lag} messages wait"

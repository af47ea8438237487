"""Kafka: its consumer groups, its topics, and how far the groups are behind."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from operation_server.asking import ANSWER_S, Away
from operation_server.pipeline.parts import ConsumerGroup, KafkaPart, Topic
from operation_server.pipeline.states import (
    LATE_LAG,
    Finding,
    away,
    dead_letters_state,
    group_state,
    judged,
    without_normal,
)
from telemetry_core.errors import DependencyUnavailable
from telemetry_core.settings import Settings
from telemetry_core.stream import TRIGGER_GROUP, WRITER_GROUP

Offsets = dict[TopicPartition, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaNumbers:
    """What Kafka said; a topic that is not there is missing among `topics`."""

    groups: list[ConsumerGroup]
    topics: list[Topic]


class KafkaQuestion:
    """Asks for the lag of both consumer groups and the messages of all topics."""

    def __init__(self, settings: Settings) -> None:
        self._servers = settings.kafka_bootstrap_servers
        self._telemetry = settings.kafka_topic
        self._topics = (
            settings.kafka_topic,
            settings.kafka_dead_letter_topic,
            settings.kafka_results_topic,
        )
        self._client: AdminClient | None = None

    def __call__(self) -> KafkaNumbers:
        """Ask."""
        if self._client is None:
            self._client = AdminClient({"bootstrap.servers": self._servers, "log_level": 0})
        try:
            return self._numbers(self._client)
        except KafkaException as error:
            raise DependencyUnavailable("kafka", str(error)) from error

    def _numbers(self, client: AdminClient) -> KafkaNumbers:
        places = _places(client.list_topics(timeout=ANSWER_S), self._topics)
        everywhere = [place for listed in places.values() for place in listed]
        asked = [
            client.list_offsets(dict.fromkeys(everywhere, spec), request_timeout=ANSWER_S)
            for spec in (OffsetSpec.earliest(), OffsetSpec.latest())  # type: ignore[no-untyped-call]
        ]
        begins, ends = (_offsets(futures) for futures in asked)
        telemetry = places.get(self._telemetry, [])
        groups = []
        for name in (TRIGGER_GROUP, WRITER_GROUP):
            committed = _committed(client, name, telemetry)
            groups.append(_group(client, name, self._telemetry, lag_of(committed, begins, ends)))
        return KafkaNumbers(groups=groups, topics=_topics(places, begins, ends))


def _places(cluster: Any, topics: Iterable[str]) -> dict[str, list[TopicPartition]]:
    return {
        topic: [TopicPartition(topic, partition) for partition in cluster.topics[topic].partitions]
        for topic in topics
        if topic in cluster.topics
    }


def _offsets(asked: Mapping[TopicPartition, Future[Any]]) -> Offsets:
    return {place: future.result().offset for place, future in asked.items()}


def _topics(places: Mapping[str, list[TopicPartition]], begins: Offsets, ends: Offsets) -> list[Topic]:
    return [
        Topic(
            topic=topic,
            partitions=len(listed),
            messages=sum(ends[place] - begins[place] for place in listed),
        )
        for topic, listed in places.items()
    ]


def _committed(client: AdminClient, group: str, places: list[TopicPartition]) -> Offsets:
    if not places:
        return {}
    wanted = [ConsumerGroupTopicPartitions(group, places)]
    answer = client.list_consumer_group_offsets(wanted, request_timeout=ANSWER_S)[group].result()
    return {place: place.offset for place in answer.topic_partitions}


def _group(client: AdminClient, name: str, topic: str, lag: int | None) -> ConsumerGroup:
    described = client.describe_consumer_groups([name], request_timeout=ANSWER_S)[name].result()
    members = len(described.members)
    return ConsumerGroup(group=name, topic=topic, lag=lag, members=members, state=group_state(lag, members))


def lag_of(committed: Offsets, begins: Offsets, ends: Offsets) -> int | None:
    """Sum up what lies between the committed offsets and the ends; None before the first commit.

    A partition without a commit (a negative offset) beside committed ones is unread from its beginning.
    """
    if all(offset < 0 for offset in committed.values()):
        return None
    return sum(
        ends[place] - (offset if offset >= 0 else begins[place]) for place, offset in committed.items()
    )


def kafka_part(
    answer: KafkaNumbers | Away, topics: Sequence[str], dead_letter_topic: str
) -> tuple[KafkaPart, list[Finding]]:
    """Judge groups, topics that should be there, and dead letters."""
    if isinstance(answer, Away):
        findings = away(answer)
        return KafkaPart(**judged(findings), groups=[], topics=[], dead_letters=None), findings
    messages = {topic.topic: topic.messages for topic in answer.topics}
    dead_letters = messages.get(dead_letter_topic)
    findings = without_normal(
        *(Finding(state=group.state, message=_group_message(group)) for group in answer.groups),
        *(
            Finding(state="serious", message=f"topic {topic} is missing: create it with deploy.create_topics")
            for topic in topics
            if topic not in messages
        ),
        Finding(
            state=dead_letters_state(dead_letters),
            message=f"{dead_letters} dead letters: their headers in {dead_letter_topic} say why",
        ),
    )
    part = KafkaPart(
        **judged(findings), groups=answer.groups, topics=answer.topics, dead_letters=dead_letters
    )
    return part, findings


def _group_message(group: ConsumerGroup) -> str:
    if not group.members:
        return f"{group.group}: nobody reads {group.topic}: start its service"
    if group.lag is None:
        return f"{group.group}: nothing committed yet"
    if group.lag > LATE_LAG:
        return f"{group.group}: late by {group.lag} messages: see its service's log and the queues"
    return f"{group.group}: {group.lag} messages wait"

"""Topics of the running Kafka that a test has for itself, and a consumer under test in a thread."""

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Self

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import (  # re-exported without saying so
    AdminClient,
    NewPartitions,
    NewTopic,
)

from telemetry_core.kafka.consumer_group import member_of
from telemetry_core.kafka.look_back import LookBack
from telemetry_core.kafka.records import Record
from telemetry_core.kafka.stream import Join, TelemetryStream
from telemetry_core.service.liveness import Liveness
from telemetry_core.service.settings import Settings

LIMIT_S: Final = 30.0
SERVERS: Final = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "localhost:9092")
STAMPED_AT_ARRIVAL: Final = {"message.timestamp.type": "LogAppendTime"}


def wait_until(condition: Callable[[], object], what: str, within_s: float = LIMIT_S) -> None:
    """Return when `condition` holds, or fail naming `what`."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s:.0f} s: {what}"
        time.sleep(0.02)


def administrator(servers: str = SERVERS) -> AdminClient:
    """Connect to the running Kafka, or fail saying what to do."""
    admin = AdminClient({"bootstrap.servers": servers, "log_level": 0})
    assert admin.list_topics(timeout=10).brokers, f"no Kafka at {servers}: start it with 'make up'"
    return admin


def create_topic(
    name: str, *, partitions: int = 1, servers: str = SERVERS, config: Mapping[str, str] = STAMPED_AT_ARRIVAL
) -> None:
    """Create a topic that stamps its messages with the time of their arrival, or one configured otherwise."""
    topic = NewTopic(name, partitions, 1, config=dict(config))
    admin = administrator(servers)  # it must outlive its answer
    admin.create_topics([topic])[name].result(LIMIT_S)


def add_partitions(name: str, total: int, *, servers: str = SERVERS) -> None:
    """Give a topic more partitions, as an operator does against lag."""
    admin = administrator(servers)
    admin.create_partitions([NewPartitions(name, total)])[name].result(LIMIT_S)


@contextmanager
def settings_of_own_topic(*, exists: bool = True, servers: str = SERVERS) -> Iterator[Settings]:
    """Yield settings that name a topic, and delete it afterwards."""
    name = f"test-{uuid.uuid4().hex}"
    if exists:
        create_topic(name, servers=servers)
    yield Settings(kafka_bootstrap_servers=servers, kafka_topic=name)
    admin = administrator(servers)
    if name in admin.list_topics(timeout=10).topics:
        admin.delete_topics([name])[name].result(LIMIT_S)


def send(settings: Settings, *values: bytes, partition: int = 0) -> None:
    """Append messages and return when the broker has them."""
    failures: list[Any] = []
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers, "acks": "all"})
    for value in values:
        producer.produce(
            settings.kafka_topic,
            value,
            partition=partition,
            on_delivery=lambda error, _: failures.append(error) if error else None,
        )
    assert producer.flush(LIMIT_S) == 0
    assert failures == []


def committed_offset(settings: Settings, group: str, partition: int = 0) -> int:
    """Return the committed offset of a group, negative where there is none."""
    consumer = Consumer(
        {"bootstrap.servers": settings.kafka_bootstrap_servers, "group.id": group, "log_level": 0}
    )
    try:
        place = TopicPartition(settings.kafka_topic, partition)
        return int(consumer.committed([place], timeout=10)[0].offset)
    finally:
        consumer.close()


def end_offset(settings: Settings, partition: int = 0) -> int:
    """Return the offset that the next message of a partition will have."""
    consumer = Consumer({"bootstrap.servers": settings.kafka_bootstrap_servers, "group.id": "ends"})
    try:
        place = TopicPartition(settings.kafka_topic, partition)
        return int(consumer.get_watermark_offsets(place, timeout=10)[1])
    finally:
        consumer.close()


class RunningStream:
    """A stream at work in a thread; `act` is the test's, and what it got through is kept."""

    def __init__(
        self,
        settings: Settings,
        group: str,
        *,
        act: Callable[[Sequence[Record]], None] = lambda _: None,
        look_back_s: float = 0.0,
        join: Join = member_of,
    ) -> None:
        self.planned: list[bytes | None] = []
        self.done: list[bytes | None] = []
        self.earlier: list[bytes | None] = []
        self.assignments = 0
        self.failure: BaseException | None = None
        self._act = act
        self._stop = threading.Event()
        self.liveness = Liveness()
        self._stream = TelemetryStream(
            settings,
            group_id=group,
            service="test",
            liveness=self.liveness,
            look_back_s=look_back_s,
            on_assigned=self._fill,
            join=join,
        )
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let it leave in good order."""
        self._stop.set()
        self._thread.join(LIMIT_S)
        assert not self._thread.is_alive(), "the stream does not stop"

    def wait_for(self, *values: bytes) -> None:
        """Wait until all of `values` were acted upon."""
        wait_until(lambda: set(values) <= set(self.done) or self.failure, f"{values} are done")
        assert self.failure is None, self.failure

    def wait_for_assignment(self, count: int = 1) -> None:
        """Wait until partitions were assigned for the `count`-th time."""
        wait_until(lambda: self.assignments >= count or self.failure, f"assignment {count}")
        assert self.failure is None, self.failure

    def _fill(self, records: LookBack) -> None:
        self.earlier = [record.value for record in records]
        self.assignments += 1

    def _run(self) -> None:
        try:
            self._stream.run(self._stop, plan=self._plan, act=self._carry_out)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.failure = error

    def _plan(self, batch: Sequence[Record]) -> Sequence[Record]:
        self.planned += [record.value for record in batch]
        return batch

    def _carry_out(self, batch: Sequence[Record]) -> None:
        self._act(batch)
        self.done += [record.value for record in batch]

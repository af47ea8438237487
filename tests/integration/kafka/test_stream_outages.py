"""The consumer through deaths of the broker and of its own client: back within seconds, nothing lost."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any, Final, Self

import pytest
from confluent_kafka import Consumer, Producer

from telemetry_core.kafka.consumer_group import GroupLag, member_of
from telemetry_core.kafka.records import Record
from telemetry_core.service.settings import Settings
from testbed.kafka_topics import (
    LIMIT_S,
    RunningStream,
    administrator,
    committed_offset,
    create_topic,
    send,
    settings_of_own_topic,
    wait_until,
)
from tests.integration.servers.kafka_server import KafkaServer, running_kafka

pytestmark = pytest.mark.integration

MESSAGES_PER_S: Final = 100
BACK_WITHIN_S: Final = 30.0
KILLS: Final = 4
LONGER_THAN_A_SESSION_S: Final = 18.0
FROZEN_GROUPS: Final = 12
FREEZES: Final = 2


@pytest.fixture(scope="module")
def kafka() -> Iterator[KafkaServer]:
    with running_kafka() as server:
        yield server


@pytest.fixture
def settings(kafka: KafkaServer) -> Iterator[Settings]:
    with settings_of_own_topic(servers=kafka.address) as own:
        yield own


@pytest.fixture
def group(settings: Settings) -> str:
    return f"group-{settings.kafka_topic}"


class Load:
    """Sends numbered messages at a steady rate, through every outage, and keeps those that were confirmed."""

    def __init__(self, settings: Settings) -> None:
        self.confirmed: set[bytes] = set()
        self._topic = settings.kafka_topic
        self._producer = Producer(
            {
                "bootstrap.servers": settings.kafka_bootstrap_servers,
                "acks": "all",
                "message.timeout.ms": 300_000,
                "reconnect.backoff.max.ms": 1000,
                "log_level": 0,
            }
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(LIMIT_S)

    def finish(self) -> None:
        """Send no more, and return when the broker has everything."""
        self._stop.set()
        self._thread.join(LIMIT_S)
        assert self._producer.flush(2 * LIMIT_S) == 0

    def _send(self) -> None:
        number = 0
        while not self._stop.wait(1 / MESSAGES_PER_S):
            value = f"{number:08d}".encode()
            self._producer.produce(self._topic, value, on_delivery=self._keep)
            self._producer.poll(0)
            number += 1

    def _keep(self, error: Any, message: Any) -> None:
        if error is None:
            self.confirmed.add(message.value())


def wait_until_moving(stream: RunningStream) -> None:
    """Wait for something new to be done."""
    before = len(stream.done)
    wait_until(lambda: len(stream.done) > before, "new messages are done", within_s=BACK_WITHIN_S)
    assert stream.failure is None


def assert_nothing_is_lost(stream: RunningStream, load: Load) -> None:
    load.finish()
    wait_until(lambda: load.confirmed <= set(stream.done), "all is done", within_s=BACK_WITHIN_S)


def test_broker_killed_under_load_again_and_again(kafka: KafkaServer, settings: Settings, group: str) -> None:
    with Load(settings) as load, RunningStream(settings, group, look_back_s=60) as stream:
        wait_until_moving(stream)
        for _ in range(KILLS):
            kafka.kill()
            kafka.start()
            wait_until_moving(stream)
        assert_nothing_is_lost(stream, load)


def test_broker_outage_longer_than_a_session(kafka: KafkaServer, settings: Settings, group: str) -> None:
    with Load(settings) as load, RunningStream(settings, group, look_back_s=60) as stream:
        wait_until_moving(stream)
        kafka.kill()
        time.sleep(LONGER_THAN_A_SESSION_S)
        kafka.start()
        wait_until_moving(stream)
        assert_nothing_is_lost(stream, load)


def test_broker_frozen_longer_than_a_session(kafka: KafkaServer, settings: Settings, group: str) -> None:
    """Several groups, twice: whether one asks while the broker knows of none, itself too, is chance."""
    with ExitStack() as opened:
        load = opened.enter_context(Load(settings))
        streams = [
            opened.enter_context(RunningStream(settings, f"{group}-{number}", look_back_s=60))
            for number in range(FROZEN_GROUPS)
        ]
        for stream in streams:
            wait_until_moving(stream)
        for _ in range(FREEZES):
            kafka.freeze()
            time.sleep(LONGER_THAN_A_SESSION_S)
            kafka.thaw()
            for stream in streams:
                wait_until_moving(stream)
        for stream in streams:
            assert_nothing_is_lost(stream, load)


class StaticThenDynamic:
    """Joins as the static member `one` at first, as the platform does afterwards."""

    def __init__(self) -> None:
        self.clients = 0

    def __call__(self, settings: Settings, group_id: str, *, service: str) -> Consumer:
        self.clients += 1
        if self.clients > 1:
            return member_of(settings, group_id, service=service)
        return Consumer(
            {
                "bootstrap.servers": settings.kafka_bootstrap_servers,
                "group.id": group_id,
                "group.instance.id": "one",
                "session.timeout.ms": 6000,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "partition.assignment.strategy": "range",
            }
        )


def test_client_that_is_fenced_off_is_followed_by_a_new_one(settings: Settings, group: str) -> None:
    first, second = StaticThenDynamic(), StaticThenDynamic()
    with RunningStream(settings, group, join=first) as fenced:
        send(settings, b"one")
        fenced.wait_for(b"one")
        with RunningStream(settings, group, join=second) as newcomer:
            wait_until(lambda: first.clients == 2, "the fenced client is replaced")
            send(settings, b"two")
            wait_until(lambda: b"two" in fenced.done + newcomer.done, "the group goes on")
        send(settings, b"three")
        fenced.wait_for(b"three")


class Hang:
    """An effect that takes longer than a member may be silent, once."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.was_hung = False

    def __call__(self, _batch: Sequence[Record]) -> None:
        if not self.was_hung:
            self.was_hung = True
            time.sleep(self._seconds)


def impatient_member(settings: Settings, group_id: str, *, service: str) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": settings.kafka_bootstrap_servers,
            "group.id": group_id,
            "client.id": service,
            "session.timeout.ms": 6000,
            "max.poll.interval.ms": 6000,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "partition.assignment.strategy": "range",
        }
    )


def test_member_thrown_out_for_its_silence_joins_again(settings: Settings, group: str) -> None:
    hang = Hang(9.0)
    with RunningStream(settings, group, act=hang, join=impatient_member) as stream:
        send(settings, b"one")
        wait_until(lambda: hang.was_hung, "it hangs")
        send(settings, b"two")
        stream.wait_for(b"one", b"two")
        wait_until(lambda: committed_offset(settings, group) == 2, "its offsets are kept again")


def test_recreated_topic_is_read_from_its_beginning(settings: Settings, group: str) -> None:
    with RunningStream(settings, group, look_back_s=60) as stream:
        send(settings, b"one", b"two", b"three")
        stream.wait_for(b"three")
        wait_until(lambda: committed_offset(settings, group) == 3, "its offsets are committed")
        admin = administrator(settings.kafka_bootstrap_servers)  # it must outlive its answer
        admin.delete_topics([settings.kafka_topic])[settings.kafka_topic].result(LIMIT_S)
        create_topic(settings.kafka_topic, servers=settings.kafka_bootstrap_servers)
        send(settings, b"new")
        stream.wait_for(b"new")


def test_group_deleted_between_two_runs_loses_nothing(settings: Settings, group: str) -> None:
    with RunningStream(settings, group) as stream:
        send(settings, b"one")
        stream.wait_for(b"one")
    admin = administrator(settings.kafka_bootstrap_servers)  # it must outlive its answer
    admin.delete_consumer_groups([group])[group].result(LIMIT_S)
    send(settings, b"two")
    with RunningStream(settings, group) as stream:
        stream.wait_for(b"two")


def test_lag_counts_what_waits_in_the_partitions_asked(settings: Settings, group: str) -> None:
    lag = GroupLag(settings, group)
    send(settings, b"one", b"two")
    assert lag.ask(None).waiting == 2
    with RunningStream(settings, group) as stream:
        stream.wait_for(b"two")
        wait_until(lambda: committed_offset(settings, group) == 2, "its offsets are committed")
        assert lag.ask([0]).waiting == 0
        assert lag.ask([]).waiting == 0

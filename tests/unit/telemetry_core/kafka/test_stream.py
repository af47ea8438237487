"""What a batch may hold when its partitions go away while it is read."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.kafka import stream as stream_module
from telemetry_core.kafka.look_back import LookBack
from telemetry_core.kafka.records import Record, record_of
from telemetry_core.kafka.stream import TelemetryStream
from telemetry_core.service.liveness import Liveness
from telemetry_core.service.settings import Settings

PARTITION = TopicPartition("satellite-telemetry", 0)


class Message:
    """A message of partition 0."""

    def __init__(self, offset: int) -> None:
        self._offset = offset

    def error(self) -> None: ...
    def headers(self) -> None: ...
    def key(self) -> None: ...

    def value(self) -> bytes:
        return b"{}"

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def timestamp(self) -> tuple[int, int]:
        return 1, 0


class Member:
    """A client whose partition is assigned at the first poll and, if so, revoked amid the first batch."""

    def __init__(self, *, loses: bool, stop: threading.Event) -> None:
        self._loses = loses
        self._stop = stop
        self._callbacks: dict[str, Callable[..., None]] = {}
        self._polls = 0
        self.stored: list[int] = []

    def subscribe(self, _topics: Sequence[str], **callbacks: Callable[..., None]) -> None:
        self._callbacks = callbacks

    def poll(self, _timeout: float) -> Message | None:
        self._polls += 1
        if self._polls == 1:
            self._callbacks["on_assign"](self, [PARTITION])
            return None
        if self._polls == 2:
            return Message(7)
        self._stop.set()
        return None

    def consume(self, _count: int, *, timeout: float) -> list[Message]:
        assert timeout == 0
        if self._loses:
            self._callbacks["on_revoke"](self, [PARTITION])
        return []

    def store_offsets(self, *, offsets: Sequence[TopicPartition]) -> None:
        self.stored += [place.offset for place in offsets]

    def committed(self, partitions: Sequence[TopicPartition], **_: Any) -> list[TopicPartition]:
        return [TopicPartition(place.topic, place.partition, 7) for place in partitions]

    def get_watermark_offsets(self, *_: Any, **__: Any) -> tuple[int, int]:
        return 0, 9

    def assign(self, _: Any) -> None: ...
    def unassign(self) -> None: ...
    def pause(self, _: Any) -> None: ...
    def resume(self, _: Any) -> None: ...
    def commit(self, **_: Any) -> None: ...
    def seek(self, _: Any) -> None: ...
    def close(self) -> None: ...


@pytest.mark.parametrize("loses", [False, True])
def test_message_whose_partition_is_revoked_while_the_rest_is_read_is_left_to_the_next_owner(
    *, loses: bool
) -> None:
    stop = threading.Event()
    member = Member(loses=loses, stop=stop)
    planned: list[int] = []

    def plan(batch: Sequence[Record]) -> None:
        planned.extend(record.offset for record in batch)

    stream = TelemetryStream(
        Settings(),
        group_id="g",
        service="test",
        liveness=Liveness(end=lambda _: None),
        join=lambda *_, **__: member,
    )
    stream.run(stop, plan=plan, act=lambda _: None)
    assert (planned, member.stored) == (([], []) if loses else ([7], [8]))


class Steady(Member):
    """Its partition stays; each poll brings the next message, until there are three."""

    def __init__(self, stop: threading.Event, *, fails: KafkaException | None = None) -> None:
        super().__init__(loses=False, stop=stop)
        self._fails = fails
        self.paused = 0
        self.closed = 0

    def poll(self, timeout: float) -> Message | None:
        if timeout < 1.0:
            return None
        self._polls += 1
        if self._polls == 1:
            self._callbacks["on_assign"](self, [PARTITION])
            return None
        if self._polls > 4:
            self._stop.set()
            return None
        return Message(5 + self._polls)

    def pause(self, _: Any) -> None:
        self.paused += 1

    def store_offsets(self, *, offsets: Sequence[TopicPartition]) -> None:
        if self._fails is not None:
            error, self._fails = self._fails, None
            raise error
        super().store_offsets(offsets=offsets)

    def close(self) -> None:
        self.closed += 1


def run(member: Member, stop: threading.Event, act: Callable[[list[int]], None]) -> list[int]:
    """The offsets that were acted on, retries included."""
    acted: list[int] = []

    def note(offsets: list[int]) -> None:
        acted.extend(offsets)
        act(offsets)

    stream = TelemetryStream(
        Settings(),
        group_id="g",
        service="test",
        liveness=Liveness(end=lambda _: None),
        join=lambda *_, **__: member,
    )
    stream.run(stop, plan=lambda batch: [record.offset for record in batch], act=note)
    return acted


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "MAX_BACKOFF_S", 0.01)
    monkeypatch.setattr(stream_module, "REJOIN_AFTER_S", 0.01)


def test_batch_is_held_while_its_server_is_away_and_stored_once_it_is_through() -> None:
    stop, away = threading.Event(), [1, 2]
    member = Steady(stop)

    def act(_: list[int]) -> None:
        if away:
            away.pop()
            raise DependencyUnavailable("rabbitmq", "refused")

    assert run(member, stop, act) == [7, 7, 7, 8, 9]
    assert member.stored == [8, 9, 10]
    assert member.paused == 3  # once at the assignment


def test_batch_that_is_held_when_the_service_ends_is_not_stored() -> None:
    stop = threading.Event()
    member = Steady(stop)

    def act(_: list[int]) -> None:
        stop.set()
        raise DependencyUnavailable("rabbitmq", "refused")

    assert run(member, stop, act) == [7]
    assert (member.stored, member.closed) == ([], 1)


def test_offsets_that_kafka_does_not_keep_stop_nothing() -> None:
    stop = threading.Event()
    member = Steady(stop, fails=KafkaException(KafkaError(KafkaError._STATE)))
    assert run(member, stop, lambda _: None) == [7, 8, 9]
    assert member.stored == [9, 10]


def test_client_that_failed_for_good_is_followed_by_another() -> None:
    stop = threading.Event()
    member = Steady(stop, fails=KafkaException(KafkaError(KafkaError._FATAL)))
    run(member, stop, lambda _: None)
    assert member.closed == 2


class Again(Steady):
    """Its partition is revoked at the first poll that is none for work: while a look-back is read."""

    def poll(self, timeout: float) -> Message | None:
        if timeout == 0 and not self._polls > 1:
            self._callbacks["on_revoke"](self, [PARTITION])
        return super().poll(timeout)


@pytest.mark.parametrize(("member", "filled"), [(Steady, [5, 6]), (Again, [])])
def test_look_back_is_handed_over_before_the_first_batch_and_ends_with_its_partitions(
    member: type[Steady], filled: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    found: list[int] = []
    before: list[Any] = [Message(5), Message(6)]
    monkeypatch.setattr(
        stream_module,
        "read_before",
        lambda *_, **__: LookBack(records=map(record_of, before), until_us=1),
    )
    stream = TelemetryStream(
        Settings(),
        group_id="g",
        service="test",
        liveness=Liveness(end=lambda _: None),
        look_back_s=60,
        on_assigned=lambda look_back: found.extend(record.offset for record in look_back),
        join=lambda *_, **__: member(stop),
    )
    stream.run(stop, plan=list, act=lambda _: None)
    assert found == filled

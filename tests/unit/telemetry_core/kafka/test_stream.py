"""What a batch may hold when its partitions go away while it is read."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from telemetry_core.kafka.records import Record
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

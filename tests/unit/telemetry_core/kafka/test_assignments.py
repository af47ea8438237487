"""What a member does while Kafka can't tell where its partitions stand, and without any partition."""

import threading
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from structlog.testing import capture_logs

from telemetry_core.kafka import stream as stream_module
from tests.unit.telemetry_core.kafka.test_stream import PARTITION, Message, Steady, run


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "MAX_BACKOFF_S", 0.01)
    monkeypatch.setattr(stream_module, "REJOIN_AFTER_S", 0.01)


class Unsure(Steady):
    """Kafka can't tell for a while where the group stands."""

    def __init__(self, stop: threading.Event, *codes: int) -> None:
        super().__init__(stop)
        self.codes = list(codes)

    def committed(self, *arguments: Any, **named: Any) -> Any:
        if self.codes:
            raise KafkaException(KafkaError(self.codes.pop(0)))
        return super().committed(*arguments, **named)


def test_partition_whose_position_kafka_can_not_tell_is_read_as_soon_as_it_can() -> None:
    stop = threading.Event()
    member = Unsure(stop, KafkaError._TRANSPORT, KafkaError._TIMED_OUT)
    assert run(member, stop, lambda _: None) == [7, 8, 9]
    assert (member.codes, member.stored, member.closed) == ([], [8, 9, 10], 1)


def test_client_that_fails_for_good_over_its_assignment_is_followed_by_another() -> None:
    stop = threading.Event()
    member = Unsure(stop, KafkaError._FATAL)

    class Again(Unsure):
        def subscribe(self, *arguments: Any, **named: Any) -> None:
            super().subscribe(*arguments, **named)
            self._polls = 0

    member = Again(stop, KafkaError._FATAL)
    assert run(member, stop, lambda _: None) == [7, 8, 9]
    assert member.closed == 2


class Idle(Steady):
    """Has no partition: the group has more members than the topic has partitions."""

    def poll(self, timeout: float) -> Message | None:
        self._polls += 1
        if self._polls == 1:
            self._callbacks["on_assign"](self, [])
        elif self._polls > 3:
            self._stop.set()
        return None


def test_member_without_a_partition_is_ready_and_reads_nothing() -> None:
    stop = threading.Event()
    with capture_logs() as lines:
        assert run(Idle(stop), stop, lambda _: None) == []
    assert [line["event"] for line in lines if "Assigned" in line["event"]] == [
        f"Assigned {PARTITION.topic} partitions: none"
    ]

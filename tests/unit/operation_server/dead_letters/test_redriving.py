"""A letter that its broker does not take stays open by itself; the letters beside it are sent once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import amqp
import pytest
from confluent_kafka import KafkaError, KafkaException

from operation_server.dead_letters.brokers import SENDING_S, KafkaLetters, RabbitLetters
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.service.settings import Settings

TOPIC = "satellite-telemetry"


class Kafka:
    """A producer whose broker answers by topic; a topic that it does not answer for confirms nothing."""

    def __init__(self, answers: dict[str, int | None]) -> None:
        self.answers = answers
        self.sent: list[tuple[str, bytes, list[tuple[str, str]]]] = []
        self._waiting: list[tuple[Callable[..., None], KafkaError | None]] = []

    def produce(self, topic: str, *, key: Any, value: bytes, headers: Any, on_delivery: Any) -> None:
        if len(value) > 1_400_000:
            raise KafkaException(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))
        if topic in self.answers:
            code = self.answers[topic]
            self._waiting.append((on_delivery, None if code is None else KafkaError(code)))
            if code is None:
                self.sent.append((topic, value, headers))

    def flush(self, _timeout: float) -> int:
        for note, error in self._waiting:
            note(error, None)
        return 0


def kafka_row(body: bytes = b"{}", *, place: str = TOPIC, **headers: str) -> dict[str, Any]:
    return {"place": place, "message_key": b"SAT-001", "body": memoryview(body), "headers": headers}


def redrive(kafka: Kafka, *rows: dict[str, Any]) -> dict[int, str]:
    return KafkaLetters(Settings(), create=lambda _: kafka).send(rows)


@pytest.mark.parametrize("code", [KafkaError._UNKNOWN_TOPIC, KafkaError.TOPIC_EXCEPTION])
def test_letter_whose_topic_is_gone_fails_alone(code: int) -> None:
    kafka = Kafka({TOPIC: None, "gone": code})
    failures = redrive(kafka, kafka_row(b"1"), kafka_row(b"2", place="gone"), kafka_row(b"3"))
    assert list(failures) == [1]
    assert [value for _, value, _ in kafka.sent] == [b"1", b"3"]


def test_letter_that_is_too_long_for_its_topic_fails_alone() -> None:
    kafka = Kafka({TOPIC: None})
    assert list(redrive(kafka, kafka_row(b"1"), kafka_row(b"2" * 2_000_000), kafka_row(b"3"))) == [1]
    assert len(kafka.sent) == 2


def test_letters_confirmed_before_an_outage_are_not_among_those_that_failed() -> None:
    assert list(redrive(Kafka({TOPIC: None}), kafka_row(b"1"), kafka_row(b"2", place="unconfirmed"))) == [1]


def test_kafka_that_accepts_nothing_is_an_outage_and_one_that_refuses_all_is_not() -> None:
    with pytest.raises(DependencyUnavailable):
        redrive(Kafka({TOPIC: KafkaError._MSG_TIMED_OUT}), kafka_row(b"1"))
    assert list(redrive(Kafka({TOPIC: KafkaError._UNKNOWN_TOPIC}), kafka_row(b"1"))) == [0]
    assert redrive(Kafka({})) == {}


def test_redriven_telemetry_is_still_replayed_and_carries_nothing_else_of_its_refusal() -> None:
    kafka = Kafka({TOPIC: None})
    redrive(kafka, kafka_row(b"1", reason="time_ahead", replayed="1"), kafka_row(b"2", reason="time_ahead"))
    assert [headers for _, _, headers in kafka.sent] == [[("replayed", "1")], []]


class RabbitMQ:
    """A broker with some queues; each channel is of use until the broker refuses something on it."""

    def __init__(self, *queues: str, full: str = "", lost_after: int = 1_000) -> None:
        self.queues = queues
        self.full = full
        self.lost_after = lost_after
        self.sent: list[tuple[str, bytes | str]] = []

    def connection_for_write(self, **_: Any) -> Any:
        return _entered(self)

    def ensure_connection(self, **_: Any) -> None:
        """Be there."""

    def channel(self) -> Any:
        return _entered(Channel(self))


class Channel:
    def __init__(self, broker: RabbitMQ) -> None:
        self._broker = broker
        self._is_closed = False

    def queue_declare(self, queue: str, *, passive: bool) -> None:
        assert passive
        assert not self._is_closed
        if queue not in self._broker.queues:
            self._is_closed = True
            raise amqp.exceptions.NotFound(f"no queue '{queue}'")

    def basic_publish_confirm(
        self, message: amqp.Message, *, exchange: str, routing_key: str, confirm_timeout: float
    ) -> None:
        assert (exchange, self._is_closed) == ("", False)
        assert confirm_timeout > 0
        message._serialize_properties()  # type: ignore[attr-defined]  # raises for what the wire refuses
        if len(self._broker.sent) >= self._broker.lost_after:
            raise ConnectionResetError("lost")
        if routing_key == self._broker.full:
            raise amqp.exceptions.MessageNacked
        self._broker.sent.append((routing_key, message.body))


@contextmanager
def _entered(value: Any) -> Iterator[Any]:
    yield value


def rabbit_row(body: bytes, *, place: str = "inference", **headers: Any) -> dict[str, Any]:
    kept = {"headers": {"task": "run", **headers}, "properties": {"content_type": "application/json"}}
    return {"place": place, "message_key": None, "body": memoryview(body), "headers": kept}


def put_back(broker: RabbitMQ, *rows: dict[str, Any]) -> dict[int, str]:
    return RabbitLetters(broker).send(rows)  # type: ignore[arg-type]


def test_letter_whose_queue_is_gone_or_full_fails_alone() -> None:
    broker = RabbitMQ("inference", "celery", full="celery")
    rows = [
        rabbit_row(b"1"),
        rabbit_row(b"2", place="gone"),
        rabbit_row(b"3", place="celery"),
        rabbit_row(b"4"),
    ]
    failures = put_back(broker, *rows)
    assert list(failures) == [1, 2]
    assert ("gone" in failures[1], failures[2]) == (True, "queue celery is full")
    assert broker.sent == [("inference", b"1"), ("inference", b"4")]


@pytest.mark.parametrize("value", [2**63, {"deep": [2**64 - 1]}])
def test_letter_with_headers_that_can_not_be_written_fails_alone(value: Any) -> None:
    broker = RabbitMQ("inference")
    assert list(put_back(broker, rabbit_row(b"1", odd=value), rabbit_row(b"2"))) == [0]
    assert broker.sent == [("inference", b"2")]


def test_letter_kept_without_its_headers_goes_back_all_the_same() -> None:
    broker = RabbitMQ("inference")
    assert put_back(broker, {**rabbit_row(b"1"), "headers": {}}) == {}
    assert broker.sent == [("inference", b"1")]


def test_letters_confirmed_before_the_connection_broke_are_done() -> None:
    failures = put_back(
        RabbitMQ("inference", lost_after=1), *(rabbit_row(body) for body in (b"1", b"2", b"3"))
    )
    assert list(failures) == [1, 2]
    with pytest.raises(DependencyUnavailable):
        put_back(RabbitMQ("inference", lost_after=0), rabbit_row(b"1"))


def test_slow_broker_is_sent_to_for_a_limited_time_and_the_rest_stays_open() -> None:
    broker = RabbitMQ("inference")
    times = iter((0.0, 1.0, SENDING_S + 1))
    letters = RabbitLetters(broker, monotonic=lambda: next(times))  # type: ignore[arg-type]
    failures = letters.send([rabbit_row(body) for body in (b"1", b"2", b"3")])
    assert broker.sent == [("inference", b"1")]
    assert {place: "redrive again" in reason for place, reason in failures.items()} == {1: True, 2: True}

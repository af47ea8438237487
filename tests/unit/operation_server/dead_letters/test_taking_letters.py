"""One look into a broker takes no more than fits into memory and time, and says whether it saw the end."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from operation_server.dead_letters import brokers
from operation_server.dead_letters.brokers import ANSWER_S, KafkaLetters, Look, RabbitLetters
from telemetry_core.service.settings import Settings

BODY = b"x" * 1_000


class Message:
    def __init__(self, offset: int, error: int | None = None) -> None:
        self._offset = offset
        self._error = error

    def error(self) -> KafkaError | None:
        return None if self._error is None else KafkaError(self._error)

    def key(self) -> None:
        """Have none."""

    def value(self) -> bytes:
        return BODY

    def headers(self) -> list[tuple[str, bytes]]:
        return [("reason", b"not_json")]

    def topic(self) -> str:
        return "dead"

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def timestamp(self) -> tuple[int, int]:
        return 1, 1_790_000_000_000


class Consumer:
    """Holds `count` letters, gives at most `at_once`, and says after the last that there are no more."""

    def __init__(self, count: int = 5_000, *, at_once: int = 5_000, end: int | None = None) -> None:
        self.consumed = 0
        self._count = count
        self._at_once = at_once
        self._end = count if end is None else end

    def list_topics(self, topic: str, timeout: float) -> Any:
        return SimpleNamespace(topics={topic: SimpleNamespace(partitions={0: None})})

    def get_watermark_offsets(self, _place: Any, timeout: float) -> tuple[int, int]:
        return 0, self._end

    def assign(self, _places: Any) -> None:
        """Begin."""

    def consume(self, count: int, timeout: float) -> list[Message]:
        first, last = self.consumed, min(self.consumed + min(count, self._at_once), self._count)
        self.consumed = last
        end = [Message(last, KafkaError._PARTITION_EOF)] if first == last else []
        return [*map(Message, range(first, last)), *end]


class Broken(Consumer):
    """Has an error to say instead of a letter."""

    def consume(self, count: int, timeout: float) -> list[Message]:
        return [Message(0, KafkaError._ALL_BROKERS_DOWN)]


class Channel:
    """A queue of `count` letters."""

    def __init__(self, count: int = 5_000) -> None:
        self._left = count

    def basic_get(self, _queue: str) -> Any:
        self._left -= 1
        if self._left < 0:
            return None
        return SimpleNamespace(body=BODY, headers={}, properties={}, delivery_info={}, delivery_tag=1)


def clock(reads: int) -> Callable[[], float]:
    """Return a clock that stands still for so many reads, and is past every deadline then."""
    left = iter([0.0] * reads)
    return lambda: next(left, ANSWER_S)


def from_kafka(consumer: Consumer, *, reads: int = 10_000) -> Look:
    return KafkaLetters(Settings(), monotonic=clock(reads))._read(consumer, {})


def from_rabbitmq(channel: Channel, *, reads: int = 10_000) -> Look:
    letters = RabbitLetters(SimpleNamespace(), monotonic=clock(reads))  # type: ignore[arg-type]
    return letters._taken(channel)[0]


LOOKS = [
    pytest.param(lambda count, **limits: from_kafka(Consumer(count), **limits), id="kafka"),
    pytest.param(lambda count, **limits: from_rabbitmq(Channel(count), **limits), id="rabbitmq"),
]


@pytest.mark.parametrize("look", LOOKS)
def test_look_ends_where_memory_would(look: Callable[..., Look], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brokers, "MAX_TAKEN_BYTES", 100_000)
    found = look(5_000)
    assert (len(found.letters), found.has_more) == (100, True)


@pytest.mark.parametrize("look", LOOKS)
def test_looks_are_bounded_by_number(look: Callable[..., Look]) -> None:
    found = look(5_000)
    assert (len(found.letters), found.has_more) == (brokers.MAX_TAKEN, True)


@pytest.mark.parametrize("look", LOOKS)
def test_look_that_its_deadline_ends_says_that_there_is_more(look: Callable[..., Look]) -> None:
    found = look(500, reads=4)
    assert 0 < len(found.letters) < 500
    assert found.has_more


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("count", [0, 1, 500])
def test_look_that_saw_the_end_says_so(look: Callable[..., Look], count: int) -> None:
    found = look(count)
    assert (len(found.letters), found.has_more) == (count, False)


def test_end_of_a_topic_without_a_last_letter_is_an_end() -> None:
    """What ends a transaction takes the last offset."""
    found = from_kafka(Consumer(3, end=4), reads=50)
    assert (len(found.letters), found.has_more) == (3, False)


def test_letters_that_come_meanwhile_are_left_to_the_next_look() -> None:
    found = from_kafka(Consumer(9, at_once=3, end=3))
    assert (len(found.letters), found.has_more) == (3, False)


def test_what_else_the_client_says_ends_the_look() -> None:
    with pytest.raises(KafkaException):
        from_kafka(Broken())

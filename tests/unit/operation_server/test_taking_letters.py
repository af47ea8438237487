"""One look into a broker takes no more than fits into memory, however long the letters are."""

from types import SimpleNamespace
from typing import Any

import pytest

from operation_server.dead_letters import brokers
from operation_server.dead_letters.brokers import KafkaLetters, RabbitLetters, is_full
from telemetry_core.settings import Settings

BODY = b"x" * 1_000


class Message:
    def __init__(self, offset: int) -> None:
        self._offset = offset

    def error(self) -> None:
        """Be none."""

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
    """Has as many letters as it is asked for."""

    def __init__(self) -> None:
        self.consumed = 0

    def list_topics(self, topic: str, timeout: float) -> Any:
        return SimpleNamespace(topics={topic: SimpleNamespace(partitions={0: None})})

    def get_watermark_offsets(self, _place: Any, timeout: float) -> tuple[int, int]:
        return 0, 5_000

    def assign(self, _places: Any) -> None:
        """Begin."""

    def consume(self, count: int, timeout: float) -> list[Message]:
        self.consumed += count
        return [Message(self.consumed - count + place) for place in range(count)]


class Channel:
    """A queue without end."""

    def basic_get(self, _queue: str) -> Any:
        return SimpleNamespace(body=BODY, headers={}, properties={}, delivery_info={}, delivery_tag=1)


def test_look_into_the_topic_ends_where_memory_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brokers, "MAX_TAKEN_BYTES", 100_000)
    letters = KafkaLetters(Settings())._read(Consumer(), {})  # type: ignore[arg-type]
    assert len(letters) == 100
    assert is_full(letters)
    assert not is_full(letters[:-1])


def test_look_into_the_queue_ends_where_memory_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brokers, "MAX_TAKEN_BYTES", 100_000)
    taken = [letter for _, letter in RabbitLetters(SimpleNamespace())._taken(Channel())]  # type: ignore[arg-type]
    assert len(taken) == 100
    assert is_full(taken)


def test_looks_are_bounded_by_number_as_before() -> None:
    assert len(KafkaLetters(Settings())._read(Consumer(), {})) == brokers.MAX_TAKEN  # type: ignore[arg-type]

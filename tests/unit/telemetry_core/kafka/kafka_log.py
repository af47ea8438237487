"""A topic in memory, read as Kafka's client reads it; one that is cut off has nothing more to give."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition

TOPIC = "satellite-telemetry"
END_OF_PARTITION = KafkaError._PARTITION_EOF


class Message:
    """Appended at `second`; with an error it is a notice of the client."""

    def __init__(
        self, partition: int | None, offset: int | None, second: int, error: int | None = None
    ) -> None:
        self._place = partition, offset
        self._second = second
        self._error = error

    def error(self) -> KafkaError | None:
        return None if self._error is None else KafkaError(self._error)

    def partition(self) -> int | None:
        return self._place[0]

    def offset(self) -> int | None:
        return self._place[1]

    def key(self) -> bytes:
        return b"SAT-001"

    def value(self) -> bytes:
        return b"{}"

    def headers(self) -> None: ...

    def timestamp(self) -> tuple[int, int]:
        return 1, self._second * 1000


class Log:
    """A client of a topic that holds, by partition, the seconds at which its messages were appended.

    Before each message a notice comes; `lost` are offsets that compaction left out.
    """

    def __init__(
        self, seconds: Mapping[int, Sequence[int]], *, lost: Sequence[int] = (), fails: bool = False
    ) -> None:
        self.seconds = seconds
        self.lost = lost
        self.fails = fails
        self.closed = 0
        self.committed_at: dict[int, int] = {}
        self.commits: list[tuple[int, int]] = []
        self._at = TopicPartition(TOPIC, 0, 0)

    def list_topics(self, topic: str, *, timeout: float) -> Any:
        if self.fails:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))
        return SimpleNamespace(topics={topic: SimpleNamespace(partitions=dict(self.seconds))})

    def get_watermark_offsets(self, place: TopicPartition, *, timeout: float) -> tuple[int, int]:
        return 0, len(self.seconds[place.partition])

    def offsets_for_times(self, places: list[TopicPartition], *, timeout: float) -> list[TopicPartition]:
        return [TopicPartition(place.topic, place.partition, self._first_since(place)) for place in places]

    def _first_since(self, place: TopicPartition) -> int:
        seconds = self.seconds[place.partition]
        return next((at for at, second in enumerate(seconds) if second * 1000 >= place.offset), -1)

    def assign(self, places: list[TopicPartition]) -> None:
        self._at = places[0]

    def consume(self, count: int, *, timeout: float) -> list[Message]:
        number, start = self._at.partition, self._at.offset
        seconds = self.seconds[number]
        self._at = TopicPartition(TOPIC, number, min(start + count, len(seconds)))
        found = [
            Message(number, at, seconds[at]) for at in range(start, self._at.offset) if at not in self.lost
        ]
        return [Message(number, None, 0, END_OF_PARTITION), *found]

    def position(self, _: list[TopicPartition]) -> list[TopicPartition]:
        return [self._at]

    def committed(self, places: list[TopicPartition], *, timeout: float) -> list[TopicPartition]:
        return [
            TopicPartition(place.topic, place.partition, self.committed_at.get(place.partition, -1001))
            for place in places
        ]

    def commit(self, *, offsets: list[TopicPartition], asynchronous: bool) -> None:
        assert not asynchronous
        self.commits += [(place.partition, place.offset) for place in offsets]

    def close(self) -> None:
        self.closed += 1

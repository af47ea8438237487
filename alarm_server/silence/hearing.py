"""For how long all telemetry was heard: a backlog and an outage of Kafka are no silence of satellites."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from telemetry_core.kafka.consumer_group import PartitionState

CAUGHT_UP_US: Final = 5_000_000
"""What waits for so long is a backlog; so often offsets are committed at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """For how long all telemetry was heard; times are microseconds since 1970 UTC."""

    since_us: int
    until_us: int


class Hearing:
    """For how long nothing waited in Kafka, whoever reads it: silence says nothing otherwise."""

    def __init__(self) -> None:
        #: By partition: an end that it had and when, since when it is heard, and until when.
        self._marks: dict[int, tuple[int, int]] = {}
        self._since_us: dict[int, int] = {}
        self._until_us: dict[int, int] = {}

    @property
    def span(self) -> Span | None:
        """None while something waits in a partition, or nothing is known."""
        if not self._marks or len(self._since_us) < len(self._marks):
            return None
        return Span(since_us=max(self._since_us.values()), until_us=min(self._until_us.values()))

    def clear(self) -> None:
        """Forget all: the partitions are gone, or Kafka is out of reach."""
        self._marks.clear()
        self._since_us.clear()
        self._until_us.clear()

    def update(self, partitions: Mapping[int, PartitionState], now_us: int) -> None:
        """Compare what the group has read with where the partitions end, and ended a while ago."""
        for number, state in partitions.items():
            end, marked_us = self._marks.setdefault(number, (state.end, now_us))
            if state.committed >= end:
                self._marks[number] = (state.end, now_us)
                self._until_us[number] = now_us if state.committed >= state.end else marked_us
                self._since_us.setdefault(number, now_us)
            elif now_us - marked_us > CAUGHT_UP_US:
                self._since_us.pop(number, None)

"""Which satellites fell silent: against their own usual interval, where telemetry is heard at all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from alarm_server.readings import Contact
from alarms.limit_tracks import usual_interval_us
from telemetry_core.contract.mission import GAP_NEIGHBOURS, Window
from telemetry_core.kafka.consumer_group import PartitionState

CAUGHT_UP_US: Final = 5_000_000
"""What waits for so long is a backlog; so often offsets are committed at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """When a satellite was last heard; times are microseconds since 1970 UTC."""

    #: Of its newest live sample set.
    generated_us: int
    received_us: int
    is_replayed: bool
    #: Usual one between its sample sets; 0 = unknown.
    interval_s: float = 0.0
    #: Generation times of its newest sample sets, ascending.
    times_us: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A satellite that is silent since its last live sample set."""

    satellite_id: str
    heard: Heard


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


def heard_again(before: Heard | None, contact: Contact) -> Heard:
    """Return what is known after one more sample set; a late one moves no time back."""
    earlier = before.times_us if before else ()
    times_us = tuple(sorted({*earlier, contact.generated_us}))[-(GAP_NEIGHBOURS + 1) :]
    return Heard(
        generated_us=max(contact.generated_us, before.generated_us if before else 0),
        received_us=max(contact.received_us, before.received_us if before else 0),
        is_replayed=contact.is_replayed,
        interval_s=usual_interval_us(times_us) / 1_000_000 or (before.interval_s if before else 0.0),
        times_us=times_us,
    )


def joined(mine: Heard | None, saved: Heard) -> Heard:
    """Return what is newer: another service may have heard the satellite since."""
    if mine is None:
        return saved
    if mine.received_us >= saved.received_us:
        return mine
    return replace(saved, times_us=mine.times_us)


def silences(heard: Mapping[str, Heard], window: Window, span: Span) -> Iterator[Silence]:
    """Yield the satellites that have been silent for longer than they may pause.

    What is replayed is over when it ends.
    """
    for satellite_id, last in heard.items():
        silent_us = span.until_us - max(last.received_us, span.since_us)
        if not last.is_replayed and silent_us > window.gap_s(last.interval_s) * 1_000_000:
            yield Silence(satellite_id=satellite_id, heard=last)

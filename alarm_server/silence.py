"""Which satellites fell silent: against their own usual interval, where telemetry is heard at all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from alarm_server.readings import Contact
from telemetry_core.contract.mission import GAP_INTERVALS, GAP_NEIGHBOURS, Window, usual_beside

CAUGHT_UP_US: Final = 5_000_000
"""A partition whose newest message is so young has nothing old that waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """When a satellite was last heard; times are microseconds since 1970 UTC."""

    #: Of its newest live sample set.
    generated_us: int
    received_us: int
    is_replayed: bool
    #: Usual one between its sample sets; 0 = unknown.
    interval_s: float = 0.0
    #: Partition of its newest message; None = it was heard by another service, or before a restart.
    partition: int | None = None
    #: Generation times of its newest sample sets, ascending.
    times_us: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A satellite that is silent since its last live sample set."""

    satellite_id: str
    heard: Heard


class Hearing:
    """Since when nothing of a partition has waited or was out of reach: silence before that says nothing."""

    def __init__(self) -> None:
        self._newest: dict[int, tuple[int, int]] = {}
        self._since_us: dict[int, int] = {}

    @property
    def since_us(self) -> Mapping[int, int]:
        """By partition, microseconds since 1970 UTC; without those of which something waits."""
        return self._since_us

    def note(self, partition: int, *, offset: int, received_us: int) -> None:
        """Note the newest message that was handled."""
        self._newest[partition] = (offset, received_us)

    def clear(self) -> None:
        """Forget all: the partitions are gone, or Kafka is out of reach."""
        self._newest.clear()
        self._since_us.clear()

    def update(self, ends: Mapping[int, int], now_us: int) -> None:
        """Compare with where the partitions end."""
        for partition, end in ends.items():
            offset, received_us = self._newest.get(partition, (end - 1, now_us))
            if offset + 1 >= end or now_us - received_us <= CAUGHT_UP_US:
                self._since_us.setdefault(partition, now_us)
            else:
                self._since_us.pop(partition, None)


def heard_again(before: Heard | None, contact: Contact, partition: int) -> Heard:
    """Return what is known after one more sample set; a late one moves no time back."""
    earlier = before.times_us if before else ()
    times_us = tuple(sorted({*earlier, contact.generated_us}))[-(GAP_NEIGHBOURS + 1) :]
    intervals = [later - first for first, later in pairwise(times_us)]
    known = usual_beside(intervals, len(intervals)) / 1_000_000 if len(intervals) >= GAP_INTERVALS else 0.0
    return Heard(
        generated_us=max(contact.generated_us, before.generated_us if before else 0),
        received_us=max(contact.received_us, before.received_us if before else 0),
        is_replayed=contact.is_replayed,
        interval_s=known or (before.interval_s if before else 0.0),
        partition=partition,
        times_us=times_us,
    )


def joined(mine: Heard | None, saved: Heard) -> Heard:
    """Return what is newer: another service may have heard the satellite since."""
    if mine is None:
        return saved
    if mine.received_us >= saved.received_us:
        return mine
    return replace(saved, partition=mine.partition, times_us=mine.times_us)


def silences(
    heard: Mapping[str, Heard], window: Window, *, hearing_since_us: Mapping[int, int], now_us: int
) -> Iterable[Silence]:
    """Yield the satellites that have been silent for longer than they may pause.

    `hearing_since_us` is that of `Hearing`. What is replayed is over when it ends.
    """
    latest_us = max(hearing_since_us.values(), default=now_us)
    for satellite_id, last in heard.items():
        since_us = latest_us if last.partition is None else hearing_since_us.get(last.partition, now_us)
        silent_us = now_us - max(last.received_us, since_us)
        if not last.is_replayed and silent_us > window.gap_s(last.interval_s) * 1_000_000:
            yield Silence(satellite_id=satellite_id, heard=last)

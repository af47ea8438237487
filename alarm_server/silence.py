"""Which satellites fell silent: against their own usual interval, while they can be heard at all."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from alarm_server.passes.plan import ContactPlan, Window
from alarm_server.readings import Contact
from alarms.limit_tracks import usual_interval_us
from telemetry_core.contract.messages import time_of
from telemetry_core.contract.mission import GAP_NEIGHBOURS
from telemetry_core.contract.mission import Window as Gaps
from telemetry_core.kafka.consumer_group import PartitionState

CAUGHT_UP_US: Final = 5_000_000
"""What waits for so long is a backlog; so often offsets are committed at least."""
NO_DATA: Final = "no_data"
SILENT_IN_PASS: Final = "silent_in_pass"  # noqa: S105 - a pass over a ground station


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

    def since(self, at_us: int) -> "Heard":
        """Return it as if something had been received at a time: the satellite may pause from then on."""
        return replace(self, received_us=max(self.received_us, at_us))


NEVER: Final = Heard(generated_us=0, received_us=0, is_replayed=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A satellite that is silent, and what was heard of it before."""

    satellite_id: str
    heard: Heard
    #: The pass in which it is; None: it has no plan for now.
    window: Window | None = None

    @property
    def reason(self) -> str:
        """Name the alarm's reason."""
        return SILENT_IN_PASS if self.window else NO_DATA

    @property
    def since_us(self) -> int:
        """Begin of the silence, or of the pass in which nothing was heard at all."""
        return max(self.heard.received_us, self.window.start_us if self.window else 0)

    @property
    def details(self) -> dict[str, Any] | None:
        """What the history tells of it."""
        if self.window is None:
            return None
        return {
            "pass_start": time_of(self.window.start_us).isoformat(),
            "pass_end": time_of(self.window.end_us).isoformat(),
            "ground_stations": list(self.window.ground_stations),
        }

    def is_told(self, standing_us: int | None) -> bool:
        """Tell whether an alarm that stands, the newest, since then, is about this silence."""
        return standing_us is not None and (self.window is None or standing_us >= self.window.start_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingSilence:
    """An alarm of silence that stands, since a reception or the begin of a pass."""

    satellite_id: str
    since_us: int


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


def silences(
    heard: Mapping[str, Heard], plans: Mapping[str, ContactPlan], gaps: Gaps, span: Span
) -> Iterator[Silence]:
    """Yield the satellites that have been silent for longer than they may pause.

    What is replayed is over when it ends. With a contact plan silence counts in passes alone.
    """
    for satellite_id, last in heard.items():
        if not last.is_replayed:
            yield from _silences(satellite_id, last, plans.get(satellite_id), gaps, span)
    for satellite_id in plans.keys() - heard.keys():
        yield from _silences(satellite_id, NEVER, plans[satellite_id], gaps, span)


def untold(found: Iterable[Silence], standing: Iterable[StandingSilence]) -> list[Silence]:
    """Return those of which no alarm tells that stands."""
    newest = dict(sorted((one.satellite_id, one.since_us) for one in standing))
    return [one for one in found if not one.is_told(newest.get(one.satellite_id))]


def ended(standing: Mapping[str, StandingSilence], heard: Mapping[str, Heard]) -> dict[str, Heard]:
    """Return the alarms that are over, by their names, with what was heard since."""
    return {
        alarm_id: last
        for alarm_id, one in standing.items()
        if (last := heard.get(one.satellite_id, NEVER)).received_us > one.since_us
    }


def _silences(
    satellite_id: str, last: Heard, plan: ContactPlan | None, gaps: Gaps, span: Span
) -> Iterator[Silence]:
    gap_us = round(gaps.gap_s(last.interval_s) * 1_000_000)
    for window in plan.windows if plan else ():
        due_us = window.due_us(heard_us=last.received_us, gap_us=gap_us, since_us=span.since_us)
        if due_us is not None and span.until_us > due_us:
            yield Silence(satellite_id=satellite_id, heard=last, window=window)
    if last == NEVER or (plan and plan.covers(span.until_us)):
        return
    ended_us = plan.ended_us(span.until_us) if plan else 0
    if span.until_us - max(last.received_us, span.since_us, ended_us) > gap_us:
        yield Silence(satellite_id=satellite_id, heard=last)

"""What fell silent, one alarm for each cause: pure. All times are microseconds since 1970 UTC."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from alarm_server.passes.plan import ContactPlan, Window
from alarm_server.silence.heard import Group, Heard, allowed_us
from alarm_server.silence.hearing import Span
from alarm_server.sources import WHOLE, Source
from telemetry_core.contract.messages import time_of
from telemetry_core.contract.mission import SATELLITE
from telemetry_core.contract.mission import Window as Gaps
from telemetry_core.contract.rules import Severity

NO_DATA: Final = "no_data"
SILENT_IN_PASS: Final = "silent_in_pass"  # noqa: S105 - a pass over a ground station
NEVER: Final = Heard(generated_us=0, received_us=0, is_replayed=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A satellite, a subsystem or a channel that is silent."""

    satellite_id: str
    source: Source = WHOLE
    #: When it was last heard; 0: never.
    received_us: int
    #: How long it usually pauses at most; 0: that is not known.
    usual_us: int
    #: The pass in which a satellite is; None: it has no plan for now.
    window: Window | None = None

    @property
    def subsystem(self) -> str:
        """Name the alarm's subsystem."""
        return self.source[0] or SATELLITE

    @property
    def channel(self) -> str | None:
        """Name the alarm's channel."""
        return self.source[1] or None

    @property
    def reason(self) -> str:
        """Name the alarm's reason: each channel has its own, so that it can be shelved alone."""
        if self.channel:
            return f"{self.channel}_{NO_DATA}"
        return SILENT_IN_PASS if self.window else NO_DATA

    @property
    def severity(self) -> Severity:
        """Of a part of a satellite less than of all of it."""
        if self.source == WHOLE:
            return Severity.DISTRESS
        return Severity.WATCH if self.channel else Severity.WARNING

    @property
    def since_us(self) -> int:
        """Begin of the silence, or of the pass in which nothing was heard at all."""
        return max(self.received_us, self.window.start_us if self.window else 0)

    @property
    def details(self) -> dict[str, Any] | None:
        """What the history tells of it."""
        details: dict[str, Any] = {"usual_pause_s": self.usual_us / 1_000_000} if self.usual_us else {}
        if self.window is not None:
            details |= {
                "pass_start": time_of(self.window.start_us).isoformat(),
                "pass_end": time_of(self.window.end_us).isoformat(),
                "ground_stations": list(self.window.ground_stations),
            }
        return details or None

    def is_told(self, standing_us: int | None) -> bool:
        """Tell whether an alarm that stands, the newest, since then, is about this silence."""
        return standing_us is not None and (self.window is None or standing_us >= self.window.start_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingSilence:
    """An alarm of silence that stands, since a reception or the begin of a pass."""

    satellite_id: str
    source: Source = WHOLE
    since_us: int


def silences(
    heard: Mapping[str, Heard], plans: Mapping[str, ContactPlan], gaps: Gaps, span: Span
) -> Iterator[Silence]:
    """Yield what has been silent for longer than it may pause.

    What is replayed is over when it ends. With a contact plan silence counts in passes alone.
    """
    for satellite_id, last in heard.items():
        if not last.is_replayed:
            yield from _silences(satellite_id, last, plans.get(satellite_id), gaps, span)
            if len(last.groups) > 1:
                yield from _silent_parts(satellite_id, last, plans.get(satellite_id), gaps, span)
    for satellite_id in plans.keys() - heard.keys():
        yield from _silences(satellite_id, NEVER, plans[satellite_id], gaps, span)


def untold(found: Iterable[Silence], standing: Iterable[StandingSilence]) -> list[Silence]:
    """Return those of which no alarm tells that stands."""
    newest = dict(sorted(((one.satellite_id, one.source), one.since_us) for one in standing))
    return [one for one in found if not one.is_told(newest.get((one.satellite_id, one.source)))]


def ended(
    standing: Mapping[str, StandingSilence], heard: Mapping[str, Heard], known: Collection[Source]
) -> dict[str, int]:
    """Return the alarms that are over, by their names, and when what they are about was heard again.

    Those of sources that the mission has no more end where they began.
    """
    found: dict[str, int] = {}
    for alarm_id, one in standing.items():
        received_us = heard.get(one.satellite_id, NEVER).received_us_of(one.source)
        if received_us > one.since_us:
            found[alarm_id] = received_us
        elif one.source not in known:
            found[alarm_id] = one.since_us
    return found


def _silences(
    satellite_id: str, last: Heard, plan: ContactPlan | None, gaps: Gaps, span: Span
) -> Iterator[Silence]:
    if plan is None and span.until_us - last.received_us <= gaps.max_gap_s * 1_000_000:
        return
    pauses = last.pauses_of(WHOLE)
    usual_us = pauses.usual_us if pauses else 0
    gap_us = round(gaps.gap_s(usual_us / 1_000_000) * 1_000_000)
    known = Silence(satellite_id=satellite_id, received_us=last.received_us, usual_us=usual_us)
    for window in plan.windows if plan else ():
        due_us = window.due_us(heard_us=last.received_us, gap_us=gap_us, since_us=span.since_us)
        if due_us is not None and span.until_us > due_us:
            yield replace(known, window=window)
    if last is NEVER or (plan and plan.covers(span.until_us)):
        return
    ended_us = plan.ended_us(span.until_us) if plan else 0
    if span.until_us - max(last.received_us, span.since_us, ended_us) > gap_us:
        yield known


def _silent_parts(
    satellite_id: str, last: Heard, plan: ContactPlan | None, gaps: Gaps, span: Span
) -> Iterator[Silence]:
    """Yield subsystems that are silent while the satellite is heard, and channels while their subsystem is.

    Only what goes on tells that something else does not: so a silent satellite is one alarm, and its last
    message none of the subsystems that it does not bring.
    """
    whole = last.pauses_of(WHOLE)
    if whole is None or (plan is not None and not plan.expects(whole.newest_us)):
        return
    for group in last.groups:
        if whole.newest_us - group.pauses.newest_us <= gaps.max_gap_s * 1_000_000:
            continue
        if not _is_known_to_come(group, gaps):
            continue
        for source in sorted(group.sources):
            subsystem, channel = source
            above = last.pauses_of((subsystem, "")) if channel else whole
            if above is None or above is group.pauses:
                continue
            pasts = group.pauses, above, whole
            allowed = max(allowed_us(past, gaps) for past in pasts)
            heard_us = max(group.pauses.newest_us, last.since_us)
            since_us = max(heard_us, above.resumed_us, whole.resumed_us, span.since_us)
            if min(above.newest_us, span.until_us) - since_us > allowed:
                yield Silence(
                    satellite_id=satellite_id,
                    source=source,
                    received_us=heard_us,
                    usual_us=group.pauses.usual_us,
                )


def _is_known_to_come(group: Group, gaps: Gaps) -> bool:
    """Tell whether it comes regularly, and came for longer than it must be silent."""
    pauses = group.pauses
    return pauses.is_regular and pauses.newest_us - pauses.first_us >= allowed_us(pauses, gaps)

"""What an alert is: episodes, their names, states and reasons. Pure; times are ms since 1970 UTC."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal

from operation_server.telemetry.victoria import Point
from telemetry_core.contract.mission import GAP_INTERVALS, SATELLITE_ID_PATTERN, Mission, Window, usual_beside
from telemetry_core.contract.rules import Rule
from telemetry_core.contract.step_times import channel_step_times

ANOMALY: Final = "anomaly"
"""Stands for the anomaly score where a rule's reason would stand."""
MAX_EPISODES: Final = 10_000
"""So many of the anomaly score, and of limits, are looked at for one list."""
HOLD: Final[Mapping[str, int]] = {"hold_ms": 60_000, "hold_intervals": GAP_INTERVALS}
"""An alert of a limit ends when no breach was seen for so long, and for so many of the usual intervals.

One that flaps at its limit is one alert at any cadence."""
ALERT_ID_PATTERN: Final = (
    r"^([a-z][a-z0-9_]{0,49})\.([a-z][a-z0-9_]{0,99})\.([0-9]{1,13})\.(" + SATELLITE_ID_PATTERN[1:-1] + ")$"
)

AlertState = Literal["unacknowledged", "acknowledged", "returned", "cleared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What an alert of a subsystem may be about: a rule's reason, or None for the anomaly score."""

    subsystem: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """Consecutive members of one sign and satellite."""

    satellite_id: str
    sign: Sign
    is_open: bool
    started_ms: int
    last_ms: int
    verdict_count: int = 0
    peak_score: float | None = None
    peak_job_id: str | None = None
    first_job_id: str | None = None
    newest_job_id: str | None = None
    #: The newest one, of what is known without verdicts or VictoriaMetrics.
    value: float | None = None

    @property
    def key(self) -> tuple[str, Sign]:
        """Name whose episode it is."""
        return self.satellite_id, self.sign

    @property
    def alert_id(self) -> str:
        """Name the episode by its start; any moment within it would find it too."""
        return alert_id_of(self.satellite_id, self.sign, self.started_ms)

    def contains(self, moment_ms: int) -> bool:
        """Tell whether a moment lies between the first and the newest member; an open one lasts until now."""
        return self.started_ms <= moment_ms and (self.is_open or moment_ms <= self.last_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a forecast said of one channel."""

    expected: float | None
    lower_90: float | None
    upper_90: float | None


def signs_of(mission: Mission) -> list[Sign]:
    """List what alerts of a mission may be about."""
    anomalies = [Sign(subsystem=name, reason=None) for name in mission.subsystems]
    return anomalies + [Sign(subsystem=name, reason=rule.reason) for name, rule in rules_of(mission)]


def rules_of(mission: Mission) -> Iterator[tuple[str, Rule]]:
    """Yield each rule with its subsystem."""
    for name, subsystem in mission.subsystems.items():
        for rule in subsystem.rules:
            yield name, rule


def alert_id_of(satellite_id: str, sign: Sign, moment_ms: int) -> str:
    """Write `<subsystem>.<reason>.<milliseconds>.<satellite>`: only the last part may hold dots."""
    return f"{sign.subsystem}.{sign.reason or ANOMALY}.{moment_ms}.{satellite_id}"


def parse_alert_id(alert_id: str) -> tuple[str, Sign, int]:
    """Return satellite, sign and moment; raise `ValueError` for what `alert_id_of` never writes."""
    match = re.fullmatch(ALERT_ID_PATTERN, alert_id)
    if match is None:
        raise ValueError(f"{alert_id!r} is no alert_id")
    subsystem, reason, moment_ms, satellite_id = match.groups()
    return (
        satellite_id,
        Sign(subsystem=subsystem, reason=None if reason == ANOMALY else reason),
        int(moment_ms),
    )


def state_of(*, is_open: bool, is_acknowledged: bool) -> AlertState:
    """Name the state as ISA-18.2 does."""
    if is_open:
        return "acknowledged" if is_acknowledged else "unacknowledged"
    return "cleared" if is_acknowledged else "returned"


def usual_interval_s(samples: Sequence[Point]) -> float:
    """How far apart the newest of a channel's samples usually are, in seconds; 0 of a single one."""
    intervals_ms = [round((later.time_s - earlier.time_s) * 1000) for earlier, later in pairwise(samples)]
    return usual_beside(intervals_ms, len(intervals_ms)) / 1000


def hold_s(samples: Sequence[Point]) -> float:
    """How long a channel's breach lasts without another one, in seconds."""
    return max(HOLD["hold_ms"] / 1000, HOLD["hold_intervals"] * usual_interval_s(samples))


def breach_run(rule: Rule, samples: Sequence[Point]) -> Sequence[Point]:
    """Return, in time order, the breaches that last until now: none was followed by a hold without one."""
    held_s = hold_s(samples)
    run: list[Point] = []
    for sample in samples:
        if rule.is_breached(sample.value):
            run.append(sample)
        elif run and sample.time_s - run[-1].time_s >= held_s:
            run = []
    return run


def expectations(forecast: Mapping[str, Any], moment_ms: int, limits: Window) -> dict[str, Expectation]:
    """Return, by channel, what a stored forecast said of the step nearest to a moment.

    A channel is left out where a gap lies between its nearest step and the moment: then nothing was said of
    that moment.
    """
    band = forecast["band"] or {}
    steps = {
        (place, channel): _nearest_step(forecast, channel, moment_ms / 1000, limits)
        for place, channel in enumerate(forecast["input_features"])
    }
    return {
        channel: Expectation(
            expected=_cell(forecast["predictions"], step, place),
            lower_90=_cell(band.get("lower"), step, place),
            upper_90=_cell(band.get("upper"), step, place),
        )
        for (place, channel), step in steps.items()
        if step is not None
    }


def _nearest_step(forecast: Mapping[str, Any], channel: str, moment_s: float, limits: Window) -> int | None:
    times = channel_step_times(forecast, channel)
    if not forecast["predictions"] or times is None:
        return None
    distances = [abs(time_s - moment_s) for time_s in times.all_s(len(forecast["predictions"]))]
    nearest = min(range(len(distances)), key=distances.__getitem__)
    return nearest if distances[nearest] <= limits.gap_s(times.interval_us / 1_000_000) else None


def _cell(table: Any, step: int, place: int) -> float | None:
    if not table or step >= len(table) or place >= len(table[step]):
        return None
    value: float | None = table[step][place]
    return value


def shares(contributions: Mapping[str, Mapping[str, float]], channels: Iterable[str]) -> dict[str, float]:
    """Return each channel's share of the score, highest first, then in the given order."""
    found = {name: sum(contributions.get(name, {}).values()) for name in channels}
    return dict(sorted(found.items(), key=lambda item: -item[1]))

"""`python -m alarm_server what-if NEW.yaml`: alarms of the limits before and after a change of the mission.

Each limit is compared with the samples that VictoriaMetrics has, in time order, by the rule of live alarms.
"""

import math
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import requests

from alarm_server.signs import measure_of
from alarms.delta_tracks import DeltaTrack, step_delta
from alarms.deltas import DeltaRule, Point
from alarms.limit_tracks import MIN_KEPT, Track, step
from alarms.occurrence_changes import Event, changes
from alarms.performance import ALARMS_PER_HOUR
from alarms.violation_runs import Sample
from telemetry_core.contract.errors import DependencyUnavailable, InvalidMission
from telemetry_core.contract.mission import Mission, metrics_by_channel
from telemetry_core.contract.rules import Rule
from telemetry_core.service.settings import Settings, load_mission
from telemetry_core.stored_samples import StoredSamples, Values
from telemetry_core.victoriametrics import DEPENDENCY

DAY_MS: Final = 86_400_000
PAGE_MS: Final = 6 * 3_600_000
LEAST_PAGE_MS: Final = 60_000


class Telemetry(Protocol):
    """Stored samples of satellites, as of `StoredSamples`."""

    def between(
        self, satellite_id: str, metrics: Iterable[str], *, start_ms: int, end_ms: int
    ) -> Mapping[str, Values] | None:
        """Return the samples of each metric between two times; None where they are too many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Telemetry of some satellites, from a time until another one, milliseconds since 1970 UTC."""

    telemetry: Telemetry
    satellites: Sequence[str]
    start_ms: int
    end_ms: int


Key = tuple[str, str, str]
"""Subsystem, channel, reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A rule as a mission has it, with what it reads."""

    rule: Rule
    #: Metric of the rule's channel and of each of its context, None where VictoriaMetrics stores none.
    metrics: Mapping[str, str | None]
    #: Values of the rule's channel that are none.
    missing: frozenset[float] = frozenset()
    #: As of its sign.
    measure: DeltaRule | None = None
    is_on_change: bool = False

    @property
    def problem(self) -> str | None:
        """Say why stored telemetry does not tell its alarms; None: it does."""
        unstored = [channel for channel, metric in self.metrics.items() if metric is None]
        if unstored:
            return f"metrics has no entry for {', '.join(unstored)}"
        if self.rule.change and self.is_on_change:
            return f"{self.rule.channel} is sent on change, and when its value held is not stored"
        return None


def limits_of(mission: Mission) -> dict[Key, Limit]:
    """Return the rules of a mission."""
    metrics = metrics_by_channel(mission)
    return {
        (name, rule.channel, rule.reason): Limit(
            rule=rule,
            metrics={channel: metrics.get((name, channel)) for channel in _channels(rule)},
            missing=frozenset(mission.fill_values(name, rule.channel)),
            measure=measure_of(mission, name, rule),
            is_on_change=subsystem.channels[rule.channel].reporting == "on_change",
        )
        for name, subsystem in mission.subsystems.items()
        for rule in subsystem.rules
    }


def _channels(rule: Rule) -> list[str]:
    return [rule.channel, *(condition.channel for condition in rule.when)]


class RaisedAlarms:
    """Counts the alarms of a limit, sample by sample in time order.

    Clear samples far from any violation are passed over: those that a hold is measured by are kept.
    """

    def __init__(self, limit: Limit) -> None:
        self.count = 0
        self._rule = limit.rule
        self._missing = limit.missing
        self._measure = limit.measure
        self._deltas = DeltaTrack()
        self._track = Track()
        self._value = math.nan
        self._passed: deque[tuple[Sample, bool]] = deque(maxlen=MIN_KEPT)

    def add(self, at_us: int, values: Mapping[str, float]) -> None:
        """Take the values of one time by channel; outside the rule's context the last one holds."""
        present = {name: values.get(name, math.nan) for name in _channels(self._rule)}
        is_in_context = self._rule.is_in_context(present)
        value = present[self._rule.channel]
        value = math.nan if value in self._missing else value
        self._value = self._value if math.isnan(value) else value
        if is_in_context is None or math.isnan(self._value) or (is_in_context and math.isnan(value)):
            return
        if self._measure is not None:
            point = Point(at_us=at_us, value=self._value, is_in_context=is_in_context)
            self._deltas = step_delta(self._deltas, self._measure, point)
            self._advance(self._deltas.whole)
            return
        sample = Sample(at_us=at_us, value=self._value)
        is_breached = is_in_context and self._rule.is_breached(sample.value)
        if not self._track.has_violations and not is_breached:
            self._passed.append((sample, is_in_context))
            return
        for each, is_compared in (*self._passed, (sample, is_in_context)):
            self._advance(step(self._track, self._rule, each, is_in_context=is_compared))
        self._passed.clear()

    def _advance(self, stepped: Track) -> None:
        events = [change.event for change in changes(self._track, stepped)]
        self.count += events.count(Event.RAISED) - events.count(Event.WITHDRAWN)
        self._track = stepped


def stored(
    past: Past, satellite_id: str, metrics: Mapping[str, str]
) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield times in order with the values of some channels, given with their metrics; read page by page."""
    page_ms, start_ms = PAGE_MS, past.start_ms
    while start_ms < past.end_ms:
        until_ms = min(start_ms + page_ms, past.end_ms)
        page = past.telemetry.between(satellite_id, metrics.values(), start_ms=start_ms, end_ms=until_ms - 1)
        if page is None:
            if page_ms <= LEAST_PAGE_MS:
                names = ", ".join(metrics.values())
                raise DependencyUnavailable(DEPENDENCY, f"a minute holds more samples of {names} than a page")
            page_ms //= 2
            continue
        by_time: dict[int, dict[str, float]] = {}
        for channel, metric in metrics.items():
            for at_us, value in page.get(metric, {}).items():
                by_time.setdefault(at_us, {})[channel] = value
        yield from sorted(by_time.items(), key=lambda item: item[0])
        start_ms = until_ms


def counted(past: Past, limit: Limit) -> int:
    """Count the alarms of a limit, all of whose channels are stored, over all satellites."""
    metrics = {channel: metric for channel, metric in limit.metrics.items() if metric is not None}
    count = 0
    for satellite_id in past.satellites:
        alarms = RaisedAlarms(limit)
        for at_us, values in stored(past, satellite_id, metrics):
            alarms.add(at_us, values)
        count += alarms.count
    return count


def comparison(counts: Mapping[str, tuple[int, int]], *, days: float, satellites: int) -> str:
    """Lay out the alarms of each limit, and those of all beside what one operator can act on."""
    lines = [f"{f'alarms of {days:g} days, {satellites} satellites':44} {'before':>9} {'after':>9}"]
    lines += [f"{name:44} {before:9} {after:9}" for name, (before, after) in counts.items()]
    before, after = sum(pair[0] for pair in counts.values()), sum(pair[1] for pair in counts.values())
    lines.append(f"{'these limits, per day':44} {before / days:9.2f} {after / days:9.2f}")
    hours = days * 24
    lines.append(f"{'these limits, per operator and hour':44} {before / hours:9.2f} {after / hours:9.2f}")
    lines.append(
        f"EEMUA 191: at most {ALARMS_PER_HOUR:g} an hour for one operator, alarms of all kinds together"
    )
    return "\n".join(lines)


def compared(
    past: Past, before: Mapping[Key, Limit], after: Mapping[Key, Limit]
) -> dict[str, tuple[int, int]]:
    """Count the alarms of each limit before and after a change, by its name; say how far it is."""
    counts: dict[str, tuple[int, int]] = {}
    for key in dict.fromkeys((*before, *after)):
        name, pair = f"{key[0]} {key[2]}", (before.get(key), after.get(key))
        problem = next((limit.problem for limit in pair if limit is not None and limit.problem), None)
        if problem is not None:
            print(f"{name} is left out: {problem}", file=sys.stderr)
            continue
        print(f"{name}: reading {len(past.satellites)} satellites", file=sys.stderr)
        old, new = pair
        before_count = counted(past, old) if old else 0
        if old == new:
            counts[name] = before_count, before_count
        else:
            counts[f"{name} (changed)"] = before_count, counted(past, new) if new else 0
    return counts


def run(new: Path, *, against: Path, days: float, settings: Settings) -> int:
    """Print the comparison; return the exit status."""
    try:
        before, after = load_mission(against), load_mission(new)
    except InvalidMission as error:
        sys.exit(f"Mission refused:\n{error}")
    telemetry = StoredSamples(settings.victoria_metrics_url)
    end_ms = round(time.time() * 1000)
    start_ms = end_ms - round(days * DAY_MS)
    try:
        satellites = telemetry.satellites(start_ms=start_ms, end_ms=end_ms)
        if not satellites:
            print(f"No telemetry of the last {days:g} days is stored", file=sys.stderr)
            return 1
        past = Past(telemetry=telemetry, satellites=satellites, start_ms=start_ms, end_ms=end_ms)
        counts = compared(past, limits_of(before), limits_of(after))
    except DependencyUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    except requests.HTTPError as error:
        print(f"VictoriaMetrics refused: {error.response.text[:200].strip()}", file=sys.stderr)
        return 1
    print(comparison(counts, days=days, satellites=len(satellites)))
    return 0

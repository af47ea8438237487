"""`python -m alarm_server what-if NEW.yaml`: alarms of the limits before and after a change of the mission.

Each limit is compared with the samples that VictoriaMetrics has, in time order, as live ones are.
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

from alarms.limit_tracks import MIN_KEPT, Track, occurrences, step
from alarms.occurrence_changes import Event, changes
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
EEMUA_PER_HOUR: Final = 6.0
"""EEMUA 191: one alarm in ten minutes is what an operator can act on."""


class Telemetry(Protocol):
    """Stored samples of satellites, as of `StoredSamples`."""

    def between(
        self, satellite_id: str, metrics: Iterable[str], *, start_ms: int, end_ms: int
    ) -> Mapping[str, Values] | None:
        """Return the samples of each metric between two times; None where they are too many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A rule of a subsystem before and after a change; None = there is none."""

    subsystem: str
    before: Rule | None
    after: Rule | None
    #: Metric of each channel that the two read, None of one that VictoriaMetrics does not store.
    metrics: Mapping[str, str | None]

    @property
    def name(self) -> str:
        """Subsystem and reason, as alarms have them."""
        rule = self.after or self.before
        return f"{self.subsystem} {'' if rule is None else rule.reason}"

    @property
    def stored_as(self) -> Mapping[str, str]:
        """Metric of each channel that is stored."""
        return {channel: metric for channel, metric in self.metrics.items() if metric is not None}

    @property
    def is_stored(self) -> bool:
        """Tell whether all that the two read is stored."""
        return None not in self.metrics.values()

    @property
    def is_changed(self) -> bool:
        """Tell whether the two differ."""
        return self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Alarms that a limit raised."""

    limit: Limit
    before: int
    after: int


def limits_of(before: Mission, after: Mission) -> list[Limit]:
    """Pair the rules of two missions by subsystem, channel and reason."""
    rules_before, rules_after = _rules(before), _rules(after)
    metrics = metrics_by_channel(before) | metrics_by_channel(after)
    found = []
    for key in dict.fromkeys((*rules_before, *rules_after)):
        rules = rules_before.get(key), rules_after.get(key)
        channels = {name for rule in rules if rule is not None for name in _channels(rule)}
        read = {channel: metrics.get((key[0], channel)) for channel in sorted(channels)}
        found.append(Limit(subsystem=key[0], before=rules[0], after=rules[1], metrics=read))
    return found


def _channels(rule: Rule) -> list[str]:
    return [rule.channel, *(condition.channel for condition in rule.when)]


class RaisedAlarms:
    """Counts the alarms of a limit, sample by sample in time order.

    Clear samples far from any violation are passed over: those that a hold is measured by are kept.
    """

    def __init__(self, rule: Rule) -> None:
        self.count = 0
        self._rule = rule
        self._track = Track()
        self._value = math.nan
        self._passed: deque[tuple[Sample, bool]] = deque(maxlen=MIN_KEPT)

    def add(self, at_us: int, values: Mapping[str, float]) -> None:
        """Take the values of one time by channel; outside the rule's context the last one holds."""
        present = {name: values.get(name, math.nan) for name in _channels(self._rule)}
        is_in_context = self._rule.is_in_context(present)
        value = present[self._rule.channel]
        self._value = self._value if math.isnan(value) else value
        if is_in_context is None or math.isnan(self._value) or (is_in_context and math.isnan(value)):
            return
        sample = Sample(at_us=at_us, value=self._value)
        is_breached = is_in_context and self._rule.is_breached(sample.value)
        if not self._track.has_violations and not is_breached:
            self._passed.append((sample, is_in_context))
            return
        for each, is_compared in (*self._passed, (sample, is_in_context)):
            stepped = step(self._track, self._rule, each, is_in_context=is_compared)
            events = [change.event for change in changes(occurrences(self._track), occurrences(stepped))]
            self.count += events.count(Event.RAISED) - events.count(Event.WITHDRAWN)
            self._track = stepped
        self._passed.clear()


def stored(
    telemetry: Telemetry, satellite_id: str, metrics: Mapping[str, str], *, start_ms: int, end_ms: int
) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield times in order with the values of some channels, given with their metrics; read page by page."""
    page_ms = PAGE_MS
    while start_ms < end_ms:
        until_ms = min(start_ms + page_ms, end_ms)
        page = telemetry.between(satellite_id, metrics.values(), start_ms=start_ms, end_ms=until_ms - 1)
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


def counted(
    telemetry: Telemetry,
    limits: Sequence[Limit],
    satellites: Sequence[str],
    *,
    start_ms: int,
    end_ms: int,
) -> list[Count]:
    """Count the alarms of each limit over all satellites."""
    before, after = [0] * len(limits), [0] * len(limits)
    for number, satellite_id in enumerate(satellites, start=1):
        for place, limit in enumerate(limits):
            samples = stored(telemetry, satellite_id, limit.stored_as, start_ms=start_ms, end_ms=end_ms)
            rules = {rule: RaisedAlarms(rule) for rule in (limit.before, limit.after) if rule is not None}
            for at_us, values in samples:
                for alarms in rules.values():
                    alarms.add(at_us, values)
            before[place] += rules[limit.before].count if limit.before else 0
            after[place] += rules[limit.after].count if limit.after else 0
        print(f"{number} of {len(satellites)} satellites read", file=sys.stderr)
    return [
        Count(limit=limit, before=old, after=new)
        for limit, old, new in zip(limits, before, after, strict=True)
    ]


def comparison(counts: Sequence[Count], *, days: float, satellites: int) -> str:
    """Lay out the alarms of each limit, and those of all beside what one operator can act on."""
    lines = [f"{f'alarms of {days:g} days, {satellites} satellites':44} {'before':>9} {'after':>9}"]
    for count in counts:
        mark = " (changed)" if count.limit.is_changed else ""
        lines.append(f"{count.limit.name + mark:44} {count.before:9} {count.after:9}")
    before, after = sum(count.before for count in counts), sum(count.after for count in counts)
    lines.append(f"{'all limits, per day':44} {before / days:9.2f} {after / days:9.2f}")
    hours = days * 24
    lines.append(f"{'all limits, per operator and hour':44} {before / hours:9.2f} {after / hours:9.2f}")
    lines.append(
        f"EEMUA 191: at most {EEMUA_PER_HOUR:g} an hour for one operator, alarms of all kinds together"
    )
    return "\n".join(lines)


def _rules(mission: Mission) -> Mapping[tuple[str, str, str], Rule]:
    return {
        (name, rule.channel, rule.reason): rule
        for name, subsystem in mission.subsystems.items()
        for rule in subsystem.rules
    }


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
        limits = limits_of(before, after)
        for limit in limits:
            if not limit.is_stored:
                print(
                    f"{limit.name} is left out: the mission's metrics name none of its channel",
                    file=sys.stderr,
                )
        compared = [limit for limit in limits if limit.is_stored]
        counts = counted(telemetry, compared, satellites, start_ms=start_ms, end_ms=end_ms)
    except DependencyUnavailable as error:
        print(f"{error}; try again when it answers", file=sys.stderr)
        return 1
    except requests.HTTPError as error:
        print(f"VictoriaMetrics refused: {error.response.text[:200].strip()}", file=sys.stderr)
        return 1
    print(comparison(counts, days=days, satellites=len(satellites)))
    return 0

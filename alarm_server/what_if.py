"""`python -m alarm_server what-if NEW.yaml`: alarms of the limits before and after a change of the mission.

Each limit is compared with the samples that VictoriaMetrics has, in time order, as live ones are.
"""

import sys
import time
from collections import Counter, deque
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
    metric: str
    before: Rule | None
    after: Rule | None

    @property
    def name(self) -> str:
        """Subsystem and reason, as alarms have them."""
        rule = self.after or self.before
        return f"{self.subsystem} {'' if rule is None else rule.reason}"

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
    """Pair the rules of two missions by subsystem, channel and reason, without those of unstored channels."""
    rules_before, rules_after = _rules(before), _rules(after)
    metrics = metrics_by_channel(before) | metrics_by_channel(after)
    return [
        Limit(
            subsystem=subsystem,
            metric=metrics[subsystem, channel],
            before=rules_before.get((subsystem, channel, reason)),
            after=rules_after.get((subsystem, channel, reason)),
        )
        for subsystem, channel, reason in dict.fromkeys((*rules_before, *rules_after))
        if (subsystem, channel) in metrics
    ]


class RaisedAlarms:
    """Counts the alarms of a limit, sample by sample in time order.

    Clear samples far from any violation are passed over: those that a hold is measured by are kept.
    """

    def __init__(self, rule: Rule) -> None:
        self.count = 0
        self._rule = rule
        self._track = Track()
        self._passed: deque[Sample] = deque(maxlen=MIN_KEPT)

    def add(self, sample: Sample) -> None:
        """Take the next sample."""
        if not self._track.has_violations and not self._rule.is_breached(sample.value):
            self._passed.append(sample)
            return
        for each in (*self._passed, sample):
            stepped = step(self._track, self._rule, each)
            events = [change.event for change in changes(occurrences(self._track), occurrences(stepped))]
            self.count += events.count(Event.RAISED) - events.count(Event.WITHDRAWN)
            self._track = stepped
        self._passed.clear()


def stored(
    telemetry: Telemetry, satellite_id: str, metric: str, *, start_ms: int, end_ms: int
) -> Iterator[Sample]:
    """Yield the samples of one channel in time order, read page by page."""
    page_ms = PAGE_MS
    while start_ms < end_ms:
        until_ms = min(start_ms + page_ms, end_ms)
        page = telemetry.between(satellite_id, [metric], start_ms=start_ms, end_ms=until_ms - 1)
        if page is None:
            if page_ms <= LEAST_PAGE_MS:
                raise DependencyUnavailable(
                    "victoria-metrics", f"more samples of {metric} in a minute than fit into a page"
                )
            page_ms //= 2
            continue
        for at_us, value in page.get(metric, {}).items():
            yield Sample(at_us=at_us, value=value)
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
    before, after = Counter[Limit](), Counter[Limit]()
    for number, satellite_id in enumerate(satellites, start=1):
        for limit in limits:
            samples = stored(telemetry, satellite_id, limit.metric, start_ms=start_ms, end_ms=end_ms)
            rules = {rule: RaisedAlarms(rule) for rule in (limit.before, limit.after) if rule is not None}
            for sample in samples:
                for alarms in rules.values():
                    alarms.add(sample)
            before[limit] += rules[limit.before].count if limit.before else 0
            after[limit] += rules[limit.after].count if limit.after else 0
        print(f"{number} of {len(satellites)} satellites read", file=sys.stderr)
    return [Count(limit=limit, before=before[limit], after=after[limit]) for limit in limits]


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
        counts = counted(telemetry, limits_of(before, after), satellites, start_ms=start_ms, end_ms=end_ms)
    except DependencyUnavailable as error:
        print(f"{error}; try again when it answers", file=sys.stderr)
        return 1
    except requests.HTTPError as error:
        print(f"VictoriaMetrics refused: {error.response.text[:200].strip()}", file=sys.stderr)
        return 1
    print(comparison(counts, days=days, satellites=len(satellites)))
    return 0

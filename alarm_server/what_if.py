"""`python -m alarm_server what-if NEW.yaml`: alarms of the limits before and after the mission changes."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import requests

from alarms.performance import ALARMS_PER_HOUR
from alarms.what_if.comparison import compared, metrics_of
from alarms.what_if.limits import Key, Limit, Values, limits_of
from telemetry_core.contract.errors import DependencyUnavailable, InvalidMission
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.rules import DEFAULT_SET
from telemetry_core.limits.changes import Limits, SetSwitch
from telemetry_core.limits.in_force import LimitsInForce
from telemetry_core.postgres.database import open_pool
from telemetry_core.postgres.roles import as_service
from telemetry_core.service.settings import Settings, load_mission
from telemetry_core.stored_samples import StoredSamples

DAY_MS: Final = 86_400_000
TELL_EVERY_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Telemetry of some satellites, from a time until another one, milliseconds since 1970 UTC."""

    telemetry: StoredSamples
    satellites: Sequence[str]
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of one limit over all satellites."""

    samples: int
    before: int
    after: int


def changes_of(past: Past, before: Limits, after: Limits) -> dict[str, Counts]:
    """Count the alarms of each limit before and after a change, by its name; say how far it is."""
    counts: dict[str, Counts] = {}
    olds, news = limits_by_satellite(past, before), limits_by_satellite(past, after)
    for key in dict.fromkeys((*limits_of(before.file), *limits_of(after.file))):
        pairs = [(old.get(key), new.get(key)) for old, new in zip(olds, news, strict=True)]
        is_changed = any(old != new for old, new in pairs)
        name = f"{key[0]} {key[2]}" + (" (changed)" if is_changed else "")
        told = (limit.problem for pair in pairs for limit in pair if limit is not None)
        if problem := next(filter(None, told), None):
            print(f"{name} is left out: {problem}", file=sys.stderr)
            continue
        counts[name] = counted(past, name, pairs)
    return counts


def limits_by_satellite(past: Past, limits: Limits) -> list[dict[Key, Limit]]:
    """Return what is compared with each satellite's telemetry, by the limit set that it uses."""
    found = {name: limits_of(mission) for name, mission in limits.missions.items()}
    return [found[limits.set_of(satellite_id)] for satellite_id in past.satellites]


def counted(past: Past, name: str, pairs: Sequence[tuple[Limit | None, Limit | None]]) -> Counts:
    """Count the alarms of a limit, all of whose channels are stored, over all satellites."""
    progress = Progress(name, past)
    found = [
        compared(progress.read(place, metrics_of(old, new)), old, new)
        for place, (old, new) in enumerate(pairs)
    ]
    progress.tell(len(past.satellites))
    return Counts(
        samples=sum(one.samples for one in found),
        before=sum(len(one.before) for one in found),
        after=sum(len(one.after) for one in found),
    )


class Progress:
    """Reads a limit's telemetry and says from time to time how far it is."""

    def __init__(self, name: str, past: Past) -> None:
        self._name, self._past = name, past
        self._told_s = time.monotonic()

    def read(self, place: int, metrics: set[str]) -> Iterator[Mapping[str, Values]]:
        """Yield what is stored of one of the satellites, page by page."""
        past = self._past
        satellite_id, span_ms = past.satellites[place], past.end_ms - past.start_ms
        for page in past.telemetry.pages(satellite_id, metrics, start_ms=past.start_ms, end_ms=past.end_ms):
            yield page.values
            if time.monotonic() >= self._told_s + TELL_EVERY_S:
                self.tell(place + (page.until_ms - past.start_ms) / span_ms)

    def tell(self, satellites: float) -> None:
        """Write one line: so many of the satellites, in part the last one, are read."""
        self._told_s = time.monotonic()
        print(f"{self._name}: {satellites:.4g} of {len(self._past.satellites)} satellites", file=sys.stderr)


def table(counts: Mapping[str, Counts], *, days: float, satellites: int) -> str:
    """Lay out the alarms of each limit, and those of all beside what one operator can act on."""
    lines = [
        f"{f'alarms of {days:g} days, {satellites} satellites':44} {'samples':>11} {'before':>9} {'after':>9}"
    ]
    lines += [f"{name:44} {one.samples:11} {one.before:9} {one.after:9}" for name, one in counts.items()]
    before, after = sum(one.before for one in counts.values()), sum(one.after for one in counts.values())
    lines.append(f"{'these limits, per day':56} {before / days:9.2f} {after / days:9.2f}")
    hours = days * 24
    lines.append(f"{'these limits, per operator and hour':56} {before / hours:9.2f} {after / hours:9.2f}")
    lines.append(
        f"EEMUA 191: at most {ALARMS_PER_HOUR:g} an hour for one operator, alarms of all kinds together"
    )
    return "\n".join(lines)


def used_sets(file: Mission, settings: Settings) -> list[SetSwitch]:
    """Read which satellite uses which limit set now; say so where PostgreSQL does not tell."""
    with closing(open_pool(as_service(settings, "alarm-server"), max_connections=1)) as pool:
        in_force = LimitsInForce(file, pool)
        try:
            in_force.look()
        except DependencyUnavailable as error:
            print(f"{error}; all satellites are compared by limit set {DEFAULT_SET}", file=sys.stderr)
    return list(in_force.limits.switches.values())


def run(new: Path, *, against: Path, days: float, settings: Settings) -> int:
    """Print the comparison; return the exit status."""
    try:
        files = load_mission(against), load_mission(new)
    except InvalidMission as error:
        sys.exit(f"Mission refused:\n{error}")
    telemetry = StoredSamples(settings.victoria_metrics_url)
    end_ms = round(time.time() * 1000)
    start_ms = end_ms - round(days * DAY_MS)
    try:
        satellites = telemetry.satellites(start_ms=start_ms, end_ms=end_ms)
        past = Past(telemetry=telemetry, satellites=satellites, start_ms=start_ms, end_ms=end_ms)
        has_sets = satellites and any(file.limit_sets for file in files)
        switches = used_sets(files[0], settings) if has_sets else []
        before, after = (Limits.of(file).after((), switches) for file in files)
        counts = changes_of(past, before, after) if satellites else {}
    except DependencyUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    except requests.HTTPError as error:
        print(f"VictoriaMetrics refused: {error.response.text[:200].strip()}", file=sys.stderr)
        return 1
    if not satellites or (counts and not any(one.samples for one in counts.values())):
        print(f"No telemetry of the last {days:g} days is stored", file=sys.stderr)
        return 1
    print(table(counts, days=days, satellites=len(satellites)))
    return 0

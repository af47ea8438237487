"""`python -m alarm_server what-if NEW.yaml`: alarms of the limits before and after the mission changes."""

import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from alarms.what_if.limits import Key, Limit, limits_of
from alarms.what_if.table import Counts, counts_of, table
from alarms.what_if.trial import DAY_MS, Span, tried
from telemetry_core.contract.errors import DependencyUnavailable, InvalidMission, QuestionRefused
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.rules import DEFAULT_SET
from telemetry_core.limits.changes import Limits, SetSwitch
from telemetry_core.limits.in_force import LimitsInForce
from telemetry_core.postgres.database import open_pool
from telemetry_core.postgres.roles import as_service
from telemetry_core.service.settings import Settings, load_mission
from telemetry_core.stored_samples import StoredSamples

TELL_EVERY_S: Final = 5.0


def changes_of(telemetry: StoredSamples, span: Span, before: Limits, after: Limits) -> dict[str, Counts]:
    """Count the alarms of each limit before and after a change, by its name; say how far it is."""
    counts: dict[str, Counts] = {}
    olds, news = limits_by_satellite(span, before), limits_by_satellite(span, after)
    for key in dict.fromkeys((*limits_of(before.file), *limits_of(after.file))):
        pairs = {name: (olds[name].get(key), news[name].get(key)) for name in span.satellites}
        is_changed = any(old != new for old, new in pairs.values())
        name = f"{key[0]} {key[2]}" + (" (changed)" if is_changed else "")
        problems = (limit.problem for pair in pairs.values() for limit in pair if limit is not None)
        if problem := next(filter(None, problems), None):
            print(f"{name} is left out: {problem}", file=sys.stderr)
            continue
        progress = Progress(name, len(span.satellites))
        found = tried(telemetry, span, pairs.__getitem__, progress)
        progress.tell(len(span.satellites))
        counts[name] = counts_of(found)
    return counts


def limits_by_satellite(span: Span, limits: Limits) -> dict[str, dict[Key, Limit]]:
    """Return what is compared with each satellite's telemetry, by the limit set that it uses."""
    found = {name: limits_of(mission) for name, mission in limits.missions.items()}
    return {satellite_id: found[limits.set_of(satellite_id)] for satellite_id in span.satellites}


class Progress:
    """Says from time to time how far the reading of a limit's telemetry is."""

    def __init__(self, name: str, satellites: int) -> None:
        self._name, self._satellites = name, satellites
        self._told_s = time.monotonic()

    def __call__(self, _samples: int, read: float) -> None:
        """Take that so many of the satellites, in part the last one, are read."""
        if time.monotonic() >= self._told_s + TELL_EVERY_S:
            self.tell(read)

    def tell(self, read: float) -> None:
        """Write one line of it."""
        self._told_s = time.monotonic()
        print(f"{self._name}: {read:.4g} of {self._satellites} satellites", file=sys.stderr)


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
        span = Span(satellites=satellites, start_ms=start_ms, end_ms=end_ms)
        has_sets = satellites and any(file.limit_sets for file in files)
        switches = used_sets(files[0], settings) if has_sets else []
        before, after = (Limits.of(file).after((), switches) for file in files)
        counts = changes_of(telemetry, span, before, after) if satellites else {}
    except (DependencyUnavailable, QuestionRefused) as error:
        print(error, file=sys.stderr)
        return 1
    if not satellites or (counts and not any(one.samples for one in counts.values())):
        print(f"No telemetry of the last {days:g} days is stored", file=sys.stderr)
        return 1
    print(table(counts, days=days, satellites=len(satellites)))
    return 0

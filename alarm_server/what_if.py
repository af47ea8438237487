"""`python -m alarm_server what-if NEW.yaml`: alarms of the limits before and after the mission changes."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from alarms.what_if.limits import Key, Limit, limits_of
from alarms.what_if.table import Counts, counts_of, table
from alarms.what_if.trial import DAY_MS, Span, tried
from telemetry_core.contract.errors import DependencyUnavailable, InvalidMission, QuestionRefused
from telemetry_core.service.settings import Settings, load_mission
from telemetry_core.stored_samples import StoredSamples

TELL_EVERY_S: Final = 5.0


def changes_of(
    telemetry: StoredSamples, span: Span, before: Mapping[Key, Limit], after: Mapping[Key, Limit]
) -> dict[str, Counts]:
    """Count the alarms of each limit before and after a change, by its name; say how far it is."""
    counts: dict[str, Counts] = {}
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key), after.get(key)
        name = f"{key[0]} {key[2]}" + ("" if old == new else " (changed)")
        problem = next((limit.problem for limit in (old, new) if limit is not None and limit.problem), None)
        if problem is not None:
            print(f"{name} is left out: {problem}", file=sys.stderr)
            continue
        progress = Progress(name, len(span.satellites))
        found = tried(telemetry, span, old, new, progress)
        progress.tell(len(span.satellites))
        counts[name] = counts_of(found)
    return counts


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
        span = Span(satellites=satellites, start_ms=start_ms, end_ms=end_ms)
        counts = changes_of(telemetry, span, limits_of(before), limits_of(after)) if satellites else {}
    except (DependencyUnavailable, QuestionRefused) as error:
        print(error, file=sys.stderr)
        return 1
    if not satellites or (counts and not any(one.samples for one in counts.values())):
        print(f"No telemetry of the last {days:g} days is stored", file=sys.stderr)
        return 1
    print(table(counts, days=days, satellites=len(satellites)))
    return 0

"""`python -m operation_server.what_if --threshold SCORE`: anomalies by another threshold."""

import argparse
import math
import sys
from collections.abc import Mapping, Sequence

from alarms.what_if.comparison import Comparison
from alarms.what_if.table import counts_of, table
from alarms.what_if.trial import Span
from operation_server.http.parameters import RETENTION
from operation_server.what_if.answer import answer
from operation_server.what_if.schemas import TrialAnswer
from operation_server.what_if.thresholds import ANOMALY, StoredVerdicts, tried_threshold
from operation_server.what_if.trial_routes import last_days
from scoring.alert_rule import ENOUGH_SCORE
from telemetry_core.contract.errors import DependencyUnavailable, InvalidMission
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.roles import as_service
from telemetry_core.service.command_line import end_with
from telemetry_core.service.settings import Settings, load_mission

Trials = Mapping[str, tuple[TrialAnswer, Mapping[str, Comparison]]]
"""By subsystem."""


def tried(pool: Pool, subsystems: Sequence[str], threshold: float, days: float) -> Trials:
    """Try a threshold on each subsystem, over all satellites; say how far it is."""
    start_ms, end_ms = last_days(days)
    found = {}
    for subsystem in subsystems:
        verdicts = StoredVerdicts(pool=pool, subsystem=subsystem)
        span = Span(satellites=verdicts.satellites(start_ms=start_ms), start_ms=start_ms, end_ms=end_ms)
        comparisons = tried_threshold(verdicts, span, threshold, lambda _read, _of: None)
        print(f"{subsystem}: {len(comparisons)} satellites", file=sys.stderr)
        with transaction(pool) as connection:
            found[subsystem] = answer(connection, (subsystem, ANOMALY), span, comparisons), comparisons
    return found


def told(trials: Trials, threshold: float, days: float) -> str:
    """Lay out what came of it, and what operators had called the anomalies."""
    satellites = {one.satellite_id for found, _ in trials.values() for one in found.satellites}
    counts = {f"{name} anomaly": counts_of(comparisons) for name, (_, comparisons) in trials.items()}
    laid = table(counts, days=days, satellites=len(satellites), tried="anomalies", of="verdicts")
    called = [
        f"{f'{name}: of {one.count} called {one.feedback}':56} {one.before:9} {one.after:9}"
        for name, (found, _) in trials.items()
        for one in found.feedback
    ]
    missed = [
        f"missed by {threshold:g}: {alarm.alarm_id}"
        for found, _ in trials.values()
        for alarm in found.missed.alarms
    ]
    more = sum(found.missed.count - len(found.missed.alarms) for found, _ in trials.values())
    return "\n".join([laid, *called, *missed, *([f"and {more} more"] if more else [])])


def main() -> int:
    """Print the comparison; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m operation_server.what_if", description=__doc__)
    parser.add_argument("--threshold", type=_threshold, required=True, help="scores above it are anomalous")
    parser.add_argument("--days", type=_days, default=7.0, help="of stored verdicts, up to now; 7")
    given = parser.parse_args()
    settings = Settings()
    try:
        mission = load_mission(settings.mission_file)
    except InvalidMission as error:
        sys.exit(f"Mission refused:\n{error}")
    pool = open_pool(as_service(settings, "operation-server"), max_connections=1, application_name="what-if")
    try:
        trials = tried(pool, list(mission.subsystems), given.threshold, given.days)
    except DependencyUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    if not any(one.samples for found, _ in trials.values() for one in found.satellites):
        print(f"No verdicts of the last {given.days:g} days are stored", file=sys.stderr)
        return 1
    print(told(trials, given.threshold, given.days))
    return 0


def _threshold(text: str) -> float:
    most = math.nextafter(ENOUGH_SCORE, 0)
    return _number(text, most, f"a score above 0 and below {ENOUGH_SCORE}, of which one verdict is enough")


def _days(text: str) -> float:
    most = RETENTION.days
    return _number(text, most, f"a number above 0, at most {most}, as long as verdicts are kept")


def _number(text: str, most: float, wanted: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= most:
        raise argparse.ArgumentTypeError(f"{text}: {wanted}")
    return number


if __name__ == "__main__":
    end_with(main)

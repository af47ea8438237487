"""Alerts read back from the alarm service: verdicts are committed, and its process is killed amid them.

It is the product's process, over a PostgreSQL of its own and without Kafka; the logins are the services'.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

from alarm_server.anomalies.projection import AnomalyProjection
from alarm_server.service import SERVICE
from benchmarks.detection.alarm_service.commits import Batch, batches_of, delivered
from benchmarks.detection.evaluation.alerts import Alert, Key, Verdicts, by_rule
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.roles import as_service
from telemetry_core.postgres.store import save_inferences, select
from telemetry_core.service.settings import Settings
from testbed.postgres_server import migrated_template, private_database, running_server
from testbed.processes import environment_of, running
from testbed.supervised import wait_until

NOBODY: Final = "127.0.0.1:9"
ALONE: Final = {
    "KAFKA_BOOTSTRAP_SERVERS": NOBODY,
    "OPERATION_SERVER_URL": f"http://{NOBODY}",
    "METRICS_PORT": "0",
}
WITHIN_S: Final = 900.0
SELECT_ALARMS: Final = """
SELECT satellite_id, subsystem, started_at, raised_at, last_at, returned_at, violations FROM ops.alarms
WHERE kind = 'anomaly' AND NOT is_withdrawn ORDER BY started_at
"""


class AlarmsDifferError(Exception):
    """The alarms are not what the rule makes of the verdicts."""


@contextmanager
def server() -> Iterator[Settings]:
    """Run a PostgreSQL; yield a migrated database that is copied for each reading."""
    with running_server() as settings:
        yield migrated_template(settings)


def read_back(template: Settings, verdicts: Verdicts) -> dict[Key, list[Alert]]:
    """The alerts that the alarm service keeps of verdicts.

    Args:
        template: A migrated database.
        verdicts: Each satellite's id occurs once.

    Raises:
        AlarmsDifferError: They are not those of the rule.
    """
    with private_database(template, template.postgres_db) as settings:
        batches = batches_of(verdicts)
        if batches:
            commit_through_a_kill(settings, batches)
        found = alarms(settings)
    require_equal(found, verdicts)
    return found


def told(verdicts: int, alarms: int) -> str:
    """Say in a report what was read back."""
    return f"alerts read back from ops.alarms: {alarms} of {verdicts} verdicts, identical to the rule's"


def commit_through_a_kill(settings: Settings, batches: Sequence[Batch]) -> None:
    """Return when the alarm service, killed halfway, has read all that was committed."""
    values = environment_of(settings, **ALONE)
    order = delivered(batches)
    middle = len(order) // 2
    total = sum(len(batch.rows) for batch in batches)
    with ExitStack() as opened:
        log = Path(opened.enter_context(tempfile.TemporaryDirectory())) / "log"
        workers = opened.enter_context(pool_of(settings, "analysis-server"))
        projection = AnomalyProjection(opened.enter_context(pool_of(settings, SERVICE)))
        service = opened.enter_context(running("alarm_server", values, log))
        saved = commit(workers, order[:1])
        wait_until(lambda: projection.cursor().relayed, "the first verdicts are read", within_s=WITHIN_S)
        saved += commit(workers, order[1 : middle + 1])
        service.kill()
        opened.enter_context(running("alarm_server", values, log))
        saved += commit(workers, order[middle + 1 :])
        if saved != total:
            raise AlarmsDifferError(f"{saved} rows saved of {total} verdicts")
        wait_until(
            lambda: projection.cursor().relayed == total and not projection.unfinished(),
            "all verdicts are read",
            within_s=WITHIN_S,
        )


@contextmanager
def pool_of(settings: Settings, service: str) -> Iterator[Pool]:
    with closing(open_pool(as_service(settings, service), max_connections=1)) as pool:
        yield pool


def commit(pool: Pool, batches: Sequence[Batch]) -> int:
    """Save each batch in a transaction of its own; return how many rows were new."""
    changed = 0
    for batch in batches:
        with transaction(pool) as connection:
            changed += save_inferences(connection, batch.jobs, batch.rows).changed
    return changed


def alarms(settings: Settings) -> dict[Key, list[Alert]]:
    """Read `ops.alarms` as the operation server may."""
    with pool_of(settings, "operation-server") as pool, transaction(pool) as connection:
        rows = select(connection, SELECT_ALARMS)
    found: dict[Key, list[Alert]] = {}
    for row in rows:
        alert = Alert(
            started_us=microseconds_of(row["started_at"]),
            raised_us=microseconds_of(row["raised_at"]),
            last_us=microseconds_of(row["last_at"]),
            ended_us=None if row["returned_at"] is None else microseconds_of(row["returned_at"]),
            verdicts=row["violations"],
        )
        found.setdefault((row["satellite_id"], row["subsystem"]), []).append(alert)
    return found


def require_equal(found: dict[Key, list[Alert]], verdicts: Verdicts) -> None:
    """Compare alarms with the rule's alerts, to the microsecond.

    Raises:
        AlarmsDifferError: They differ; the message names the first of them.
    """
    expected = by_rule(verdicts)
    differing = [key for key in {**expected, **found} if found.get(key, []) != expected.get(key, [])]
    if differing:
        first = differing[0]
        raise AlarmsDifferError(
            f"alarms of {len(differing)} of {len(expected)} satellites' subsystems differ; of {first}"
            f" ops.alarms has {found.get(first, [])}, the rule makes {expected.get(first, [])}"
        )

"""`python -m kafka_inference_trigger.reconcile FROM TO`: judges telemetry whose tasks were lost.

Computes from Kafka once more, as the trigger did, which jobs the rules demand of what was received from FROM
to TO, and sends those of their subsystems that PostgreSQL has no row of. Tasks that still wait in a queue are
sent a second time; the first row of each wins, so that this changes nothing.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from kafka_inference_trigger import QUERIES
from kafka_inference_trigger.batches import PlannedJob, plan_tasks
from kafka_inference_trigger.dispatch import batch_publisher, send_batches
from kafka_inference_trigger.trigger import SERVICE, InferenceTrigger
from kafka_inference_trigger.windows.telemetry_windows import look_back_s
from telemetry_core.contract.errors import PlatformError
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.tasks import InferenceBatch
from telemetry_core.kafka.look_back import read_since
from telemetry_core.kafka.records import MAX_BATCH, Record
from telemetry_core.limits.changes import Limits
from telemetry_core.limits.in_force import LimitsInForce
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.store import select
from telemetry_core.rabbitmq import celery_app
from telemetry_core.service.command_line import MOMENT_HELP, end_with, moment_of
from telemetry_core.service.settings import Settings, load_mission

Key = tuple[str, str]
"""Job id and subsystem."""


def demanded(
    records: Iterable[Record], trigger: InferenceTrigger, *, from_us: int, to_us: int
) -> Iterator[list[PlannedJob]]:
    """Yield the jobs that messages received in that time demand; earlier messages fill the windows."""
    remaining = (record for record in records if record.received_us <= to_us)
    while chunk := list(islice(remaining, MAX_BATCH)):
        trigger.fill(record for record in chunk if record.received_us < from_us)
        yield trigger.plan([record for record in chunk if record.received_us >= from_us]).jobs


def without_rows(jobs: Iterable[PlannedJob], present: Collection[Key]) -> list[PlannedJob]:
    """Keep only the missing parts of each job: whole jobs, or some of their subsystems."""
    missing = [
        replace(
            planned,
            windows={
                name: window
                for name, window in planned.windows.items()
                if (planned.job.job_id, name) not in present
            },
        )
        for planned in jobs
    ]
    return [planned for planned in missing if planned.windows]


def reconcile(
    chunks: Iterable[Sequence[PlannedJob]],
    *,
    satellite_id: str | None,
    find_rows: Callable[[list[str]], set[Key]],
    send: Callable[[list[PlannedJob]], None],
) -> Counter[str]:
    """Send jobs without rows, each once; return how many subsystem inferences were sent, by satellite."""
    counts: Counter[str] = Counter()
    sent: set[Key] = set()
    for chunk in chunks:
        jobs = [job for job in chunk if satellite_id in {None, job.job.satellite_id}]
        missing = without_rows(jobs, sent | find_rows([job.job.job_id for job in jobs]))
        send(missing)
        sent.update((planned.job.job_id, name) for planned in missing for name in planned.windows)
        for planned in missing:
            counts[planned.job.satellite_id] += len(planned.windows)
    return counts


def main() -> None:
    """Print which jobs of a time range are missing, and send them."""
    parser = argparse.ArgumentParser(prog="reconcile", description=__doc__)
    parser.add_argument("first", metavar="FROM", type=moment_of, help=MOMENT_HELP)
    parser.add_argument("last", metavar="TO", type=moment_of)
    parser.add_argument("--satellite", help="of this one only")
    parser.add_argument("--dry-run", action="store_true", help="print what would be sent, and send nothing")
    options = parser.parse_args()
    settings = Settings()
    try:
        pool = open_pool(settings, max_connections=1, application_name="reconcile")
        in_force = LimitsInForce(load_mission(settings.mission_file), pool)
        in_force.look()
        limits = in_force.limits
        counts = reconcile(
            _chunks(settings, limits, microseconds_of(options.first), microseconds_of(options.last)),
            satellite_id=options.satellite,
            find_rows=_row_finder(pool),
            send=(lambda _: None) if options.dry_run else _sender(settings, limits.file),
        )
    except PlatformError as error:
        sys.exit(str(error))
    verb = "would be sent" if options.dry_run else "were sent"
    for satellite, count in sorted(counts.items()):
        print(f"{satellite}: {count} subsystem inferences had no row and {verb}")  # noqa: T201 - its answer
    if not counts:
        print("Nothing is missing")  # noqa: T201


def _chunks(settings: Settings, limits: Limits, from_us: int, to_us: int) -> Iterator[list[PlannedJob]]:
    trigger = InferenceTrigger(limits.file, topic=settings.kafka_topic, clock=lambda: datetime.now(UTC))
    trigger.compare_with(limits)
    records = read_since(settings, since_us=from_us - int(look_back_s(limits.file.window) * 1_000_000))
    return demanded(records, trigger, from_us=from_us, to_us=to_us)


def _row_finder(pool: Pool) -> Callable[[list[str]], set[Key]]:
    def find(job_ids: list[str]) -> set[Key]:
        with transaction(pool) as connection:
            found = select(connection, QUERIES["rows_of_jobs"], {"job_ids": job_ids})
        return {(row["job_id"], row["subsystem"]) for row in found}

    return find


def _sender(settings: Settings, mission: Mission) -> Callable[[list[PlannedJob]], None]:
    publish_batch = batch_publisher(celery_app(SERVICE, settings))

    def send(jobs: list[PlannedJob]) -> None:
        send_batches(plan_tasks(mission, jobs), publish_batch, name_unsendable)

    return send


def name_unsendable(batch: InferenceBatch, error: Exception) -> None:
    """Print which job could not be sent, and why."""
    name = f"{batch.subsystem} of job {batch.jobs[0].job.job_id}"
    print(f"{name} can't be sent: {type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    end_with(main)

"""Deleting expired jobs while others are saved: time of a batch, and of a writer beside it."""

import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

from benchmarks.platform.figures import Distribution, Figure, Section
from benchmarks.platform.postgres.row_store import connect
from benchmarks.platform.postgres.summary_views import fill
from housekeeping.retention import BATCH, JobRetention
from telemetry_core.contract.inferences import Job, JobStatus, SubsystemInference, Verdict
from telemetry_core.postgres.database import open_pool, transaction
from telemetry_core.postgres.store import save_inferences
from telemetry_core.service.settings import Settings

MIDDLE = "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY completed_at) FROM inference_jobs"
PAUSE_S = 0.02
"""Between two saved jobs of the writer beside it."""


def sections(settings: Settings, *, jobs: int) -> list[Section]:
    """Fill `settings.postgres_db`, the benchmark's own, and delete half of it."""
    with closing(connect(settings)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            fill(cursor, jobs)
            cursor.execute(MIDDLE)
            (middle,) = cursor.fetchone() or (None,)
    assert isinstance(middle, datetime)
    alone_ms = saving_ms(settings, threading.Event(), count=200)
    stop = threading.Event()
    beside_ms: list[float] = []
    writer = threading.Thread(target=lambda: beside_ms.extend(saving_ms(settings, stop)))
    writer.start()
    started_s = time.monotonic()
    batches_ms = deletion_ms(settings, before=middle.replace(tzinfo=UTC))
    elapsed_s = time.monotonic() - started_s
    stop.set()
    writer.join()
    rate = Figure(name="jobs deleted, without the pauses", unit="jobs/s", values=[jobs / 2 / elapsed_s])
    return [
        Section(
            title=f"Retention: {jobs // 2} of {jobs} jobs with 4 verdicts each",
            explanation=f"{BATCH} jobs a transaction; the writer saves one job each {PAUSE_S * 1000:.0f} ms.",
            lines=[
                Distribution(name="one batch of deletions", unit="ms", samples=batches_ms),
                Distribution(name="saving a job, nothing beside it", unit="ms", samples=alone_ms),
                Distribution(name="saving a job beside the deletions", unit="ms", samples=beside_ms),
            ],
        ),
        Section(title="Retention: rate", explanation="One process.", lines=[rate]),
    ]


def deletion_ms(settings: Settings, *, before: datetime) -> list[float]:
    """Delete all that was completed before a time; return how long each transaction took."""
    pool = open_pool(settings, max_connections=1)
    retention = JobRetention(pool, JobStatus.COMPLETED, 1, clock=lambda: before + timedelta(days=1))
    times_ms = []
    has_more = True
    while has_more:
        started_s = time.monotonic()
        has_more = retention.delete_batch()
        times_ms.append((time.monotonic() - started_s) * 1000)
    pool.close()
    return times_ms


def saving_ms(settings: Settings, stop: threading.Event, count: int | None = None) -> list[float]:
    """Save jobs one after another as a worker does; return how long each took."""
    pool = open_pool(settings, max_connections=1)
    times_ms: list[float] = []
    while not stop.is_set() and len(times_ms) != count:
        job, row = job_with_verdict(f"bench-{time.monotonic_ns()}", datetime.now(UTC))
        started_s = time.monotonic()
        with transaction(pool) as connection:
            save_inferences(connection, [job], [row])
        times_ms.append((time.monotonic() - started_s) * 1000)
        stop.wait(PAUSE_S)
    pool.close()
    return times_ms


def job_with_verdict(job_id: str, now: datetime) -> tuple[Job, SubsystemInference]:
    job = Job(
        job_id=job_id, satellite_id="SAT-001", source="kafka_auto_trigger", trigger_reason="periodic_check",
        total_subsystems=1, created_at=now,
    )  # fmt: skip
    row = SubsystemInference(
        job_id=job_id, subsystem="eps", model_name="lstm_timeseries", model_version="1",
        status=JobStatus.COMPLETED, verdict=Verdict.NOMINAL, input_data={"samples": 64},
        input_features=("battery_voltage",), started_at=now, completed_at=now, predictions=[[4.0]],
    )  # fmt: skip
    return job, row

"""Retention on a real PostgreSQL: what is old goes with all that hangs on it, and nobody waits for that."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from housekeeping.retention import BATCH, JobRetention, retention_chores
from telemetry_core.contract.inferences import JobStatus
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import revise_inferences, save_inferences
from telemetry_core.service.settings import Settings
from tests.integration.postgres.saving import inference, job

pytestmark = pytest.mark.integration

NOW = datetime(2025, 12, 31, 12, tzinfo=UTC)


def save(pool: Pool, prefix: str, count: int, *, age_days: float, **changes: Any) -> None:
    names = [f"{prefix}-{number:06d}" for number in range(count)]
    moment = NOW - timedelta(days=age_days)
    with transaction(pool) as connection:
        save_inferences(
            connection,
            [job(name, total_subsystems=1, created_at=moment) for name in names],
            [inference(name, started_at=moment, completed_at=moment, **changes) for name in names],
        )


def retention(pool: Pool, status: JobStatus = JobStatus.COMPLETED, days: float = 30) -> JobRetention:
    return JobRetention(pool, status, days, clock=lambda: NOW)


def kept(pool: Pool) -> list[str]:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT split_part(job_id, '-', 1) FROM inference_jobs ORDER BY 1")
        return [name for (name,) in cursor]


def count(pool: Pool, table: str) -> int:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        ((found,),) = cursor.fetchall()
        return int(found)


def test_only_jobs_of_the_state_and_beyond_the_age_are_deleted_with_their_rows(pool: Pool) -> None:
    save(pool, "old", 3, age_days=30.1)
    save(pool, "young", 2, age_days=29.9)
    save(pool, "failed", 2, age_days=40, status=JobStatus.FAILED)
    assert not retention(pool).delete_batch()
    assert kept(pool) == ["failed", "young"]
    assert count(pool, "subsystem_inferences") == 4
    assert not retention(pool, JobStatus.FAILED, 7).delete_batch()
    assert kept(pool) == ["young"]


def test_many_jobs_of_one_instant_go_batch_by_batch(pool: Pool) -> None:
    save(pool, "old", 2 * BATCH + 1, age_days=31)
    chore = retention(pool)
    assert [chore.delete_batch() for _ in range(3)] == [True, True, False]
    assert count(pool, "inference_jobs") == 0


def test_job_in_a_workers_hands_is_passed_over_and_deleted_later(pool: Pool) -> None:
    save(pool, "old", 3, age_days=31)
    with transaction(pool) as worker:
        with worker.cursor() as cursor:
            cursor.execute("SELECT 1 FROM inference_jobs WHERE job_id = 'old-000001' FOR UPDATE")
        assert not retention(pool).delete_batch()
        assert count(pool, "inference_jobs") == 1
    retention(pool).delete_batch()
    assert count(pool, "inference_jobs") == 0


def test_open_jobs_are_never_deleted_for_their_age(pool: Pool) -> None:
    moment = NOW - timedelta(days=400)
    with transaction(pool) as connection:
        save_inferences(
            connection,
            [job("open-1", total_subsystems=2, created_at=moment)],
            [inference("open-1", started_at=moment, completed_at=moment)],
        )
    for status in (JobStatus.COMPLETED, JobStatus.FAILED):
        retention(pool, status, 1).delete_batch()
    assert kept(pool) == ["open"]


def test_replaced_verdicts_and_used_keys_go_by_their_own_age(pool: Pool) -> None:
    now = datetime.now(UTC)
    jobs = [job("new-1", total_subsystems=1, created_at=now)]
    with transaction(pool) as connection:
        save_inferences(connection, jobs, [inference("new-1", input_data={"sha256": "a"})])
        revise_inferences(connection, jobs, [inference("new-1", input_data={"sha256": "b"})])
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO ops.idempotency_keys (idempotency_key, request_sha256, job_id)"
                " VALUES ('used', repeat('a', 64), 'new-1')"
            )
    chores = {chore.name: chore for chore in retention_chores(pool, Settings(retention_completed_days=30))}
    for name in ("revisions", "idempotency keys"):
        assert not chores[name].work()
    assert (count(pool, "ops.revised_inferences"), count(pool, "ops.idempotency_keys")) == (1, 1)
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE ops.revised_inferences SET revised_at = revised_at - interval '31 days'")
        cursor.execute("UPDATE ops.idempotency_keys SET created_at = created_at - interval '25 hours'")
    for name in ("revisions", "idempotency keys"):
        assert not chores[name].work()
    assert (count(pool, "ops.revised_inferences"), count(pool, "ops.idempotency_keys")) == (0, 0)

"""Saving verdicts on a real PostgreSQL."""

import time
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from operation_server.inference.pending_job import PendingInput, create_pending_job
from telemetry_core.contract.inferences import Verdict
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import SavedCounts, save_inferences, save_results
from tests.integration.postgres.saving import NOW, SUBSYSTEMS, failed, fetch, inference, job, run_all, save

pytestmark = pytest.mark.integration
JOB_STATE = "SELECT status, total_subsystems, completed_subsystems FROM inference_jobs"


def test_job_stays_processing_until_its_last_subsystem_is_saved(pool: Pool) -> None:
    one = job()
    save(pool, [one], [inference(one.job_id, name) for name in SUBSYSTEMS[:3]])
    assert fetch(pool, JOB_STATE) == [("processing", 4, 3)]
    save(pool, [one], [inference(one.job_id, SUBSYSTEMS[3])])
    assert fetch(pool, JOB_STATE) == [("completed", 4, 4)]


def test_redelivered_task_leaves_one_row(pool: Pool) -> None:
    one = job(total_subsystems=1)
    assert save(pool, [one], [inference(one.job_id)]) == SavedCounts(changed=1, duplicates=0)
    before = (
        fetch(pool, "SELECT * FROM subsystem_inferences"),
        fetch(pool, "SELECT xmin, * FROM inference_jobs"),
    )
    again = inference(one.job_id, anomaly_score=0.9, completed_at=NOW + timedelta(hours=1))
    assert save(pool, [one], [again]) == SavedCounts(changed=0, duplicates=1)
    assert before == (
        fetch(pool, "SELECT * FROM subsystem_inferences"),
        fetch(pool, "SELECT xmin, * FROM inference_jobs"),
    )


def test_limit_that_a_later_part_of_a_sample_set_breaks_takes_the_place_of_the_periodic_check(
    pool: Pool,
) -> None:
    reasons = "SELECT trigger_reason, trigger_reasons FROM inference_jobs"
    periodic: dict[str, Any] = {"trigger_reason": "periodic_check", "trigger_reasons": ("periodic_check",)}
    first, second = job(total_subsystems=1, **periodic), job(total_subsystems=2)
    save(pool, [first], [inference(first.job_id, "thermal")])
    assert fetch(pool, reasons) == [("periodic_check", ["periodic_check"])]
    save(pool, [second], [inference(second.job_id, "eps")])
    assert fetch(pool, reasons) == [("low_battery", ["low_battery"])]
    assert fetch(pool, JOB_STATE) == [("completed", 2, 2)]
    save(pool, [job(total_subsystems=3, **periodic)], [inference(first.job_id, "comm")])
    assert fetch(pool, reasons) == [("low_battery", ["low_battery"])]


def test_failed_subsystem_fails_its_job_with_the_reason(pool: Pool) -> None:
    one = job(total_subsystems=2)
    save(pool, [one], [failed(one.job_id, "eps"), inference(one.job_id, "comm")])
    assert fetch(pool, JOB_STATE) == [("failed", 2, 1)]
    assert fetch(pool, "SELECT error_message FROM inference_jobs") == [("eps: model gone",)]


def test_failure_never_overwrites_a_completed_row(pool: Pool) -> None:
    one = job(total_subsystems=1)
    save(pool, [one], [inference(one.job_id)])
    save(pool, [one], [failed(one.job_id)])
    assert fetch(pool, JOB_STATE) == [("completed", 1, 1)]
    assert fetch(pool, "SELECT status, error_message FROM subsystem_inferences") == [("completed", None)]


def test_redrive_completes_a_failed_row_and_clears_the_reason(pool: Pool) -> None:
    one = job(total_subsystems=1)
    save(pool, [one], [failed(one.job_id)])
    assert save(pool, [one], [inference(one.job_id)]).changed == 1
    assert fetch(pool, JOB_STATE) == [("completed", 1, 1)]
    assert fetch(pool, "SELECT error_message FROM inference_jobs") == [(None,)]


def test_batch_that_repeats_a_row_keeps_the_completed_one(pool: Pool) -> None:
    one = job(total_subsystems=1)
    counts = save(pool, [one, one], [failed(one.job_id), inference(one.job_id), failed(one.job_id)])
    assert counts == SavedCounts(changed=1, duplicates=2)
    assert fetch(pool, JOB_STATE) == [("completed", 1, 1)]


def test_creation_time_of_the_first_dispatch_is_kept(pool: Pool) -> None:
    one = job()
    save(pool, [one], [inference(one.job_id, "eps")])
    save(pool, [job(created_at=NOW + timedelta(hours=1))], [inference(one.job_id, "comm")])
    assert fetch(pool, "SELECT created_at FROM inference_jobs") == [(NOW.replace(tzinfo=None),)]


def test_completion_never_lies_before_creation(pool: Pool) -> None:
    one = job(total_subsystems=1)
    early = NOW - timedelta(seconds=5)
    save(pool, [one], [inference(one.job_id, started_at=early, completed_at=early)])
    assert fetch(pool, "SELECT completed_at >= created_at FROM inference_jobs") == [(True,)]
    assert fetch(pool, "SELECT completed_at >= created_at FROM subsystem_inferences") == [(True,)]


@pytest.mark.parametrize("verdict", [Verdict.WARMING_UP, Verdict.LEARNING])
def test_what_is_not_judged_is_unknown_not_nominal(pool: Pool, verdict: Verdict) -> None:
    one = job(total_subsystems=1)
    save(
        pool,
        [one],
        [inference(one.job_id, verdict=verdict, anomaly_score=None, anomaly_detected=None)],
    )
    assert fetch(
        pool, "SELECT status, verdict, anomaly_score, anomaly_detected FROM subsystem_inferences"
    ) == [("completed", verdict, None, None)]


def test_inference_of_a_job_outside_the_batch_is_refused(pool: Pool) -> None:
    with pytest.raises(ValueError, match="not in the batch: other"):
        save(pool, [job()], [inference("other")])


def test_same_batch_saved_by_two_workers_at_once_counts_once(pool: Pool) -> None:
    jobs = [job(f"kafka-SAT-001-{1761827696000 + n}") for n in range(50)]
    rows = [inference(one.job_id, name) for one in jobs for name in SUBSYSTEMS]
    shuffled = list(reversed(jobs)), list(reversed(rows))
    run_all([lambda: save(pool, jobs, rows), lambda: save(pool, *shuffled)] * 3)
    assert fetch(
        pool, "SELECT DISTINCT status, total_subsystems, completed_subsystems FROM inference_jobs"
    ) == [("completed", 4, 4)]
    assert fetch(pool, "SELECT count(*) FROM subsystem_inferences") == [(200,)]


def test_four_subsystems_saved_at_once_complete_each_job(pool: Pool) -> None:
    jobs = [job(f"kafka-SAT-001-{1761827696000 + n}") for n in range(100)]

    def save_one(name: str) -> None:
        save(pool, jobs, [inference(one.job_id, name) for one in jobs])

    run_all([partial(save_one, name) for name in SUBSYSTEMS])
    assert fetch(pool, "SELECT DISTINCT status, completed_subsystems FROM inference_jobs") == [
        ("completed", 4)
    ]
    assert fetch(pool, "SELECT count(*) FROM inference_jobs") == [(100,)]


def test_changed_row_is_new_to_ordered_readers(pool: Pool) -> None:
    one = job(total_subsystems=1)
    save(pool, [one], [failed(one.job_id)])
    ((first,),) = fetch(pool, "SELECT xact::text::bigint FROM subsystem_inferences")
    save(pool, [one], [inference(one.job_id)])
    ((second,),) = fetch(pool, "SELECT xact::text::bigint FROM subsystem_inferences")
    assert second > first


def test_pending_job_is_completed_by_its_verdict(pool: Pool) -> None:
    one = job("f47ac10b-58cc-4372-a567-0e02b2c3d479", total_subsystems=1)
    series = PendingInput(
        subsystem="series", model_name="lstm_timeseries", input_data=[1.0], input_features=()
    )
    with transaction(pool) as connection:
        create_pending_job(connection, one, [series])
    assert fetch(pool, JOB_STATE) == [("pending", 1, 0)]
    assert fetch(pool, "SELECT status, predictions FROM inference_results") == [("pending", None)]
    early = NOW - timedelta(seconds=1)
    row = inference(one.job_id, "series", predictions=[1.0], completed_at=early, started_at=early)
    with transaction(pool) as connection:
        save_inferences(connection, [one], [row])
        save_results(connection, [one], [row])
    assert fetch(pool, JOB_STATE) == [("completed", 1, 1)]
    assert fetch(pool, "SELECT status, predictions, completed_at >= created_at FROM inference_results") == [
        ("completed", [1.0], True)
    ]


def test_result_of_a_completed_series_is_final(pool: Pool) -> None:
    one = job(total_subsystems=1)
    with transaction(pool) as connection:
        save_inferences(connection, [one], [inference(one.job_id, "series")])
        save_results(connection, [one], [inference(one.job_id, "series", predictions=[1.0])])
        save_results(connection, [one], [failed(one.job_id, "series")])
    assert fetch(pool, "SELECT status, predictions, error_message FROM inference_results") == [
        ("completed", [1.0], None)
    ]


def test_deleting_a_job_leaves_no_orphan(pool: Pool) -> None:
    one = job(total_subsystems=1)
    with transaction(pool) as connection:
        save_inferences(connection, [one], [inference(one.job_id)])
        save_results(connection, [one], [inference(one.job_id)])
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM inference_jobs")
    assert fetch(
        pool, "SELECT (SELECT count(*) FROM subsystem_inferences), count(*) FROM inference_results"
    ) == [(0, 0)]


@pytest.mark.benchmark
def test_batch_of_200_jobs_is_timed(pool: Pool) -> None:
    durations_ms = []
    for batch in range(6):
        jobs = [job(f"kafka-SAT-001-{1761827696000 + batch * 1000 + n}") for n in range(200)]
        rows = [inference(one.job_id) for one in jobs]
        started = time.perf_counter()
        save(pool, jobs, rows)
        durations_ms.append((time.perf_counter() - started) * 1000)
    print(f"200 jobs a batch, ms: {', '.join(f'{duration:.1f}' for duration in durations_ms)}")

"""A row that is computed again keeps what it said before."""

import pytest

from telemetry_core.contract.inferences import SubsystemInference
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import SavedCounts, revise_inferences
from tests.integration.postgres.saving import failed, fetch, inference, job, save

pytestmark = pytest.mark.integration


def revise(pool: Pool, rows: list[SubsystemInference]) -> SavedCounts:
    with transaction(pool) as connection:
        return revise_inferences(connection, [job(total_subsystems=1)], rows)


def test_revision_replaces_a_completed_row_and_keeps_what_it_said(pool: Pool) -> None:
    job_id = job().job_id
    save(pool, [job(total_subsystems=1)], [inference(job_id, input_data={"sha256": "old"})])
    revised = inference(job_id, input_data={"sha256": "new"}, anomaly_score=0.9, anomaly_detected=True)
    assert revise(pool, [revised]).changed == 1
    rows = fetch(pool, "SELECT anomaly_score::float, anomaly_detected FROM subsystem_inferences")
    assert rows == [(0.9, True)]
    kept = fetch(
        pool, "SELECT job_id, subsystem, (before->>'anomaly_score')::float FROM ops.revised_inferences"
    )
    assert kept == [(job_id, "eps", 0.612)]
    assert fetch(pool, "SELECT status, completed_subsystems FROM inference_jobs") == [("completed", 1)]


def test_revision_of_an_unchanged_window_changes_nothing(pool: Pool) -> None:
    job_id = job().job_id
    save(pool, [job(total_subsystems=1)], [inference(job_id, input_data={"sha256": "same"})])
    assert revise(pool, [inference(job_id, input_data={"sha256": "same"}, anomaly_score=0.9)]).changed == 0
    assert fetch(pool, "SELECT count(*) FROM ops.revised_inferences") == [(0,)]


def test_failed_revision_replaces_nothing(pool: Pool) -> None:
    job_id = job().job_id
    save(pool, [job(total_subsystems=1)], [inference(job_id, input_data={"sha256": "old"})])
    assert revise(pool, [failed(job_id)]).changed == 0
    assert fetch(pool, "SELECT status FROM subsystem_inferences") == [("completed",)]


def test_revision_of_a_job_without_rows_creates_them(pool: Pool) -> None:
    assert revise(pool, [inference(job().job_id, input_data={"sha256": "new"})]).changed == 1

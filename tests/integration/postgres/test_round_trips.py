"""Whatever a client may post is stored, and what is read back is what was made storable of it."""

import os
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from operation_server.inference.pending_job import PendingInput, create_pending_job
from telemetry_core.contract.inferences import Job, JobStatus, SubsystemInference, Verdict
from telemetry_core.contract.values import storable, storable_text
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, save_inferences, select
from tests.hostile import json_values, texts

pytestmark = pytest.mark.integration

NOW = datetime(2025, 10, 30, 12, 34, 56, 789_000, tzinfo=UTC)
ROWS = settings(
    max_examples=int(os.environ.get("FUZZ_ROWS", "100")),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
objects = st.dictionaries(texts, json_values, max_size=4)


def is_same(read: Any, stored: Any) -> bool:
    """Compare JSON; jsonb may write a floating-point number as an integer of the same value."""
    if isinstance(stored, dict):
        return read.keys() == stored.keys() and all(is_same(read[key], stored[key]) for key in stored)
    if isinstance(stored, list):
        return len(read) == len(stored) and all(map(is_same, read, stored))
    if isinstance(stored, float):
        return not isinstance(read, bool) and float(read) == stored
    return type(read) is type(stored) and bool(read == stored)


def job(metadata: dict[str, Any], reason: str) -> Job:
    return Job(
        job_id=str(uuid.uuid4()),
        satellite_id="SAT-001",
        source="manual",
        trigger_reason=reason,
        total_subsystems=1,
        created_at=NOW,
        metadata=metadata,
    )


def read_back(pool: Pool, job_id: str, columns: str) -> Row:
    with transaction(pool) as connection:
        (read,) = select(
            connection,
            f"SELECT {columns} FROM inference_jobs JOIN subsystem_inferences AS row USING (job_id)"
            " WHERE job_id = %(job_id)s",
            {"job_id": job_id},
        )
    return read


@ROWS
@given(metadata=objects, series=json_values.filter(lambda value: value is not None), reason=texts)
def test_posted_job_is_read_back_as_it_was_stored(
    pool: Pool, metadata: dict[str, Any], series: Any, reason: str
) -> None:
    posted = job(metadata, reason[:100])
    with transaction(pool) as connection:
        create_pending_job(
            connection,
            posted,
            [
                PendingInput(
                    subsystem="series", model_name="moving_average", input_data=series, input_features=()
                )
            ],
        )
    read = read_back(pool, posted.job_id, "metadata, trigger_reason, input_data")
    assert read["trigger_reason"] == storable_text(reason[:100])
    assert is_same(read["metadata"], storable(metadata))
    assert is_same(read["input_data"], storable(series))


@ROWS
@given(origin=objects, predictions=st.lists(json_values, min_size=1, max_size=3), reason=texts)
def test_verdict_is_read_back_as_it_was_stored(
    pool: Pool, origin: dict[str, Any], predictions: list[Any], reason: str
) -> None:
    judged = job({}, "")
    row = SubsystemInference(
        job_id=judged.job_id,
        subsystem="eps",
        model_name="lstm_timeseries",
        model_version="1",
        status=JobStatus.COMPLETED,
        verdict=Verdict.NOMINAL,
        input_data=origin,
        input_features=("battery_voltage",),
        started_at=NOW,
        completed_at=NOW,
        predictions=predictions,
        error_message=reason,
    )
    with transaction(pool) as connection:
        save_inferences(connection, [judged], [row])
    read = read_back(pool, judged.job_id, "input_data, predictions, row.error_message")
    assert read["error_message"] == storable_text(reason)
    assert is_same(read["input_data"], storable(origin))
    assert is_same(read["predictions"], storable(predictions))

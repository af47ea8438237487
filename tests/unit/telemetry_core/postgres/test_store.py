"""Which rows a batch comes to, and what PostgreSQL can't store."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import orjson
import pytest

from telemetry_core.contract.inferences import Job, JobStatus, Source, SubsystemInference
from telemetry_core.postgres.store import revise_inferences, save_inferences, save_results, select, to_json
from tests.unit.postgres import Statements

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def job(job_id: str, total: int = 1) -> Job:
    return Job(
        job_id=job_id, satellite_id="SAT-001", source=Source.KAFKA, trigger_reason="nul\0",
        total_subsystems=total, created_at=NOW,
    )  # fmt: skip


def row(job_id: str, status: JobStatus = JobStatus.COMPLETED, **values: Any) -> SubsystemInference:
    return SubsystemInference(
        **{
            "job_id": job_id, "subsystem": "eps", "model_name": "m", "model_version": "1", "status": status,
            "verdict": None, "input_data": {}, "input_features": (), "sequence_length": 0,
            "forecast_horizon": 0, "started_at": NOW, "completed_at": NOW, "processed_by": "w",
        }
        | values
    )  # fmt: skip


def rows_sent(statements: Statements) -> list[tuple[Any, ...]]:
    return [parameters for kind, parameters in statements.asked if kind == "row"]


def test_rows_and_jobs_are_sent_in_the_order_of_their_ids_whatever_the_batchs() -> None:
    statements: Any = Statements()
    save_inferences(statements, [job("b"), job("a")], [row("b"), row("a")])
    assert [sent[0] for sent in rows_sent(statements)] == ["a", "b", "a", "b"]


def test_of_one_row_twice_the_completed_one_is_saved() -> None:
    statements: Any = Statements()
    failed = row("a", JobStatus.FAILED)
    counts = save_inferences(statements, [job("a")], [failed, row("a"), failed])
    assert rows_sent(statements)[1][3] == "completed"
    assert (counts.changed, counts.duplicates) == (0, 3)


def test_batch_without_jobs_asks_nothing_and_a_stranger_is_an_error() -> None:
    statements: Any = Statements()
    assert save_inferences(statements, [], []).changed == 0
    with pytest.raises(ValueError, match="not in the batch: a"):
        save_inferences(statements, [job("b")], [row("a")])
    assert statements.asked == []


def test_row_is_completed_no_earlier_than_its_job_was_made() -> None:
    statements: Any = Statements()
    save_inferences(statements, [job("a")], [row("a", completed_at=NOW - timedelta(hours=1))])
    assert rows_sent(statements)[1][20:22] == (NOW, NOW)


def test_failed_recomputation_replaces_nothing() -> None:
    statements: Any = Statements()
    revise_inferences(statements, [job("a"), job("b")], [row("a"), row("b", JobStatus.FAILED)])
    assert {sent[0] for sent in rows_sent(statements)} == {"a"}


def test_result_of_a_posted_series_says_who_computed_it_in_seconds() -> None:
    statements: Any = Statements()
    save_results(statements, [job("a")], [row("a", inference_time_ms=250.0)])
    ((_, saved),) = statements.asked
    assert orjson.loads(saved["metrics"])["inference_time"] == 0.25
    assert orjson.loads(saved["metadata"])["processed_by"] == "w"


def test_times_read_are_utc_and_scores_numbers() -> None:
    statements: Any = Statements([{"at": NOW.replace(tzinfo=None), "score": Decimal("0.7"), "name": "a"}])
    assert select(statements, "SELECT") == [{"at": NOW, "score": 0.7, "name": "a"}]


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (None, None),
        ({"a": np.float32(1.5)}, {"a": 1.5}),
        ({"a": "nul\0"}, {"a": "nul\N{REPLACEMENT CHARACTER}"}),
    ],
)
def test_what_postgresql_can_not_store_is_made_storable(value: Any, stored: Any) -> None:
    encoded = to_json(value)
    assert stored == (None if encoded is None else orjson.loads(encoded))


def test_integer_beyond_64_bits_is_stored_as_something() -> None:
    assert orjson.loads(to_json({"a": 2**70}) or "") is not None

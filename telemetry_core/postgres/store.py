"""Writing jobs and verdicts to PostgreSQL, and reading rows. Functions take a connection and never commit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import orjson
from psycopg2.extras import execute_values

from telemetry_core.contract.inferences import Job, JobStatus, SubsystemInference
from telemetry_core.contract.values import storable, storable_text
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.queries import load_queries

QUERIES: Final = load_queries(Path(__file__).parent)
_JSON_OPTIONS: Final = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_SERIALIZE_DATACLASS

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCounts:
    """What saving a batch did."""

    #: Rows written for the first time, or completed after a failure.
    changed: int
    #: Rows that were final already: a redelivery.
    duplicates: int


def column_time(at: datetime) -> datetime:
    """Write an aware time as columns of time are: in UTC, without saying so."""
    return at.astimezone(UTC).replace(tzinfo=None)


def save_inferences(
    connection: Connection, jobs: Sequence[Job], inferences: Sequence[SubsystemInference]
) -> SavedCounts:
    """Save verdicts and roll their jobs up; doing it twice equals doing it once.

    Separate statements under READ COMMITTED: the roll-up must see what others committed before the
    lock was won. Raises `ValueError` where an inference belongs to none of `jobs`.
    """
    by_id = {job.job_id: job for job in sorted(jobs, key=_total_subsystems)}
    rows = _first_final_rows(inferences)
    if strangers := {row.job_id for row in rows} - by_id.keys():
        raise ValueError(f"inferences of jobs that are not in the batch: {', '.join(sorted(strangers))}")
    if not by_id:
        return SavedCounts(changed=0, duplicates=0)
    ordered = [by_id[job_id] for job_id in sorted(by_id)]
    identities = {
        "job_ids": [job.job_id for job in ordered],
        "totals": [job.total_subsystems for job in ordered],
    }
    with connection.cursor() as cursor:
        _insert_all(cursor, "insert_missing_jobs", [_job_values(job) for job in ordered])
        cursor.execute(QUERIES["lock_jobs"], identities)
        values = [_inference_values(row, by_id[row.job_id]) for row in rows]
        changed = len(_insert_all(cursor, "upsert_inferences", values, fetch=True))
        cursor.execute(QUERIES["roll_up_jobs"], identities)
    return SavedCounts(changed=changed, duplicates=len(inferences) - changed)


def revise_inferences(
    connection: Connection, jobs: Sequence[Job], inferences: Sequence[SubsystemInference]
) -> SavedCounts:
    """Save verdicts recomputed in time order: a completed row whose window changed is kept and replaced.

    A failed recomputation replaces nothing.
    """
    completed = [row for row in _first_final_rows(inferences) if row.status is JobStatus.COMPLETED]
    keys = [
        (row.job_id, row.subsystem, row.input_data.get("sha256"), row.calibration_hash) for row in completed
    ]
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["lock_jobs"], {"job_ids": sorted({row.job_id for row in completed})})
        _insert_all(cursor, "reopen_revised", keys)
    named = {row.job_id for row in completed}
    return save_inferences(connection, [job for job in jobs if job.job_id in named], completed)


def save_results(
    connection: Connection, jobs: Sequence[Job], inferences: Sequence[SubsystemInference]
) -> None:
    """Save the result documents of posted series, in the transaction that saves their rows."""
    by_id = {job.job_id: job for job in jobs}
    with connection.cursor() as cursor:
        for row in _first_final_rows(inferences):
            cursor.execute(QUERIES["save_result"], _result_parameters(by_id[row.job_id], row))


def select(connection: Connection, statement: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    """Run a statement and return its rows; times are in UTC, scores are numbers."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or {})
        columns = [column.name for column in cursor.description or ()]
        return [{key: _plain(value) for key, value in zip(columns, row, strict=True)} for row in cursor]


def to_json(value: Any) -> str | None:
    """Encode for a jsonb column; numpy scalars are numbers, the rest is made storable."""
    if value is None:
        return None
    try:
        encoded = orjson.dumps(value, option=_JSON_OPTIONS)
    except TypeError:  # an integer beyond 64 bits, a lone surrogate, too deep: rare, so looked for only now
        encoded = orjson.dumps(storable(value), option=_JSON_OPTIONS)
    if b"\\u0000" in encoded:
        encoded = orjson.dumps(storable(value), option=_JSON_OPTIONS)
    return encoded.decode()


def _text(value: str | None) -> str | None:
    return None if value is None else storable_text(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    return float(value) if isinstance(value, Decimal) else value


def _result_parameters(job: Job, row: SubsystemInference) -> dict[str, Any]:
    metrics = {
        "inference_time": None if row.inference_time_ms is None else row.inference_time_ms / 1000,
        "model_type": row.model_type,
        "forecast_steps": row.forecast_horizon,
        "sequence_length": row.sequence_length,
        "mean": row.prediction_mean,
        "std": row.prediction_std,
    }
    metadata = {**job.metadata, "processed_by": row.processed_by, "triton_client": "grpc"}
    return {
        "job_id": row.job_id,
        "model_name": row.model_name,
        "status": row.status.value,
        "predictions": to_json(row.predictions),
        "confidence": to_json(row.confidence),
        "metrics": to_json(metrics),
        "metadata": to_json(metadata),
        "error_message": _text(row.error_message),
        "created_at": job.created_at,
        "completed_at": row.completed_at,
    }


def _total_subsystems(job: Job) -> int:
    return job.total_subsystems


def _first_final_rows(inferences: Iterable[SubsystemInference]) -> list[SubsystemInference]:
    """Drop repetitions within a batch, completed before failed, and sort by key."""
    chosen: dict[tuple[str, str], SubsystemInference] = {}
    for inference in inferences:
        key = (inference.job_id, inference.subsystem)
        if key not in chosen or (
            chosen[key].status is JobStatus.FAILED and inference.status is JobStatus.COMPLETED
        ):
            chosen[key] = inference
    return [chosen[key] for key in sorted(chosen)]


def _insert_all(cursor: Any, name: str, rows: Sequence[tuple[Any, ...]], *, fetch: bool = False) -> list[Any]:
    if not rows:
        return []
    return execute_values(cursor, QUERIES[name], rows, page_size=len(rows), fetch=fetch) or []


def _job_values(job: Job) -> tuple[Any, ...]:
    return (
        job.job_id,
        job.satellite_id,
        job.source,
        _text(job.trigger_reason),
        list(map(storable_text, job.trigger_reasons)),
        JobStatus.PENDING.value,
        job.total_subsystems,
        job.created_at,
        to_json(job.metadata),
    )


def _inference_values(row: SubsystemInference, job: Job) -> tuple[Any, ...]:
    """Return one row in the column order of `upsert_inferences`."""
    return (
        row.job_id, row.subsystem, row.model_name, row.status.value,
        to_json(row.input_data) or "null", list(row.input_features),
        to_json(row.predictions), to_json(row.confidence),
        row.anomaly_score, row.anomaly_detected, row.inference_time_ms, row.model_type,
        row.sequence_length, row.forecast_horizon,
        row.input_mean, row.input_std, row.prediction_mean, row.prediction_std,
        row.model_version, row.processed_by,
        job.created_at, max(job.created_at, row.completed_at), _text(row.error_message),
        None if row.verdict is None else row.verdict.value,
        to_json(row.bands), to_json(row.contributions), row.calibration_hash, row.started_at,
        job.satellite_id, row.generated_at, row.window_start, row.sample_count,
    )  # fmt: skip

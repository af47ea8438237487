"""Reading PostgreSQL for the API: rows become dictionaries with times in UTC and scores as numbers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from telemetry_core.database import Connection
from telemetry_core.store import QUERIES

PAGE_CEILING: Final = 10_000
"""`total` counts no further, and no page starts beyond it."""

Row = dict[str, Any]


def rows(connection: Connection, name: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    """Run a named query and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(QUERIES[name], parameters or {})
        columns = [column.name for column in cursor.description or ()]
        return [{key: _plain(value) for key, value in zip(columns, row, strict=True)} for row in cursor]


def job_states(connection: Connection, job_ids: Sequence[str]) -> dict[str, Row]:
    """Return the states of those jobs that exist, by id."""
    found = rows(connection, "job_states", {"job_ids": list(job_ids)})
    return {row["job_id"]: row for row in found}


def job_document(connection: Connection, job_id: str) -> Row | None:
    """Return one job with its rows and forecasts."""
    found = rows(connection, "job_documents", {"job_ids": [job_id], "with_forecasts": True})
    return found[0] if found else None


def newest_documents(
    connection: Connection, *, limit: int, offset: int = 0, model_name: str | None = None
) -> list[Row]:
    """Return a page of jobs, newest first, without the forecasts of their rows."""
    suffix = "" if model_name is None else "_of_model"
    page = {"limit": limit, "offset": offset, "model_name": model_name}
    ids = [row["job_id"] for row in rows(connection, f"newest_job_ids{suffix}", page)]
    return rows(connection, "job_documents", {"job_ids": ids, "with_forecasts": False})


def count_jobs(connection: Connection, *, model_name: str | None = None) -> int:
    """Count jobs, at most `PAGE_CEILING`."""
    suffix = "" if model_name is None else "_of_model"
    parameters = {"ceiling": PAGE_CEILING, "model_name": model_name}
    (row,) = rows(connection, f"count_newest_jobs{suffix}", parameters)
    return min(int(row["count"]), PAGE_CEILING)


def job_statistics(connection: Connection) -> Row:
    """Return totals and success rate (percent) over the newest 1000 jobs."""
    (row,) = rows(connection, "job_statistics")
    total = row["total_jobs"]
    return {**row, "success_rate": round(100.0 * row["completed"] / total, 2) if total else 0.0}


def live_statistics(connection: Connection) -> Row:
    """Return `job_statistics` and the jobs completed within the last minute."""
    (row,) = rows(connection, "completed_last_minute")
    return {**job_statistics(connection), "throughput_per_minute": float(row["count"])}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    return float(value) if isinstance(value, Decimal) else value

"""Jobs and totals read from PostgreSQL, as rows that several features answer with."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from operation_server.jobs import QUERIES
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import Row, select

PAGE_CEILING: Final = 10_000
"""`total` counts no further, and no page starts beyond it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsOfModel:
    """Jobs that one model judged."""

    model_name: str
    #: Most rows that one job has: the mission's subsystems.
    rows_each: int


def job_states(connection: Connection, job_ids: Sequence[str]) -> dict[str, Row]:
    """Return the states of those jobs that exist, by id."""
    found = select(connection, QUERIES["job_states"], {"job_ids": list(job_ids)})
    return {row["job_id"]: row for row in found}


def job_document(connection: Connection, job_id: str) -> Row | None:
    """Return one job with its rows and forecasts."""
    found = select(connection, QUERIES["job_documents"], {"job_ids": [job_id], "with_forecasts": True})
    return found[0] if found else None


def newest_documents(
    connection: Connection, *, limit: int, offset: int = 0, of: JobsOfModel | None = None
) -> list[Row]:
    """Return a page of jobs, newest first, without the forecasts of their rows."""
    statement = "newest_job_ids" if of is None else "newest_job_ids_of_model"
    page = {"limit": limit, "offset": offset, **_wanted(of)}
    ids = [row["job_id"] for row in select(connection, QUERIES[statement], page)]
    return select(connection, QUERIES["job_documents"], {"job_ids": ids, "with_forecasts": False})


def count_jobs(connection: Connection, *, of: JobsOfModel | None = None) -> int:
    """Count jobs, at most `PAGE_CEILING`."""
    statement = "count_newest_jobs" if of is None else "count_newest_jobs_of_model"
    (row,) = select(connection, QUERIES[statement], {"ceiling": PAGE_CEILING, **_wanted(of)})
    return min(int(row["count"]), PAGE_CEILING)


def _wanted(of: JobsOfModel | None) -> dict[str, Any]:
    return {} if of is None else asdict(of)


def job_statistics(connection: Connection) -> Row:
    """Return totals and success rate (percent) over the newest 1000 jobs."""
    (row,) = select(connection, QUERIES["job_statistics"])
    total = row["total_jobs"]
    return {**row, "success_rate": round(100.0 * row["completed"] / total, 2) if total else 0.0}

"""Reading PostgreSQL for the API."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from telemetry_core.database import Connection
from telemetry_core.messages import job_id_of, microseconds_of
from telemetry_core.store import Row, rows

PAGE_CEILING: Final = 10_000
"""`total` counts no further, and no page starts beyond it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsOfModel:
    """Jobs that one model judged."""

    model_name: str
    #: Most rows that one job has: the mission's subsystems.
    rows_each: int


def job_ids_between(satellite_id: str, start: datetime, end: datetime) -> dict[str, str]:
    """Return the first and last id that telemetry jobs of a satellite have between two generation times."""
    first, last = (
        job_id_of(satellite_id, max(0, microseconds_of(moment)) // 1000 * 1000) for moment in (start, end)
    )
    return {"first_job_id": first, "last_job_id": f"{last}~"}


def job_states(connection: Connection, job_ids: Sequence[str]) -> dict[str, Row]:
    """Return the states of those jobs that exist, by id."""
    found = rows(connection, "job_states", {"job_ids": list(job_ids)})
    return {row["job_id"]: row for row in found}


def job_document(connection: Connection, job_id: str) -> Row | None:
    """Return one job with its rows and forecasts."""
    found = rows(connection, "job_documents", {"job_ids": [job_id], "with_forecasts": True})
    return found[0] if found else None


def newest_documents(
    connection: Connection, *, limit: int, offset: int = 0, of: JobsOfModel | None = None
) -> list[Row]:
    """Return a page of jobs, newest first, without the forecasts of their rows."""
    suffix, wanted = _wanted(of)
    page = {"limit": limit, "offset": offset, **wanted}
    ids = [row["job_id"] for row in rows(connection, f"newest_job_ids{suffix}", page)]
    return rows(connection, "job_documents", {"job_ids": ids, "with_forecasts": False})


def count_jobs(connection: Connection, *, of: JobsOfModel | None = None) -> int:
    """Count jobs, at most `PAGE_CEILING`."""
    suffix, wanted = _wanted(of)
    (row,) = rows(connection, f"count_newest_jobs{suffix}", {"ceiling": PAGE_CEILING, **wanted})
    return min(int(row["count"]), PAGE_CEILING)


def _wanted(of: JobsOfModel | None) -> tuple[str, dict[str, Any]]:
    return ("", {}) if of is None else ("_of_model", asdict(of))


def job_statistics(connection: Connection) -> Row:
    """Return totals and success rate (percent) over the newest 1000 jobs."""
    (row,) = rows(connection, "job_statistics")
    total = row["total_jobs"]
    return {**row, "success_rate": round(100.0 * row["completed"] / total, 2) if total else 0.0}


def live_statistics(connection: Connection) -> Row:
    """Return `job_statistics` and the jobs completed within the last minute."""
    (row,) = rows(connection, "completed_last_minute")
    return {**job_statistics(connection), "throughput_per_minute": float(row["count"])}

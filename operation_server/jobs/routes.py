"""Jobs, page by page, and one of them with all that is known of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import StringConstraints

from operation_server.http.dependencies import ProvidedPool
from operation_server.http.parameters import API_PREFIX, JobId, ModelName, Satellite, Time
from operation_server.http.problems import responses
from operation_server.jobs import QUERIES
from operation_server.jobs.cursors import InvalidCursor, Position, decode_cursor, encode_cursor
from operation_server.jobs.schemas import JobDetail, JobItem, Jobs, JobStages
from telemetry_core.contract.inferences import JobStatus, Source
from telemetry_core.contract.rules import Name
from telemetry_core.postgres.database import Connection, transaction
from telemetry_core.postgres.store import Row, select

router = APIRouter(prefix=f"{API_PREFIX}/jobs", tags=["jobs"])

OptionalTime = Annotated[Time | None, Query(description="Of creation; ISO 8601; without zone it is UTC")]
TriggerReason = Annotated[str, StringConstraints(pattern=r"^[ -~]{1,100}$")]
Cursor = Annotated[str, StringConstraints(max_length=1000)]


MAX_JOBS_SEEN: Final = 200_000
"""A page looks at no more jobs than these for some that fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which jobs are wanted; None: all."""

    satellite_id: str | None = None
    subsystem: str | None = None
    status: JobStatus | None = None
    source: Source | None = None
    model_name: str | None = None
    trigger_reason: str | None = None
    start: datetime | None = None
    end: datetime | None = None


def job_filters(  # noqa: PLR0913, PLR0917 - its parameters are the route's contract
    satellite_id: Satellite | None = None,
    subsystem: Name | None = None,
    status: JobStatus | None = None,
    source: Source | None = None,
    model_name: Annotated[ModelName | None, Query(description="Of any of its subsystems")] = None,
    trigger_reason: Annotated[TriggerReason | None, Query(description="Any of its reasons")] = None,
    start_time: OptionalTime = None,
    end_time: OptionalTime = None,
) -> Filters:
    """Collect the filters."""
    return Filters(
        satellite_id=satellite_id,
        subsystem=subsystem,
        status=status,
        source=source,
        model_name=model_name,
        trigger_reason=trigger_reason,
        start=start_time,
        end=end_time,
    )


def position_before(
    cursor: Annotated[Cursor | None, Query(description="`next_cursor` of the page before")] = None,
) -> Position | None:
    """Read the position that a page goes on from."""
    try:
        return None if cursor is None else decode_cursor(cursor)
    except InvalidCursor as error:
        raise HTTPException(422, "cursor: take `next_cursor` of an answer as it is, or none") from error


@router.get("", responses=responses(422, 503))
def list_jobs(
    pool: ProvidedPool,
    filters: Annotated[Filters, Depends(job_filters)],
    before: Annotated[Position | None, Depends(position_before)],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Jobs:
    """Return a page of jobs, newest first; none is repeated or skipped while new ones arrive.

    Where few jobs fit the filters a page may hold less than `limit`: `next_cursor` goes on all the same.
    """
    with transaction(pool) as connection:
        return read_page(connection, filters, before, limit=limit)


def read_page(
    connection: Connection,
    filters: Filters,
    before: Position | None,
    *,
    limit: int,
    ceiling: int = MAX_JOBS_SEEN,
) -> Jobs:
    """Read jobs that fit from a position on; look at no more than `ceiling` of them."""
    created_at, job_id = before or (None, None)
    parameters = {
        **asdict(filters),
        "created_at": created_at,
        "job_id": job_id,
        "limit": limit + 1,
        "ceiling": ceiling,
    }
    found = select(connection, QUERIES["job_page"], parameters)
    is_full = len(found) > limit
    last = found[limit - 1 : limit] if is_full else select(connection, QUERIES["last_job_seen"], parameters)
    next_cursor = encode_cursor((last[0]["created_at"], last[0]["job_id"])) if last else None
    return Jobs(jobs=[JobItem.model_validate(row) for row in found[:limit]], next_cursor=next_cursor)


@router.get("/{job_id}", responses=responses(404, 422, 503))
def get_job(job_id: JobId, pool: ProvidedPool) -> JobDetail:
    """Return one job with everything known of it."""
    with transaction(pool) as connection:
        found = select(connection, QUERIES["job"], {"job_id": job_id})
        subsystems = select(connection, QUERIES["job_inferences"], {"job_id": job_id})
    if not found:
        raise HTTPException(404, "Job not found")
    return JobDetail.model_validate(
        {**found[0], "stages": stages_of(found[0], subsystems), "subsystems": subsystems}
    )


def stages_of(job: Row, subsystems: Sequence[Row]) -> JobStages:
    """Say where a job's time went; what is not over yet is null."""
    calls = [row["inference_time_ms"] for row in subsystems if row["inference_time_ms"] is not None]
    created_at, started_at, completed_at = job["created_at"], job["started_at"], job["completed_at"]
    return JobStages(
        waited_ms=_milliseconds(created_at, started_at),
        inference_ms=max(calls, default=None),
        processed_ms=_milliseconds(started_at, completed_at),
        total_ms=_milliseconds(created_at, completed_at),
    )


def _milliseconds(earlier: datetime | None, later: datetime | None) -> float | None:
    return None if earlier is None or later is None else (later - earlier) / timedelta(milliseconds=1)

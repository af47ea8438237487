"""Jobs under the manual's paths `/results` and `/query`: pages by offset, one of them, statistics."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from operation_server.http.dependencies import ProvidedMission, ProvidedPool
from operation_server.http.parameters import API_PREFIX, JobId, ModelName
from operation_server.http.problems import responses
from operation_server.jobs.documents import (
    PAGE_CEILING,
    JobsOfModel,
    count_jobs,
    job_document,
    job_statistics,
    newest_documents,
)
from operation_server.jobs.schemas import ResultPage, ResultRow, Statistics
from telemetry_core.contract.mission import Mission
from telemetry_core.postgres.database import Pool, transaction

router = APIRouter(prefix=API_PREFIX, tags=["results"])

Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=PAGE_CEILING)]


@router.get("/results/history", responses=responses(422, 503))
def list_results(
    pool: ProvidedPool,
    mission: ProvidedMission,
    limit: Limit = 100,
    offset: Offset = 0,
    model_name: ModelName | None = None,
) -> ResultPage:
    """Return jobs, newest first."""
    return _page(pool, mission, limit, offset, model_name)


@router.get("/query/history", responses=responses(422, 503))
def query_history(
    pool: ProvidedPool,
    mission: ProvidedMission,
    limit: Limit = 100,
    offset: Offset = 0,
    model_name: ModelName | None = None,
) -> ResultPage:
    """Return jobs, newest first; another path of the same."""
    return _page(pool, mission, limit, offset, model_name)


@router.get("/results/stats/summary", responses=responses(503))
def get_statistics(pool: ProvidedPool) -> Statistics:
    """Return totals over the newest 1000 jobs."""
    with transaction(pool) as connection:
        return Statistics.model_validate(job_statistics(connection))


@router.get("/results/{job_id}", responses=responses(404, 422, 503))
def get_result_row(job_id: JobId, pool: ProvidedPool) -> ResultRow:
    """Return one job with everything known of it."""
    with transaction(pool) as connection:
        found = job_document(connection, job_id)
    if found is None:
        raise HTTPException(404, "Result not found")
    return ResultRow.model_validate(found)


def _page(pool: Pool, mission: Mission, limit: int, offset: int, model_name: str | None) -> ResultPage:
    rows_each = len(mission.subsystems)
    of = JobsOfModel(model_name=model_name, rows_each=rows_each) if model_name else None
    with transaction(pool) as connection:
        found = newest_documents(connection, limit=limit, offset=offset, of=of)
        total = count_jobs(connection, of=of)
    results = [ResultRow.model_validate(row) for row in found]
    return ResultPage(results=results, count=len(results), total=total, limit=limit, offset=offset)

"""Contact plans: put, deleted, who changed them, and what came of their passes."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, HTTPException, Query
from pydantic import BaseModel

from operation_server.http.dependencies import ProvidedPool
from operation_server.http.parameters import (
    API_PREFIX,
    LARGEST_ID,
    Before,
    GivenRange,
    Operator,
    OptionalBound,
    Satellite,
    TimeRange,
    time_range,
)
from operation_server.http.problems import responses
from operation_server.http.responses import next_cursor
from operation_server.jobs.cursors import InvalidCursor, Position
from operation_server.jobs.routes import position_before
from operation_server.passes import QUERIES
from operation_server.passes.plans import PlanRefused, read_csv, require_possible
from operation_server.passes.schemas import (
    NewPlan,
    Passes,
    PlanChange,
    PlanChanges,
    PlannedTime,
    PlanReplaced,
)
from operation_server.passes.store import delete_plan, read_passes, replace_plan
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import select

router = APIRouter(prefix=f"{API_PREFIX}/passes", tags=["passes"])

MAX_LISTED: Final = 1_000
AROUND_NOW: Final = timedelta(days=1)
_CSV: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}
}


class PlanDeleted(BaseModel):
    """What deleting a plan did."""

    passes: int


def range_around_now(start_time: OptionalBound = None, end_time: OptionalBound = None) -> TimeRange:
    """Complete a range of passes: by default from a day ago to a day ahead."""
    now = datetime.now(UTC)
    return time_range(start_time or now - AROUND_NOW, end_time or now + AROUND_NOW)


@router.get("", responses=responses(422, 503))
def list_passes(
    pool: ProvidedPool,
    span: Annotated[TimeRange, Depends(range_around_now)],
    after: Annotated[Position | None, Depends(position_before)],
    satellite_id: Satellite | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 100,
) -> Passes:
    """Return a page of the passes of a range, earliest first, and which of them were heard or missed."""
    try:
        with transaction(pool) as connection:
            return read_passes(connection, span, satellite_id=satellite_id, after=after, limit=limit)
    except InvalidCursor as error:
        raise HTTPException(422, "cursor: it is of another list") from error


@router.put("/plan", responses=responses(422, 503))
def put_plan(pool: ProvidedPool, plan: NewPlan) -> PlanReplaced:
    """Put a contact plan in the place of what its range had: all its passes, or nothing.

    Within the range its satellites are expected to be heard in these passes alone. The same plan again
    changes nothing.
    """
    return _put(pool, plan, [f"passes.{number}" for number in range(len(plan.passes))])


@router.put("/plan.csv", responses=responses(422, 503), openapi_extra=_CSV)
def put_plan_as_csv(  # noqa: PLR0913, PLR0917 - its parameters are the route's contract
    pool: ProvidedPool,
    content: Annotated[bytes, Body(media_type="text/csv")],
    operator: Operator,
    start_time: PlannedTime,
    end_time: PlannedTime,
    satellite_id: Annotated[
        list[Satellite] | None, Query(description="Whose passes these are, beside those that a row names")
    ] = None,
) -> PlanReplaced:
    """Put a contact plan as scheduling tools export it: a row with names of columns, and a row for each pass.

    Columns `satellite_id`, `start_time`, `end_time` and `ground_station`; also `satellite`, `begin` or `aos`,
    `end` or `los`, `station`. Others are ignored.
    """
    try:
        passes, rows = read_csv(content)
    except PlanRefused as error:
        raise HTTPException(422, str(error)) from error
    plan = NewPlan(
        operator=operator,
        start_time=start_time,
        end_time=end_time,
        satellites=satellite_id or [],
        passes=passes,
    )
    return _put(pool, plan, rows)


@router.delete("/plan", responses=responses(422, 503))
def delete_plan_of_range(
    pool: ProvidedPool, satellite_id: Satellite, operator: Operator, span: GivenRange
) -> PlanDeleted:
    """Delete what is planned of a satellite in a range: in it, its silence counts as without a plan."""
    with transaction(pool) as connection:
        return PlanDeleted(passes=delete_plan(connection, satellite_id, span, operator))


@router.get("/changes", responses=responses(422, 503))
def list_plan_changes(
    pool: ProvidedPool,
    satellite_id: Satellite | None = None,
    before: Before = LARGEST_ID,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> PlanChanges:
    """Return who changed contact plans and when, newest first."""
    asked = {"satellite_id": satellite_id, "before": before, "limit": limit + 1}
    with transaction(pool) as connection:
        rows = select(connection, QUERIES["plan_changes_before"], asked)
    return PlanChanges(
        changes=[PlanChange.model_validate(row) for row in rows[:limit]],
        next_cursor=next_cursor(rows, limit),
    )


def _put(pool: Pool, plan: NewPlan, rows: list[str]) -> PlanReplaced:
    try:
        require_possible(plan, rows)
    except PlanRefused as error:
        raise HTTPException(422, str(error)) from error
    with transaction(pool) as connection:
        return replace_plan(connection, plan)

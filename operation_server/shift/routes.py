"""The shift: its log, and how much the alarms asked of it."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Query

from operation_server.http.dependencies import ProvidedPool
from operation_server.http.parameters import (
    API_PREFIX,
    LARGEST_ID,
    Before,
    OptionalBound,
    Satellite,
    TimeRange,
    past_range,
)
from operation_server.http.problems import responses
from operation_server.shift.entries import AlreadyCorrected, EntryRefused, add_entry, read_entries
from operation_server.shift.performance import read_performance
from operation_server.shift.schemas import NewShiftEntry, Performance, ShiftEntries, ShiftEntry
from telemetry_core.postgres.database import transaction

router = APIRouter(prefix=f"{API_PREFIX}/shift", tags=["shift"])

MAX_ENTRIES: Final = 500
MAX_PERFORMANCE: Final = timedelta(days=31)

Operators = Annotated[
    int, Query(ge=1, le=100, description="Who share the alarms: rates are told for one of them")
]


@router.get("/entries", responses=responses(422, 503))
def list_shift_entries(  # noqa: PLR0913, PLR0917 - its parameters are the route's contract
    pool: ProvidedPool,
    satellite_id: Satellite | None = None,
    start_time: OptionalBound = None,
    end_time: OptionalBound = None,
    cursor: Before = LARGEST_ID,
    limit: Annotated[int, Query(ge=1, le=MAX_ENTRIES)] = 100,
) -> ShiftEntries:
    """Return a page of the shift log, the newest entry first, corrected ones too."""
    if start_time is not None and end_time is not None and start_time > end_time:
        raise HTTPException(422, "start_time must not lie after end_time")
    with transaction(pool) as connection:
        return read_entries(
            connection, before=cursor, satellite_id=satellite_id, start=start_time, end=end_time, limit=limit
        )


@router.post("/entries", status_code=201, responses=responses(409, 422, 503))
def add_shift_entry(pool: ProvidedPool, given: NewShiftEntry) -> ShiftEntry:
    """Write into the shift log. No entry changes: a correction is an entry that names the old one."""
    try:
        with transaction(pool) as connection:
            return add_entry(connection, given)
    except EntryRefused as error:
        raise HTTPException(422, str(error)) from error
    except AlreadyCorrected as error:
        raise HTTPException(409, str(error)) from error


@router.get("/performance", responses=responses(422, 503))
def get_performance(
    pool: ProvidedPool,
    span: Annotated[TimeRange, Depends(past_range(length=timedelta(days=1), most=MAX_PERFORMANCE))],
    operators: Operators = 1,
) -> Performance:
    """Return how much alarms asked of operators, by default in the last day, beside what is acceptable."""
    with transaction(pool) as connection:
        return read_performance(connection, span, operators=operators)

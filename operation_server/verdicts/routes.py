"""Verdicts: of a satellite between two times, and all live as server-sent events that resume."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query

from operation_server.http.dependencies import ProvidedPool, Slot
from operation_server.http.parameters import API_PREFIX, RecentRange, Satellite
from operation_server.http.problems import responses
from operation_server.jobs.schemas import VerdictItem
from operation_server.streams.feed import CommitFeed, Position
from operation_server.streams.routes import LIVE_LINE, LiveLine, starting_position
from operation_server.verdicts import QUERIES
from operation_server.verdicts.schemas import Verdicts
from telemetry_core.contract.rules import Name
from telemetry_core.postgres.database import transaction
from telemetry_core.postgres.store import select

router = APIRouter(prefix=f"{API_PREFIX}/verdicts", tags=["verdicts"])

VERDICT_FEED: Final = Slot[CommitFeed]("verdict_feed")

ProvidedFeed = Annotated[CommitFeed, Depends(VERDICT_FEED)]


@router.get("", responses=responses(422, 503))
def list_verdicts(
    pool: ProvidedPool,
    satellite_id: Satellite,
    within: RecentRange,
    subsystem: Name | None = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 500,
) -> Verdicts:
    """Return the verdicts on a satellite's telemetry between two times, newest first."""
    parameters = {
        "satellite_id": satellite_id,
        "start": within.start,
        "end": within.end,
        "subsystem": subsystem,
        "limit": limit + 1,
    }
    with transaction(pool) as connection:
        found = select(connection, QUERIES["verdicts_between"], parameters)
    verdicts = [VerdictItem.model_validate(row) for row in found[:limit]]
    return Verdicts(verdicts=verdicts, is_truncated=len(found) > limit)


@router.get(
    "/stream",
    status_code=200,
    response_class=LiveLine,
    responses=responses(422, 429, 503) | LIVE_LINE,
)
async def stream_verdicts(
    feed: ProvidedFeed, position: Annotated[Position, Depends(starting_position(VERDICT_FEED))]
) -> LiveLine:
    """Send verdicts and acknowledgements, each once, in commit order, and an event `tick` every second.

    A tick has no id and comes also while the database is unavailable: it shows that the line lives.
    """
    return LiveLine(feed.texts(position))

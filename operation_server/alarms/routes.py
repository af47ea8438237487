"""Alarms: listed page by page, one with all that belongs to it, and live what happens to them."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Path, Query

from alarms.life_cycle import State
from operation_server.alarms.filters import Filters, Order
from operation_server.alarms.schemas import AlarmDetail, AlarmId, AlarmKind, Alarms, Suppressions
from operation_server.alarms.states import codes_of
from operation_server.alarms.store import NoSuchAlarm, read_detail, read_page, read_suppressions
from operation_server.alarms.urgency import RANKS, NoUrgency
from operation_server.http.dependencies import ProvidedPool, Slot
from operation_server.http.parameters import API_PREFIX, Operator, Satellite, Time
from operation_server.http.problems import responses
from operation_server.jobs.cursors import Position
from operation_server.jobs.routes import position_before
from operation_server.streams.feed import CommitFeed
from operation_server.streams.feed import Position as Place
from operation_server.streams.routes import LIVE_LINE, LiveLine, starting_position
from telemetry_core.contract.rules import Name, Severity
from telemetry_core.postgres.database import transaction

router = APIRouter(prefix=f"{API_PREFIX}/alarms", tags=["alarms"])

ALARM_FEED: Final = Slot[CommitFeed]("alarm_feed")

MAX_ALARMS: Final = 500

OptionalTime = Annotated[
    Time | None,
    Query(
        description="Alarms that stood at some time of the range; ISO 8601; without zone it is UTC",
        examples=["2025-10-30T00:00:00Z"],
    ),
]
Heard = Annotated[bool | None, Query(description="Whether its satellite was heard within the last 24 hours")]
InOrder = Annotated[
    Order,
    Query(
        description="`urgency`: those that stand or are unacknowledged alone, and are not suppressed;"
        " unacknowledged ones first, then by severity, then newest start first"
    ),
]
AlarmPath = Annotated[AlarmId, Path(description="`alarm_id` of an alarm")]


def alarm_filters(  # noqa: PLR0913, PLR0917 - its parameters are the route's contract
    satellite_id: Satellite | None = None,
    subsystem: Name | None = None,
    kind: AlarmKind | None = None,
    severity: Annotated[list[Severity] | None, Query(description="Any of these; by default all")] = None,
    state: Annotated[list[State] | None, Query(description="Any of these; by default all")] = None,
    needs_attention: Annotated[
        bool | None,
        Query(description="Whether they are unacknowledged, standing or returned, and not suppressed"),
    ] = None,
    assigned_to: Operator | None = None,
    heard: Heard = None,
    group_id: AlarmId | None = None,
    chattering: Annotated[bool | None, Query(description="Whether it chatters or did")] = None,
    start_time: OptionalTime = None,
    end_time: OptionalTime = None,
    order: InOrder = "newest",
) -> Filters:
    """Collect the filters."""
    if start_time is not None and end_time is not None and start_time > end_time:
        raise HTTPException(422, "start_time must not lie after end_time")
    return Filters(
        satellite_id=satellite_id,
        subsystem=subsystem,
        kinds=[kind] if kind else None,
        severities=severity,
        codes=codes_of(state) if state else None,
        unresolved_only=needs_attention is True or bool(state and RANKS.keys() >= set(state)),
        needs_attention=needs_attention,
        assigned_to=assigned_to,
        heard=heard,
        group_id=group_id,
        chattering=chattering,
        start=start_time,
        end=end_time,
        order=order,
    )


@router.get("", responses=responses(422, 503))
def list_alarms(
    pool: ProvidedPool,
    filters: Annotated[Filters, Depends(alarm_filters)],
    before: Annotated[Position | None, Depends(position_before)],
    limit: Annotated[int, Query(ge=1, le=MAX_ALARMS)] = 100,
) -> Alarms:
    """Return a page of alarms, newest start first; none is repeated or skipped while new ones arrive.

    Where few alarms fit the filters a page may hold less than `limit`: `next_cursor` goes on all the same.
    """
    try:
        with transaction(pool) as connection:
            return read_page(connection, filters, before, limit=limit)
    except NoUrgency as error:
        raise HTTPException(422, "cursor: it is of a list in another order") from error


@router.get(
    "/events", status_code=200, response_class=LiveLine, responses=responses(422, 429, 503) | LIVE_LINE
)
async def stream_alarm_events(
    feed: Annotated[CommitFeed, Depends(ALARM_FEED)],
    place: Annotated[Place, Depends(starting_position(ALARM_FEED))],
) -> LiveLine:
    """Send what happens to alarms, each once, in commit order, and an event `tick` every second.

    A tick has no id and comes also while the database is unavailable: it shows that the line lives.
    """
    return LiveLine(feed.texts(place))


@router.get("/suppressions", responses=responses(422, 503))
def list_suppressions(pool: ProvidedPool, satellite_id: Satellite | None = None) -> Suppressions:
    """Return what is shelved or out of service now, by whom, why and until when, the newest first."""
    with transaction(pool) as connection:
        return read_suppressions(connection, satellite_id)


@router.get("/{alarm_id}", responses=responses(404, 422, 503))
def get_alarm(pool: ProvidedPool, alarm_id: AlarmPath) -> AlarmDetail:
    """Return one alarm, its history, earlier ones of its sign, and others of its group."""
    try:
        with transaction(pool) as connection:
            return read_detail(connection, alarm_id)
    except NoSuchAlarm as error:
        raise HTTPException(404, str(error)) from error

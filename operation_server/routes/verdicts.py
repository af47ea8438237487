"""Live verdicts as server-sent events that resume where a client left off."""

import re
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, HTTPException
from fastapi.sse import EventSourceResponse, ServerSentEvent

from operation_server.dependencies import Provided
from operation_server.live import Position, TooManyClients, event_id, position_of
from operation_server.problems import responses
from operation_server.routes.parameters import API_PREFIX

router = APIRouter(prefix=f"{API_PREFIX}/verdicts", tags=["verdicts"])

_EVENT_ID: Final = re.compile(r"(\d{1,18})-(\d{1,18})")


async def starting_position(
    services: Provided,
    last_event_id: Annotated[
        str | None, Header(description="Id of the last event that arrived: the stream goes on after it")
    ] = None,
) -> Position:
    """Return where a stream begins: after the client's last event, else with what comes from now on.

    Ids from before the database was restored from a backup may lie in its future: those begin now too.
    """
    match = re.fullmatch(_EVENT_ID, last_event_id or "0-0")
    if match is None:
        raise HTTPException(422, "Last-Event-ID must be the id of an event of this stream")
    head = await services.verdicts.head()
    position = (int(match[1]), int(match[2]))
    return head if last_event_id is None or position > head else position


@router.get(
    "/stream",
    response_class=EventSourceResponse,
    responses=responses(422, 503),
)
async def stream_verdicts(
    services: Provided, position: Annotated[Position, Depends(starting_position)]
) -> AsyncIterator[ServerSentEvent]:
    """Send every verdict once, in commit order, as event `verdict`; a comment keeps the line open."""
    try:
        async for row in services.verdicts.stream(position):
            yield ServerSentEvent(data=row, event="verdict", id=event_id(position_of(row)))
    except TooManyClients:
        yield ServerSentEvent(comment="too many clients, try again later", retry=10_000)

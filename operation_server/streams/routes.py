"""Server-sent events of a feed: where a line begins, and what it sends."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Depends, Header, HTTPException
from fastapi.sse import ServerSentEvent

from operation_server.http.dependencies import Slot
from operation_server.streams.feed import CommitFeed, Position, event_id, position_of, with_ticks
from telemetry_core.postgres.store import Row

_EVENT_ID: Final = re.compile(r"(\d{1,18})-(\d{1,18})")


def starting_position(slot: Slot[CommitFeed]) -> Callable[..., Awaitable[Position]]:
    """Make the dependency that says where a stream begins: after the client's last event, else now.

    Ids from before the database was restored from a backup may lie in its future: those begin now too.
    """

    async def position(
        feed: Annotated[CommitFeed, Depends(slot)],
        last_event_id: Annotated[
            str | None, Header(description="Id of the last event received: the stream continues after it")
        ] = None,
    ) -> Position:
        match = re.fullmatch(_EVENT_ID, last_event_id or "0-0")
        if match is None:
            raise HTTPException(422, "Last-Event-ID must be the id of an event of this stream")
        head = await feed.head()
        asked = (int(match[1]), int(match[2]))
        return head if last_event_id is None or asked > head else asked

    return position


async def events_after(feed: CommitFeed, position: Position) -> AsyncGenerator[ServerSentEvent]:
    """Yield rows, which name their `event`, each once in commit order, and an event `tick` every second."""
    async with aclosing(with_ticks(feed.stream(position))) as found:
        async for row in found:
            yield _event(row)


def _event(row: Row | None) -> ServerSentEvent:
    if row is None:
        return ServerSentEvent(data={"generated_at": datetime.now(UTC)}, event="tick")
    data = {key: value for key, value in row.items() if key != "event"}
    return ServerSentEvent(data=data, event=row["event"], id=event_id(position_of(row)))

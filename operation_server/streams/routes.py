"""Where the live line of a feed begins for a client."""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import Depends, Header, HTTPException

from operation_server.http.dependencies import Slot
from operation_server.streams.feed import CommitFeed, Position

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

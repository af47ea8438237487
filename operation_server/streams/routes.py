"""The live line of a feed: where it begins for a client, and how it is sent."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Annotated, Any, Final

from fastapi import Depends, Header, HTTPException
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from operation_server.http.dependencies import Slot
from operation_server.streams.feed import CommitFeed, Position

LIVE_LINE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Server-sent events",
        "content": {
            "text/event-stream": {
                "itemSchema": {
                    "type": "object",
                    "properties": {name: {"type": "string"} for name in ("event", "data", "id")},
                    "required": ["event", "data"],
                }
            }
        },
    }
}
"""What OpenAPI says of a line; each event's data are JSON."""
_EVENT_ID: Final = re.compile(r"(\d{1,18})-(\d{1,18})")


class LiveLine(StreamingResponse):
    """Server-sent events as they come, past the buffers of proxies; a client that goes ends their source."""

    media_type = "text/event-stream"

    def __init__(self, texts: AsyncGenerator[bytes]) -> None:
        super().__init__(texts, headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        self._texts = texts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the client goes."""
        async with aclosing(self._texts):
            await super().__call__(scope, receive, send)


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

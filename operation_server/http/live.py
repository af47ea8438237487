"""WebSockets: noticing at once that a client has gone."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from fastapi import WebSocket


async def run_until_first_ends(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run all; when one returns or raises, end the others, and raise what it raised."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def read_until_gone(websocket: WebSocket) -> None:
    """Ignore what the client sends; raise `WebSocketDisconnect` when it goes."""
    while True:
        await websocket.receive_text()

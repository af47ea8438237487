"""WebSockets: who may open one, and noticing at once that a client has gone."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlsplit

from fastapi import WebSocket


async def accept_same_origin(websocket: WebSocket) -> bool:
    """Accept a client without origin (no browser) or with that of this host; refuse any other.

    Browsers let pages of any origin open a WebSocket; only the server can say no.
    """
    if not is_same_origin(websocket.headers.get("origin"), websocket.headers.get("host", "")):
        await websocket.close(1008, "this origin may not connect")
        return False
    await websocket.accept()
    return True


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


def is_same_origin(origin: str | None, host: str) -> bool:
    """Compare host names; a proxy in front may serve another port."""
    if origin is None:
        return True
    try:
        return urlsplit(origin).hostname == urlsplit(f"//{host}").hostname
    except ValueError:
        return False

"""Live views: pollers shared by all clients, and WebSockets that notice a disconnect at once."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog
from fastapi import WebSocket

from telemetry_core.contract.errors import DependencyUnavailable

RETRY_S: Final = 2.0

_log = structlog.get_logger(__name__)


class Feed(ABC):
    """A poller that runs while at least one client looks on."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._clients = 0
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Keep the poller running."""
        self._clients += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._clients -= 1
            if self._clients == 0 and self._task is not None:
                self._task.cancel()
                self._task = None
                self._forget()

    def next_news(self) -> asyncio.Event:
        """Return what the next news will set: take it before looking, wait for it after."""
        return self._news

    async def wait_for(self, news: asyncio.Event) -> None:
        """Wait for news; raise what ended the poller, if something did."""
        await news.wait()
        if self._task is not None and self._task.done():
            self._task.result()

    def _announce(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _run(self) -> None:
        try:
            while True:  # noqa: ASYNC110 - it polls a database, not a variable
                await asyncio.sleep(await self._poll_or_retry())
        finally:
            asyncio.get_running_loop().call_soon(self._announce)  # once this task is done

    async def _poll_or_retry(self) -> float:
        """Poll once and return how long to pause."""
        try:
            await self._poll()
        except DependencyUnavailable as error:
            return pause_after(error)
        return self._interval_s

    @abstractmethod
    async def _poll(self) -> None:
        """Look once, and announce what is new."""

    def _forget(self) -> None:  # noqa: B027 - not every feed keeps something
        """Drop what grows stale while nobody looks on."""


def pause_after(error: DependencyUnavailable) -> float:
    """Tell of an outage, and return for how many seconds to wait."""
    _log.warning(f"{error}; live views: next attempt in {RETRY_S:g} s")
    return RETRY_S


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

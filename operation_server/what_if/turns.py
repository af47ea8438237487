"""Few trials at once: they take processor time from all other requests."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import Request

from operation_server.what_if.budget import Allowance
from telemetry_core.stored_samples import StoredSamples

AT_ONCE: Final = 2
MOST_WAITING: Final = 20
MOST_PAGE_BYTES: Final = 2 << 20
"""Some 100,000 samples: while a page is parsed, other requests wait for some milliseconds."""
LOOK_EVERY_S: Final = 0.2


class TooManyTrials(RuntimeError):  # noqa: N818 - named for what is wrong
    """As many as may wait for a turn do so."""


class Trials:
    """Lets some trials run and some more wait, and has what they read."""

    def __init__(self, url: str) -> None:
        self.telemetry = StoredSamples(url, most_page_bytes=MOST_PAGE_BYTES)
        self.allowance = Allowance()
        self._free = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    def close(self) -> None:
        """Close the kept connections."""
        self.telemetry.close()

    @asynccontextmanager
    async def turn(self, request: Request) -> AsyncIterator[threading.Event]:
        """Wait for a turn; what it gives is set once nobody waits for the answer."""
        if self._waiting >= MOST_WAITING:
            raise TooManyTrials(f"{self._waiting} trials wait already: try again later")
        gone = threading.Event()
        watch = asyncio.create_task(_watch(request, gone))
        try:
            self._waiting += 1
            try:
                await self._free.acquire()
            finally:
                self._waiting -= 1
            try:
                yield gone
            finally:
                self._free.release()
        finally:
            gone.set()
            watch.cancel()


async def _watch(request: Request, gone: threading.Event) -> None:
    while not await request.is_disconnected():  # noqa: ASYNC110 - a request tells only who asks
        await asyncio.sleep(LOOK_EVERY_S)
    gone.set()

"""The API's event loop and thread pool as they report their liveness: every answer needs both."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.concurrency import run_in_threadpool

from telemetry_core.service.liveness import Liveness, Loop

INTERVAL_S: Final = 1.0


@asynccontextmanager
async def reporting(liveness: Liveness, *, interval_s: float = INTERVAL_S) -> AsyncIterator[None]:
    """Report inside the block; where threads or event loop hang, the watchdog ends the process."""
    with liveness.loop("requests") as loop:
        task = asyncio.create_task(_report(loop, interval_s))
        try:
            yield
        finally:
            task.cancel()


async def _report(loop: Loop, interval_s: float) -> None:
    while True:
        await run_in_threadpool(loop.tick)
        await asyncio.sleep(interval_s)

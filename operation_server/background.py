"""Work beside the requests, done again and again in a thread for as long as the server runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from starlette.concurrency import run_in_threadpool

from telemetry_core.contract.errors import DependencyUnavailable

_log = structlog.get_logger(__name__)

Work = Callable[[], float | None]
"""Does a turn's work, and returns how many seconds to wait for the next turn; None: as always."""
Sleep = Callable[[float], Awaitable[object]]


@asynccontextmanager
async def repeating(
    failure: str, work: Work, *, every_s: float, first_s: float = 0.0, sleep: Sleep = asyncio.sleep
) -> AsyncIterator[None]:
    """Work inside the block, at first after `first_s`; a turn that fails ends no other, the log tells.

    `failure` says in the log what did not happen, as in "The fleet was not read".
    """
    task = asyncio.create_task(_repeat(failure, work, every_s, first_s, sleep))
    try:
        yield
    finally:
        task.cancel()


async def _repeat(failure: str, work: Work, every_s: float, first_s: float, sleep: Sleep) -> None:
    pause_s: float | None = first_s
    while True:
        await sleep(every_s if pause_s is None else pause_s)
        pause_s = None
        try:
            pause_s = await run_in_threadpool(work)
        except DependencyUnavailable as error:
            _log.warning(f"{failure}: {error}")
        except Exception:  # noqa: BLE001 - whatever it is, and be it that no thread can be started
            _log.exception(failure)

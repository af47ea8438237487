"""Dead letters are collected every hour, because brokers keep them for a limited time only."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog
from starlette.concurrency import run_in_threadpool

from operation_server.dead_letters.office import Collection
from telemetry_core.contract.errors import DependencyUnavailable

EVERY_S: Final = 3_600.0
"""Far within Kafka's seven days; who lists letters gathers them at once."""
PAUSE_S: Final = 5.0
"""Before the next look where one did not see the end."""

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def gathering(
    collect: Callable[[], Collection], *, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
) -> AsyncIterator[None]:
    """Gather letters inside the block."""
    task = asyncio.create_task(_gather(collect, sleep))
    try:
        yield
    finally:
        task.cancel()


async def _gather(collect: Callable[[], Collection], sleep: Callable[[float], Awaitable[object]]) -> None:
    has_more = False
    while True:
        await sleep(PAUSE_S if has_more else EVERY_S)
        has_more = await run_in_threadpool(_look, collect)


def _look(collect: Callable[[], Collection]) -> bool:
    """Look into both brokers once; what fails is tried again at the next look."""
    try:
        found = collect()
    except DependencyUnavailable as error:
        _log.warning(f"Dead letters could not be collected: {error}")
        return False
    except Exception:  # noqa: BLE001 - one look must not end the others; the log tells
        _log.exception("Dead letters could not be collected")
        return False
    for problem in found.problems:
        _log.warning(f"Dead letters could not be collected: {problem}")
    return found.has_more

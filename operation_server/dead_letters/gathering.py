"""Dead letters are collected every hour, because brokers keep them for a limited time only."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

import structlog

from operation_server.background import Sleep, repeating
from operation_server.dead_letters.office import Collection

EVERY_S: Final = 3_600.0
"""Far within Kafka's seven days; who lists letters gathers them at once."""
PAUSE_S: Final = 5.0
"""Before the next look where one did not see the end."""
FAILURE: Final = "Dead letters could not be collected"

_log = structlog.get_logger(__name__)


def gathering(
    collect: Callable[[], Collection], *, sleep: Sleep = asyncio.sleep
) -> AbstractAsyncContextManager[None]:
    """Gather letters inside the block."""

    def look() -> float | None:
        found = collect()
        for problem in found.problems:
            _log.warning(f"{FAILURE}: {problem}")
        return PAUSE_S if found.has_more else None

    return repeating(FAILURE, look, every_s=EVERY_S, first_s=EVERY_S, sleep=sleep)

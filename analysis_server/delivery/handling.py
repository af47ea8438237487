"""What happens to a task when a server is unavailable, or when it killed a worker before."""

import random
import threading
from collections.abc import Callable
from enum import Enum
from typing import Final, TypeVar

import structlog

from telemetry_core.contract.errors import DependencyUnavailable, StatementTooSlow
from telemetry_core.service.liveness import Loop
from telemetry_core.service.observability import DEPENDENCY_RETRIES, TASKS_HELD

SPLIT_AT: Final = 2
"""From this many earlier deliveries on, a batch goes back as single jobs: one of them may be poison."""
GIVE_UP_AT: Final = 15
"""A single job that came back so often ends as a dead letter; the broker's own limit, 20, lies above.

The broker counts workers that stop in good order and broken connections like workers that died: a few
restarts while a task waits for a server are no proof of poison.
"""
SLOW_ATTEMPTS: Final = 3
"""So often a commit of many rows may be cancelled for its time before it is tried in halves."""
MAX_BACKOFF_S: Final = 5.0

Result = TypeVar("Result")

_log = structlog.get_logger(__name__)


class Handling(Enum):
    """What to do with a delivered task."""

    RUN = "run"
    SPLIT = "split"
    GIVE_UP = "give up"


class ShutdownRequested(Exception):  # noqa: N818 - a signal, not a fault
    """The worker stops while a task waits for a server; the task goes back to its queue."""


def handling_of(delivery_count: int, job_count: int) -> Handling:
    """Decide by how often the broker had to take the task back."""
    if delivery_count >= GIVE_UP_AT and job_count == 1:
        return Handling.GIVE_UP
    if delivery_count >= SPLIT_AT and job_count > 1:
        return Handling.SPLIT
    return Handling.RUN


def hold_until_available(
    action: Callable[[], Result],
    stopping: threading.Event,
    *,
    service: str,
    loop: Loop,
    is_divisible: bool = False,
) -> Result:
    """Run `action` until the server it needs is there; the task stays with us and the queue waits.

    Raises `ShutdownRequested` when the worker is told to stop meanwhile, and `StatementTooSlow` where work
    that `is_divisible` was cancelled for its time again and again.
    """
    failures = slow = 0
    while True:
        try:
            return action()
        except DependencyUnavailable as error:
            failures += 1
            slow = slow + 1 if isinstance(error, StatementTooSlow) else 0
            if is_divisible and slow == SLOW_ATTEMPTS:
                raise
            loop.hold(error.dependency)
            DEPENDENCY_RETRIES.labels(service, error.dependency).inc()
            delay_s = min(MAX_BACKOFF_S, 0.1 * 2**failures) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
            _log.warning(f"{error}; holding the task, next attempt in {delay_s:.1f} s")
            with TASKS_HELD.labels(error.dependency).track_inprogress():
                if stopping.wait(delay_s):
                    raise ShutdownRequested(str(error)) from error

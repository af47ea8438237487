"""The one loop of the service: small pieces of work, run in turn, none of which can stop the others."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.service.observability import CHORES_FAILED, DEPENDENCY_RETRIES

SERVICE: Final = "housekeeping"
RETRY_S: Final = 5.0
"""How long a chore waits for an unavailable server."""
PAUSE_S: Final = 0.1
"""Between two pieces of a long piece of work: others get their turn, on the servers too."""

_log = structlog.get_logger(SERVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """Work that is done again and again."""

    name: str
    every_s: float
    work: Callable[[], bool]
    """Does a bounded piece and tells whether more waits; may raise `DependencyUnavailable`."""


class Stop(Protocol):
    """What ends the loop: an event."""

    def is_set(self) -> bool:
        """Tell whether it came."""

    def wait(self, timeout: float) -> bool:
        """Wait for it so long."""


class LoopReport(Protocol):
    """What the loop says of itself to its watchdog."""

    def tick(self) -> None:
        """Say that it came round."""

    def hold(self, server: str) -> None:
        """Say that it waits for a server."""


def keep_house(
    chores: Sequence[Chore],
    stop: Stop,
    report: LoopReport,
    *,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Run each chore when it is due, until `stop`; one that fails is retried at its next turn."""
    due_at = dict.fromkeys(chores, monotonic())
    while not stop.is_set():
        for chore in chores:
            if due_at[chore] <= monotonic() and not stop.is_set():
                due_at[chore] = monotonic() + _do(chore, report)
        stop.wait(max(PAUSE_S, min(1.0, min(due_at.values()) - monotonic())))
        report.tick()


def _do(chore: Chore, report: LoopReport) -> float:
    """Do a piece of work; return in how many seconds the next one is due."""
    try:
        has_more = chore.work()
    except DependencyUnavailable as error:
        report.hold(error.dependency)
        DEPENDENCY_RETRIES.labels(SERVICE, error.dependency).inc()
        _log.warning(f"{error}; {chore.name}: next attempt in {RETRY_S:.0f} s")
        return RETRY_S
    except Exception:  # noqa: BLE001 - one chore must not end the others; the log and a counter tell
        CHORES_FAILED.labels(chore.name).inc()
        _log.exception(f"{chore.name} failed; next attempt in {chore.every_s:.0f} s")
        return chore.every_s
    report.tick()
    return 0.0 if has_more else chore.every_s

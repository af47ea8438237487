"""Alive means working: every loop of a service reports of itself, and one that stopped ends the process.

A loop says that it came round (`tick`), that it takes work (`ready`) or that it waits for a server (`hold`).
The watchdog adds what the server says: work that waits, and how far the loop's effect has come. A loop that
no longer comes round, or whose work waits without moving although no server is unavailable, will not recover
by itself; whatever started the process, supervisor or container runtime, restarts it.
"""

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Final, Self

import structlog

from telemetry_core.contract.errors import DependencyUnavailable

STUCK_AFTER_S: Final = 120.0
"""Longer than any chain of deadlines of one round; no loop's pause comes near it."""
STALLED_AFTER_S: Final = 30.0
UNHEALTHY_AFTER_S: Final = 30.0
"""Health is lost earlier than the process: so long a stand-still, for a server included, is worth a look."""
EXIT_STATUS: Final = 70
FAREWELL_S: Final = 5.0
"""So long the last words may take."""
LONGEST_DOUBT_S: Final = 15.0
"""So long may a server tell nothing before what it told earlier counts no more."""
LONGEST_QUESTION_S: Final = 15.0
_INTERVAL_S: Final = 1.0
_ROUNDS_PER_QUESTION: Final = 5

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What waits at a server for a loop, and how far its effect has come there."""

    waiting: int
    position: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Asks a server for the work of a loop, by a client that the loop does not use."""

    server: str
    ask: Callable[[], Work]
    """Raises `DependencyUnavailable` while the server can't tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a loop last said of itself."""

    ticks: int = 0
    position: object = None
    is_ready: bool = True
    held_for: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How long a loop has been in a state, as the watchdog saw it."""

    report: Report = Report()
    work: Work | None = None
    """None = the server could not tell when it was last asked."""
    known: Work | None = None
    """What it told the last time it did."""
    unknown_s: float = 0.0
    stuck_s: float = 0.0
    stalled_s: float = 0.0
    held_s: float = 0.0


class Loop:
    """One loop as it reports of itself; each report replaces the one before. `with` ends its supervision."""

    def __init__(
        self,
        name: str,
        *,
        forget: Callable[["Loop"], None],
        backlog: Backlog | None,
        stuck_after_s: float,
        stalled_after_s: float,
    ) -> None:
        self.name = name
        self.backlog = backlog
        self.stuck_after_s = stuck_after_s
        self.stalled_after_s = stalled_after_s
        self.report = Report()
        self._forget = forget

    def tick(self, position: object = None) -> None:
        """Say that the loop came round and waits for no server; `position` shows what no server shows."""
        self.report = replace(self.report, ticks=self.report.ticks + 1, position=position, held_for=None)

    def ready(self, *, is_ready: bool = True) -> None:
        """Say whether work would be taken now, where coming round does not mean it: health asks it."""
        self.report = replace(self.report, ticks=self.report.ticks + 1, is_ready=is_ready)

    def hold(self, server: str) -> None:
        """Say that the loop came round and waits for an unavailable server."""
        self.report = replace(self.report, ticks=self.report.ticks + 1, held_for=server)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._forget(self)


class Liveness:
    """The loops of one process and their watchdog."""

    def __init__(self, *, end: Callable[[str], None] | None = None) -> None:
        self._end = end or end_process
        self._lock = threading.Lock()
        self._conditions: dict[Loop, Condition] = {}
        self._rounds = 0

    def loop(
        self,
        name: str,
        *,
        backlog: Backlog | None = None,
        stuck_after_s: float = STUCK_AFTER_S,
        stalled_after_s: float = STALLED_AFTER_S,
    ) -> Loop:
        """Supervise a loop from now on; without a backlog only whether it comes round."""
        loop = Loop(
            name,
            forget=self._forget,
            backlog=backlog,
            stuck_after_s=stuck_after_s,
            stalled_after_s=stalled_after_s,
        )
        with self._lock:
            self._conditions[loop] = Condition()
        return loop

    def start(self) -> None:
        """Watch in a thread of its own, as long as the process lives."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def check(self, elapsed_s: float) -> None:
        """Look at every loop once; end the process at the first that has stopped."""
        is_asking = self._rounds % _ROUNDS_PER_QUESTION == 0
        self._rounds += 1
        for loop, before in self._seen():
            server = loop.backlog.server if loop.backlog else None
            work = _ask(loop.backlog) if is_asking else before.work
            condition = next_condition(before, loop.report, work, server=server, elapsed_s=elapsed_s)
            fault = fault_of(loop, condition)
            if self._keep(loop, condition) and fault:
                self._end(fault)

    def problems(self) -> list[str]:
        """Say of each loop that does not do its work why; none = healthy."""
        found = (problem_of(loop, condition) for loop, condition in self._seen())
        return [problem for problem in found if problem]

    def _seen(self) -> list[tuple[Loop, Condition]]:
        with self._lock:
            return list(self._conditions.items())

    def _keep(self, loop: Loop, condition: Condition) -> bool:
        """Keep what was seen of a loop; False when it ended meanwhile."""
        with self._lock:
            is_watched = loop in self._conditions
            if is_watched:
                self._conditions[loop] = condition
            return is_watched

    def _forget(self, loop: Loop) -> None:
        with self._lock:
            del self._conditions[loop]

    def _watch(self) -> None:
        asked_s = 0.0
        while True:
            begun = time.monotonic()
            time.sleep(_INTERVAL_S)
            woken = time.monotonic()
            # A process that was stopped as a whole, or a machine that slept, is no loop that stands still.
            self.check(min(woken - begun, 2 * _INTERVAL_S) + min(asked_s, LONGEST_QUESTION_S))
            asked_s = time.monotonic() - woken


def next_condition(
    before: Condition, report: Report, work: Work | None, *, server: str | None, elapsed_s: float
) -> Condition:
    """Add what the watchdog sees now to what it saw before; `server` is the one that told of `work`."""
    is_held = report.held_for is not None
    has_come_round = report.ticks != before.report.ticks
    is_excused = is_held and (report.held_for != server or work is None)
    unknown_s = before.unknown_s + elapsed_s if work is None else 0.0
    known = before.known if work is None else work
    has_moved = report.position != before.report.position or (
        known is None or before.known is None or known.position != before.known.position
    )
    stands = bool(known and known.waiting and before.known and before.known.waiting)
    # One question without an answer is no sign of movement: the count stops, and goes on.
    stalled_s = before.stalled_s + (elapsed_s if has_come_round and work is not None else 0.0)
    return Condition(
        report=report,
        work=work,
        known=known,
        unknown_s=unknown_s,
        # Who waits for the very server that does not answer us either may wait inside one call.
        stuck_s=0.0
        if has_come_round or (is_excused and report.held_for == server)
        else before.stuck_s + elapsed_s,
        stalled_s=0.0 if is_excused or has_moved or not stands or unknown_s > LONGEST_DOUBT_S else stalled_s,
        held_s=before.held_s + elapsed_s if is_held and before.report.held_for else 0.0,
    )


def fault_of(loop: Loop, condition: Condition) -> str | None:
    """Say why the process must end, or None."""
    if condition.stuck_s > loop.stuck_after_s:
        return f"{loop.name} has completed no round for {condition.stuck_s:.0f} s"
    if condition.stalled_s > loop.stalled_after_s and condition.work:
        return (
            f"{loop.name} has not moved for {condition.stalled_s:.0f} s"
            f" although {condition.work.waiting} wait for it and no server is unavailable"
        )
    return None


def problem_of(loop: Loop, condition: Condition) -> str | None:
    """Say why a loop does not do its work, for its health check, or None."""
    held_for = loop.report.held_for
    if held_for and condition.held_s > UNHEALTHY_AFTER_S:
        return f"{loop.name} has waited {condition.held_s:.0f} s for {held_for}"
    if condition.stuck_s > UNHEALTHY_AFTER_S:
        return f"{loop.name} has completed no round for {condition.stuck_s:.0f} s"
    if not held_for and not (loop.report.is_ready and loop.report.ticks):
        return f"{loop.name} takes no work yet"
    return None


def end_process(reason: str) -> None:
    """End this process at once, for a stuck thread can't be ended, with the stacks of all in the log.

    Who reads the log may be what stands still: then the process ends without it.
    """
    last_resort = threading.Timer(FAREWELL_S, os._exit, (EXIT_STATUS,))
    last_resort.daemon = True
    last_resort.start()
    _log.error(f"{reason}: the process exits to be restarted")
    sys.stdout.flush()
    faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
    sys.stderr.flush()
    os._exit(EXIT_STATUS)


def _ask(backlog: Backlog | None) -> Work | None:
    if backlog is None:
        return None
    try:
        return backlog.ask()
    except DependencyUnavailable:
        return None
    except Exception as error:  # noqa: BLE001 - whatever a client raises, the watchdog goes on watching
        _log.error(
            f"{backlog.server} could not be asked whether work is waiting: {type(error).__name__}: {error}"
        )
        return None

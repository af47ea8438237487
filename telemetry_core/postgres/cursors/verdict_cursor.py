"""Followers of committed verdicts: each has a cursor in `ops.relay_cursors` and goes at its own pace."""

import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

import structlog

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.cursors import QUERIES
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import select
from telemetry_core.service.liveness import Loop
from telemetry_core.service.observability import DEPENDENCY_RETRIES, RELAY_LAG_SECONDS, VERDICTS_RELAYED

PAGE: Final = 500
POLL_S: Final = 0.5
MAX_BACKOFF_S: Final = 10.0
REBUILD_ATTEMPTS: Final = 8

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The last verdict that a follower confirmed; a rebuild begins the next generation at zero."""

    generation: int
    xact: int
    id: int
    relayed: int

    @property
    def is_at_start(self) -> bool:
        """Tell whether nothing was passed on yet."""
        return self.xact == 0


class Stepper(Protocol):
    """Something that goes on step by step."""

    name: str

    def step(self) -> bool:
        """Take what comes next; tell whether more waits."""


class Follower(Stepper, Protocol):
    """Something that follows the committed verdicts."""

    def cursor(self) -> Cursor:
        """Read how far it is."""


def follow(follower: Stepper, stop: threading.Event, loop: Loop, *, service: str) -> None:
    """Take step after step until `stop`; an unavailable server delays this follower only."""
    failures = 0
    while not stop.is_set():
        try:
            is_behind = follower.step()
        except DependencyUnavailable as error:
            failures += 1
            loop.hold(error.dependency)
            DEPENDENCY_RETRIES.labels(service, error.dependency).inc()
            delay_s = backoff_s(failures)
            _log.warning(f"{error}; {follower.name}: next attempt in {delay_s:.1f} s")
            stop.wait(delay_s)
            continue
        loop.tick()
        if failures:
            _log.info(f"{follower.name}: recovered after {failures} attempts")
            failures = 0
        if not is_behind:
            stop.wait(POLL_S)


def rebuild(pool: Pool, follower: Follower, *, service: str, progress: Callable[[], str]) -> int:
    """Begin the next generation and follow to its end, together with the service where it runs.

    Prints what `progress` says after each step, and returns the exit status of a command.
    """
    try:
        restart(pool, follower.name, follower.cursor().generation)
    except DependencyUnavailable as error:
        print(f"rebuild: {error}; nothing was changed", file=sys.stderr)  # noqa: T201
        return 1
    failures = 0
    while True:
        try:
            is_done = not follower.step()
            said = progress()
        except DependencyUnavailable as error:
            failures += 1
            if failures == REBUILD_ATTEMPTS:
                print(f"rebuild: {error}; it continues as soon as {service} runs", file=sys.stderr)  # noqa: T201
                return 1
            time.sleep(backoff_s(failures))
            continue
        failures = 0
        print(said, flush=True)  # noqa: T201
        if is_done:
            return 0


def read_cursor(connection: Connection, name: str) -> Cursor:
    """Read how far a follower is; a new one is at the start."""
    found = select(connection, QUERIES["relay_cursor"], {"sink": name})
    if not found:
        with connection.cursor() as cursor:
            cursor.execute(QUERIES["insert_relay_cursor"], {"sink": name})
        found = select(connection, QUERIES["relay_cursor"], {"sink": name})
    return Cursor(**found[0])


def advance(
    connection: Connection, name: str, cursor: Cursor, position: tuple[int, int], *, count: int
) -> None:
    """Move a cursor to a position, transaction and row, behind so many more verdicts.

    Does nothing if another process has moved it.
    """
    after = {"next_xact": position[0], "next_id": position[1], "count": count}
    with connection.cursor() as statement:
        statement.execute(QUERIES["advance_relay_cursor"], {**asdict(cursor), **after, "sink": name})


def restart(pool: Pool, name: str, generation: int) -> None:
    """Let a follower start over, unless that has happened already."""
    with transaction(pool) as connection, connection.cursor() as statement:
        statement.execute(QUERIES["restart_relay_cursor"], {"sink": name, "generation": generation})


def report(name: str, count: int, newest_at: datetime | None, *, is_behind: bool) -> None:
    """Tell the metrics of a page of so many verdicts, the last one completed at a time."""
    VERDICTS_RELAYED.labels(name).inc(count)
    RELAY_LAG_SECONDS.labels(name).set(lag_s(newest_at, datetime.now(UTC), is_behind=is_behind))


def backoff_s(failures: int) -> float:
    """Return how long to wait after so many failures in a row, with jitter."""
    return min(MAX_BACKOFF_S, 0.25 * 2.0 ** min(failures, 10)) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter


def lag_s(completed_at: datetime | None, now: datetime, *, is_behind: bool) -> float:
    """Return the age of the last verdict of a page in seconds; 0 when nothing waits behind it."""
    return max(0.0, (now - completed_at).total_seconds()) if completed_at and is_behind else 0.0

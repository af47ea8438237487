"""Refused values and wrong clocks on their way to PostgreSQL: added up in memory, saved by their own thread.

Telemetry never waits for it: while PostgreSQL is unavailable gathering continues, and what came since the
last round is all that a kill loses.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Generic, Protocol, Self, TypeVar

import structlog

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.service.liveness import Loop

SAVE_EVERY_S: Final = 1.0
"""Limits broken under a wrong on-board clock reach an operator only this way."""
LAST_SAVE_S: Final = 3.0
"""So long the end of the service waits for the last save."""

Key = tuple[str, str, str]
"""A satellite, the part of it, a reason."""

_log = structlog.get_logger(__name__)


class Joinable(Protocol):
    """A value that can be merged with a later one of the same key."""

    def and_later(self, later: Self) -> Self:
        """Join with a later one."""


Value = TypeVar("Value", bound=Joinable)
Save = Callable[[Mapping[Key, Value]], None]


class Gathered(Generic[Value]):
    """Values gathered by key since they were last taken; for two threads."""

    def __init__(self, *, max_gathered: int) -> None:
        self._max_gathered = max_gathered
        self._lock = threading.Lock()
        self._gathered: dict[Key, Value] = {}

    def gather(self, found: Iterable[tuple[Key, Value]]) -> None:
        """Add values; beyond `max_gathered` keys the one silent for longest is dropped."""
        with self._lock:
            for key, value in found:
                self._put(key, value)

    def take(self) -> dict[Key, Value]:
        """Return what was gathered, and start over."""
        with self._lock:
            gathered, self._gathered = self._gathered, {}
        return gathered

    def put_back(self, taken: Mapping[Key, Value]) -> None:
        """Gather again what could not be saved, before what was gathered since."""
        with self._lock:
            since, self._gathered = self._gathered, dict(taken)
            for key, value in since.items():
                self._put(key, value)

    def _put(self, key: Key, later: Value) -> None:
        before = self._gathered.pop(key, None)
        self._gathered[key] = before.and_later(later) if before else later
        if len(self._gathered) > self._max_gathered:
            del self._gathered[next(iter(self._gathered))]


@contextmanager
def kept_saved(loop: Loop, *steps: Callable[[], object]) -> Iterator[None]:
    """Save in a thread of its own what the block gathers, and what is left of it once the block has ended.

    Whatever else needs PostgreSQL is a step of its rounds, too.
    """
    ended = threading.Event()
    saver = threading.Thread(target=_keep_saved, args=(loop, steps, ended), name="refusals", daemon=True)
    loop.tick()  # health asks for it, and the first round ends only later
    saver.start()
    try:
        yield
    finally:
        ended.set()
        saver.join(LAST_SAVE_S)


def _keep_saved(loop: Loop, steps: Iterable[Callable[[], object]], ended: threading.Event) -> None:
    """An unavailable server does not make the trigger unhealthy: its own work does not need it."""
    with loop:
        is_last = False
        while not is_last:
            is_last = ended.wait(SAVE_EVERY_S)
            for step in steps:
                step()
                loop.tick()


def save_gathered(gathered: Gathered[Value], save: Save[Value]) -> None:
    """Save what was gathered; it is kept while the server is unavailable and dropped if it can't be saved."""
    taken = gathered.take()
    if not taken:
        return
    try:
        save(taken)
    except DependencyUnavailable as error:
        gathered.put_back(taken)
        _log.warning(f"{error}; what was gathered is kept in memory until it can be saved")
    except Exception:  # noqa: BLE001 - the metric has counted it, and the next round is another one
        _log.exception(f"What was gathered of {len(taken)} keys could not be saved")

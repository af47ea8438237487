"""The fleet is read once for all clients, and read on while they ask, so that none waits for a reading."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final

from operation_server.background import repeating
from operation_server.fleet.overview import listed
from operation_server.fleet.schemas import Fleet
from telemetry_core.contract.errors import DependencyUnavailable

READ_EVERY_S: Final = 1.0
FRESH_S: Final = 2.0
"""A reading is handed out for so long; reading on makes it seldom older than `READ_EVERY_S`."""
WANTED_S: Final = 10.0
"""The fleet is read on for so long after a client asked."""
PATIENCE_S: Final = 1.5
"""Of a client that waits for another one's reading of the fleet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The fleet as it was read."""

    #: By the monotonic clock.
    at_s: float
    #: Retired ones too.
    satellites: Sequence[dict[str, Any]]
    #: What clients get, JSON in UTF-8: of the satellites that are retired (True), or of all others.
    documents: Mapping[bool, bytes]


class FleetStatus:
    """Keeps the newest reading for all clients."""

    def __init__(
        self, read: Callable[[], dict[str, Any]], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._asked_s = monotonic() - WANTED_S
        self._latest: Reading | None = None

    def newest(self) -> Reading:
        """Return the fleet, at most `FRESH_S` old; only the first who asks waits for a reading."""
        self._asked_s = self._monotonic()
        return self._younger_than(FRESH_S)

    def read_on(self) -> None:
        """Read anew if a client asked of late; what fails is told to the next who asks."""
        if self._monotonic() - self._asked_s < WANTED_S:
            self._younger_than(READ_EVERY_S)

    def forget(self) -> None:
        """Let the next client wait for a new reading: something was changed that this one may not tell."""
        with self._lock:
            self._latest = None

    def _younger_than(self, age_s: float) -> Reading:
        if latest := self._kept(age_s):
            return latest
        if not self._lock.acquire(timeout=PATIENCE_S):
            raise DependencyUnavailable("fleet", f"its reading takes longer than {PATIENCE_S:g} s")
        try:
            return self._kept(age_s) or self._renewed()
        finally:
            self._lock.release()

    def _kept(self, age_s: float) -> Reading | None:
        latest = self._latest
        return latest if latest and self._monotonic() - latest.at_s < age_s else None

    def _renewed(self) -> Reading:
        at_s = self._monotonic()
        found = self._read()
        documents = {
            retired: Fleet.model_validate(listed(found, retired=retired)).model_dump_json().encode()
            for retired in (False, True)
        }
        self._latest = Reading(at_s=at_s, satellites=found["satellites"], documents=documents)
        return self._latest


def reading_on(fleet: Callable[[], FleetStatus]) -> AbstractAsyncContextManager[None]:
    """Read on inside the block."""
    return repeating("The fleet was not read", lambda: fleet().read_on(), every_s=READ_EVERY_S)

"""Looks at the platform's parts round by round, and raises and ends their alarms."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import structlog

from alarm_server.platform.conditions import (
    Arrivals,
    Condition,
    Conditions,
    conditions_of,
    held,
    no_answer,
    not_judged,
    ran_out,
)
from alarm_server.platform.route import Fleet, Pipeline
from alarm_server.platform.store import save_turns
from alarms.rounds import Rounds, Turn
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.service.liveness import Loop

ROUND_S: Final = 4.0
"""From the begin of one round to that of the next."""
START: Final = timedelta(minutes=1)
"""For so long after this service has begun, parts that do not answer may be starting, too."""
FLEET_ROUNDS: Final = 15
"""What satellites lack changes slowly: one round of so many asks for it."""

_log = structlog.get_logger("alarm-server")


class Routes(Protocol):
    """What the operation server is asked for."""

    def pipeline(self) -> Pipeline:
        """Return the parts, or raise `DependencyUnavailable`."""

    def fleet(self) -> Fleet:
        """Return the satellites, or raise `DependencyUnavailable`."""


class PlatformWatch:
    """Counts what it sees, whether or not it can be written; turns wait for PostgreSQL."""

    def __init__(
        self,
        pool: Pool,
        routes: Routes,
        *,
        begun_at: datetime,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._routes = routes
        self._clock = clock
        self._rounds = Rounds()
        self._arrivals = Arrivals()
        self._looks = 0
        self._settled_us = microseconds_of(begun_at + START)
        self._told: dict[Turn, Condition] = {}

    def round(self) -> None:
        """Look once, then write what turned; raises `DependencyUnavailable` where that must wait."""
        at_us = microseconds_of(self._clock())
        found = self._look(at_us)
        self._rounds = self._rounds.after(held(found), at_us, is_starting=at_us < self._settled_us)
        self._told |= {turn: found[turn.sign] for turn in self._rounds.turns if turn not in self._told}
        with transaction(self._pool) as connection:
            standing = save_turns(connection, self._rounds.turns, self._told)
        self._rounds = self._rounds.stored(standing)
        self._told = {}

    def _look(self, at_us: int) -> Conditions:
        try:
            pipeline = self._routes.pipeline()
        except DependencyUnavailable as error:
            return no_answer(str(error))
        self._arrivals = self._arrivals.after(pipeline.kafka.dead_letters, at_us)
        return conditions_of(pipeline) | self._arrivals.conditions(at_us) | self._satellites()

    def _satellites(self) -> Conditions:
        self._looks += 1
        if self._looks % FLEET_ROUNDS != 1:
            return {}
        try:
            fleet = self._routes.fleet()
        except DependencyUnavailable as error:
            _log.warning(f"{error}; what satellites lack is unknown")
            return {}
        return not_judged(fleet) | ran_out(fleet)


def watch(platform: PlatformWatch, stop: threading.Event, loop: Loop) -> None:
    """Look every few seconds until `stop`; without PostgreSQL looking goes on."""
    while not stop.is_set():
        begun = time.monotonic()
        try:
            platform.round()
            loop.tick()
        except DependencyUnavailable as error:
            loop.hold(error.dependency)
            _log.warning(f"{error}; the platform's alarms wait")
        stop.wait(max(0.0, ROUND_S - (time.monotonic() - begun)))

"""Raises and ends the alarms of the platform's parts, round by round."""

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

import structlog

from alarm_server import QUERIES
from alarm_server.platform import QUERIES as OWN_QUERIES
from alarm_server.platform.route import PartState
from alarm_server.rows import alarm_id_of, insert, moment, save_events
from alarms.occurrence_changes import Event
from alarms.rounds import Rounds, Sign
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.contract.rules import Severity
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import select
from telemetry_core.service.liveness import Loop

PLATFORM: Final = "platform"
"""Stands where other alarms name a satellite."""
ROUND_S: Final = 5.0
_SEVERITIES: Final = {
    "off": ("unavailable", Severity.DISTRESS),
    "critical": ("impaired", Severity.DISTRESS),
    "serious": ("impaired", Severity.WARNING),
}
OPERATION_SERVER: Final = "operation_server"

_log = structlog.get_logger("alarm-server")


class PlatformWatch:
    """Looks at the parts; without an answer the operation server is the only one that is known to be away."""

    def __init__(
        self,
        pool: Pool,
        ask: Callable[[], Mapping[str, PartState]],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._ask = ask
        self._clock = clock
        self._rounds = Rounds()

    def round(self) -> None:
        """Look once, and raise or end what has been otherwise for long enough."""
        parts = self._parts()
        seen = {sign: holds for name, part in parts.items() for sign, holds in _seen(name, part).items()}
        with transaction(self._pool) as connection:
            standing = _standing(connection)
            rounds = self._rounds.after(standing, seen)
            turned = rounds.turned & seen.keys()
            now_us = microseconds_of(self._clock())
            _raise(connection, {sign: parts[sign[0]] for sign in turned - standing.keys()}, now_us)
            _end(connection, [standing[sign] for sign in turned & standing.keys()], now_us)
        self._rounds = rounds

    def _parts(self) -> Mapping[str, PartState]:
        try:
            return {**self._ask(), OPERATION_SERVER: PartState(state="normal", detail="")}
        except DependencyUnavailable as error:
            return {OPERATION_SERVER: PartState(state="off", detail=str(error))}


def watch(platform: PlatformWatch, stop: threading.Event, loop: Loop) -> None:
    """Look every few seconds until `stop`; without PostgreSQL nothing can be raised, and looking goes on."""
    while not stop.is_set():
        try:
            platform.round()
            loop.tick()
        except DependencyUnavailable as error:
            loop.hold(error.dependency)
            _log.warning(f"{error}; the platform's alarms wait")
        stop.wait(ROUND_S)


def _seen(name: str, part: PartState) -> dict[Sign, bool]:
    """Tell which reasons hold; of a part that does not answer, whether it is impaired is not known."""
    reason = _SEVERITIES[part.state][0] if part.state in _SEVERITIES else None
    reasons = ("unavailable",) if reason == "unavailable" else ("unavailable", "impaired")
    return {(name, one): one == reason for one in reasons}


def _standing(connection: Connection) -> dict[Sign, str]:
    found = select(connection, OWN_QUERIES["standing_platform_alarms"], {})
    return {(row["subsystem"], row["reason"]): row["alarm_id"] for row in found}


def _raise(connection: Connection, parts: Mapping[Sign, PartState], now_us: int) -> None:
    now = moment(now_us)
    ids = {sign: alarm_id_of(*sign, now_us, PLATFORM) for sign in parts}
    rows = [
        (ids[sign], PLATFORM, *sign, PLATFORM, _SEVERITIES[part.state][1], now, now, now)
        for sign, part in parts.items()
    ]
    insert(connection, QUERIES["raise_alarms"], rows)
    save_events(
        connection,
        [
            (ids[sign], Event.RAISED.value, now, json.dumps({"cause": part.detail}))
            for sign, part in parts.items()
        ],
    )


def _end(connection: Connection, alarm_ids: list[str], now_us: int) -> None:
    parameters = {"alarm_ids": alarm_ids, "returned": [moment(now_us)] * len(alarm_ids)}
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["end_alarms"], parameters)

"""Alarms of the platform in PostgreSQL, within one transaction of the caller's."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from alarm_server.platform import QUERIES
from alarm_server.platform.conditions import Condition
from alarm_server.rows import moment, save_events
from alarm_server.store import end_alarms, raise_alarms
from alarms.occurrence_changes import Event, alarm_id_of
from alarms.rounds import Sign, Turn
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import select, to_json

PLATFORM: Final = "platform"
"""Stands where other alarms name a satellite; their kind, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    alarm_id: str
    started_us: int


def save_turns(
    connection: Connection, turns: Sequence[Turn], told: Mapping[Turn, Condition]
) -> Collection[Sign]:
    """Write turns, oldest first, that no other service has written; return the signs that stand then."""
    if turns:
        select(connection, QUERIES["lock_platform_alarms"])
    standing = _standing(connection)
    for turn in turns:
        known = standing.get(turn.sign)
        if turn.stands and known is None and not _is_known(connection, turn):
            standing[turn.sign] = _raise(connection, turn, told[turn])
        elif not turn.stands and known is not None and known.started_us <= turn.since_us:
            end_alarms(connection, {standing.pop(turn.sign).alarm_id: turn.since_us})
    return standing.keys()


def _standing(connection: Connection) -> dict[Sign, _Standing]:
    return {
        (row["subsystem"], row["reason"]): _Standing(
            alarm_id=row["alarm_id"], started_us=microseconds_of(row["started_at"])
        )
        for row in select(connection, QUERIES["standing_platform_alarms"])
    }


def _is_known(connection: Connection, turn: Turn) -> bool:
    subsystem, reason = turn.sign
    named = {"satellite_id": PLATFORM, "subsystem": subsystem, "reason": reason}
    (found,) = select(connection, QUERIES["known_since"], {**named, "since": moment(turn.since_us)})
    return bool(found["is_known"])


def _raise(connection: Connection, turn: Turn, told: Condition) -> _Standing:
    alarm_id = alarm_id_of(*turn.sign, turn.since_us, PLATFORM)
    since, at = moment(turn.since_us), moment(turn.at_us)
    raise_alarms(connection, [(alarm_id, PLATFORM, *turn.sign, PLATFORM, None, told.severity, since, at, at)])
    save_events(connection, [(alarm_id, Event.RAISED.value, at, to_json({"cause": told.cause}))])
    return _Standing(alarm_id=alarm_id, started_us=turn.since_us)

"""Alarms with the groups that they belong to in PostgreSQL, within one transaction of the caller's."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from alarm_server.groups import QUERIES
from alarm_server.groups.floods import raise_floods
from alarm_server.rows import insert, moment
from alarms.groups import NEAR_US, Member, groups_of
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import Row, select

_NEAR: Final = timedelta(microseconds=NEAR_US)


def save_alarms(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run a statement with one `VALUES %s` for all alarms, by id in their first column, and group them."""
    insert(connection, statement, rows)
    group(connection, [row[0] for row in rows])


def group(connection: Connection, alarm_ids: Sequence[str]) -> None:
    """Put alarms that were written just now into the groups that they belong to, with those near them.

    New ones may be a flood.
    """
    found = select(connection, QUERIES["moved_alarms"], {"alarm_ids": list(alarm_ids)})
    if not found:
        return
    moved = [row["alarm_id"] for row in found]
    select(connection, QUERIES["lock_groups"])
    left = [row["group_id"] for row in select(connection, QUERIES["forget_withdrawn"], {"alarm_ids": moved})]
    near = select(connection, QUERIES["near_alarms"], {"alarm_ids": moved, "left": left, "near": _NEAR})
    of_satellite = itemgetter("satellite_id")
    for satellite_id, rows in groupby(sorted(near, key=of_satellite), key=of_satellite):
        _save(connection, satellite_id, {row["alarm_id"]: _member(row) for row in rows})
    raise_floods(connection, {row["satellite_id"] for row in near if row["group_id"] is None})


def _save(connection: Connection, satellite_id: str, members: dict[str, Member]) -> None:
    rows = [
        (alarm_id, group_id, satellite_id, moment(members[alarm_id].started_us))
        for alarm_id, group_id in groups_of(members.values()).items()
    ]
    insert(connection, QUERIES["save_groups"], rows)


def _member(row: Row) -> Member:
    return Member(
        alarm_id=row["alarm_id"],
        started_us=microseconds_of(row["started_at"]),
        group_id=row["group_id"],
    )

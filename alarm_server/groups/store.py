"""Alarms with the groups that they belong to in PostgreSQL, within one transaction of the caller's."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from alarm_server.groups import QUERIES
from alarm_server.groups.floods import raise_floods
from alarm_server.rows import insert, moment
from alarms.groups import NEAR_US, Member, groups_joined, groups_of
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
    moved = select(connection, QUERIES["moved_alarms"], {"alarm_ids": list(alarm_ids)})
    if not moved:
        return
    select(connection, QUERIES["lock_groups"])
    new = [row for row in moved if row["group_id"] is None and not row["is_withdrawn"]]
    if len(new) < len(moved) or not _join(connection, new):
        _group_anew(connection, [row["alarm_id"] for row in moved])
    if new:
        raise_floods(connection, {row["satellite_id"] for row in new})


def _join(connection: Connection, new: Sequence[Row]) -> bool:
    """Put new alarms into the groups of their neighbours; tell whether that is all there is to do."""
    found: dict[str, dict[str, str]] = {}
    begins = {
        "satellites": [row["satellite_id"] for row in new],
        "begins": [row["started_at"].replace(tzinfo=None) for row in new],
        "near": _NEAR,
    }
    neighbours = _by_satellite(select(connection, QUERIES["nearest_alarms"], begins))
    for satellite_id, rows in _by_satellite(new).items():
        members = map(_member, rows)
        joined = groups_joined(members, {_member(row) for row in neighbours.get(satellite_id, ())})
        if joined is None:
            return False
        found[satellite_id] = joined
    begun = {row["alarm_id"]: row["started_at"].replace(tzinfo=None) for row in new}
    insert(
        connection,
        QUERIES["save_groups"],
        [
            (alarm_id, group_id, satellite_id, begun[alarm_id])
            for satellite_id, joined in found.items()
            for alarm_id, group_id in joined.items()
        ],
    )
    return True


def _group_anew(connection: Connection, moved: Sequence[str]) -> None:
    """Look at all alarms of the groups that some were in, or begin near to."""
    left = [row["group_id"] for row in select(connection, QUERIES["forget_withdrawn"], {"alarm_ids": moved})]
    near = select(connection, QUERIES["near_alarms"], {"alarm_ids": moved, "left": left, "near": _NEAR})
    for satellite_id, rows in _by_satellite(near).items():
        _save(connection, satellite_id, {row["alarm_id"]: _member(row) for row in rows})


def _by_satellite(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["satellite_id"], []).append(row)
    return found


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

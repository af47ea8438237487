"""Changing limits: one winner of two operators, and a history that only grows."""

from collections.abc import Mapping
from typing import Any

from operation_server.http.dependencies import key_name
from operation_server.http.responses import utc_text
from operation_server.limits import QUERIES
from operation_server.limits.schemas import NewLimit
from telemetry_core.contract.mission import Mission
from telemetry_core.limits.changes import LimitRefused, RuleName, require_possible
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import Row, select, to_json


class ChangedMeanwhile(Exception):  # noqa: N818 - named for what happened
    """Another operator was first; the sentence says who, and what to do."""


def change_limit(
    pool: Pool, file: Mission, rule: RuleName, fields: Mapping[str, Any], given: NewLimit
) -> None:
    """Keep a change; raise `LimitRefused` or `ChangedMeanwhile`."""
    require_possible(file, rule, fields)
    named = {"mission": file.name, "subsystem": rule[0], "reason": rule[1]}
    with transaction(pool) as connection:
        select(connection, QUERIES["lock_limit_changes"], {})
        newest = _newest(connection, named)
        if newest["version"] != given.version:
            raise ChangedMeanwhile(_who_was_first(newest, given.version))
        if newest["fields"] == fields:
            raise LimitRefused("nothing would change: these values are in force")
        new = {
            **named,
            "version": given.version + 1,
            "fields": to_json(fields),
            "operator": given.operator,
            "key_name": key_name(),
            "comment": given.comment,
        }
        with connection.cursor() as cursor:
            cursor.execute(QUERIES["save_change"], new)


def _newest(connection: Connection, named: Mapping[str, str]) -> Row:
    found = select(connection, QUERIES["newest_change"], named)
    return found[0] if found else {"version": 0, "fields": {}}


def _who_was_first(newest: Row, version: int) -> str:
    if newest["version"] < version:
        return f"there is no version {version} of this limit: read the limits again"
    return (
        f"{newest['operator']} changed this limit at {utc_text(newest['at'], timespec='seconds')}, to version"
        f" {newest['version']}: {newest['comment']}; look at it, and change it again if you still want to"
    )

"""Retiring satellites and taking them back: one winner of two operators, and a history that only grows."""

from collections.abc import Mapping
from typing import Any, Final

from operation_server.fleet import QUERIES
from operation_server.fleet.schemas import Retirement, RetirementChange
from operation_server.http.parameters import OperatorAction
from operation_server.http.responses import utc_text
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import Row, select

MAX_CHANGES: Final = 100


class RetirementRefused(Exception):  # noqa: N818 - named for what happened
    """The satellite is as was asked for already; the sentence says who made it so."""


def change_retirement(
    connection: Connection, satellite_id: str, given: OperatorAction, *, is_retired: bool
) -> Retirement:
    """Keep a change, or raise `RetirementRefused`; the operator's own one again changes nothing."""
    select(connection, QUERIES["lock_retirement_changes"])
    newest = next(iter(read_retirement(connection, satellite_id).changes), None)
    if (newest is not None and newest.is_retired) != is_retired:
        change = {**given.model_dump(), "satellite_id": satellite_id, "is_retired": is_retired}
        with connection.cursor() as cursor:
            cursor.execute(QUERIES["save_retirement_change"], change)
    elif newest is None or (newest.operator, newest.comment) != (given.operator, given.comment):
        raise RetirementRefused(_reason(newest))
    return read_retirement(connection, satellite_id)


def read_retirement(connection: Connection, satellite_id: str) -> Retirement:
    """Read whether a satellite is retired, and its history."""
    asked = {"satellite_id": satellite_id, "limit": MAX_CHANGES}
    changes = [
        RetirementChange.model_validate(row)
        for row in select(connection, QUERIES["retirement_changes"], asked)
    ]
    return Retirement(
        satellite_id=satellite_id, is_retired=bool(changes) and changes[0].is_retired, changes=changes
    )


def read_retired(connection: Connection) -> Mapping[str, dict[str, Any]]:
    """Return who retired the satellites that are retired now, when and why, by satellite."""
    found: list[Row] = select(connection, QUERIES["retired_satellites"])
    return {row.pop("satellite_id"): row for row in found}


def _reason(newest: RetirementChange | None) -> str:
    if newest is None:
        return "it is not retired, and never was"
    what = "retired already" if newest.is_retired else "not retired"
    did = "retired" if newest.is_retired else "taken back"
    return f"it is {what}: {did} by {newest.operator} at {utc_text(newest.at)}: {newest.comment}"

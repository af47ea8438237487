"""The shift log: what operators write down for those who come after them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from operation_server.alarms.store import rows_of
from operation_server.http.parameters import LARGEST_ID
from operation_server.http.responses import next_cursor, utc_text
from operation_server.shift import QUERIES
from operation_server.shift.schemas import NewShiftEntry, ShiftEntries, ShiftEntry
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import Row, select

_FILTERS: Final = ("before", "entry_id", "corrects", "satellite_id", "start", "end")


class EntryRefused(Exception):  # noqa: N818 - named for what happened
    """It names what there is not, or contradicts what is known; the sentence says what."""


class AlreadyCorrected(Exception):  # noqa: N818 - named for what happened
    """Somebody corrected the entry before; the sentence says who and when."""


def read_entries(  # noqa: PLR0913 - its filters
    connection: Connection,
    *,
    limit: int,
    before: int = LARGEST_ID,
    satellite_id: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> ShiftEntries:
    """Read a page of the log, the newest entry first."""
    filters = {"before": before, "satellite_id": satellite_id, "start": start, "end": end}
    rows = _rows(connection, filters, limit=limit + 1)
    return ShiftEntries(
        entries=[ShiftEntry.model_validate(row) for row in rows[:limit]],
        next_cursor=next_cursor(rows, limit),
    )


def add_entry(connection: Connection, given: NewShiftEntry) -> ShiftEntry:
    """Write an entry; one about an alarm is about its satellite.

    Raises `EntryRefused` or `AlreadyCorrected`.
    """
    if given.corrects is not None and not _found(connection, {"entry_id": given.corrects}):
        raise EntryRefused(f"corrects: no entry {given.corrects}")
    values = given.model_dump() | {"satellite_id": _satellite_of(connection, given)}
    added = select(connection, QUERIES["add_entry"], values)
    if not added:
        (first,) = _found(connection, {"corrects": given.corrects})
        raise AlreadyCorrected(
            f"it is corrected already, by {first.operator} at {utc_text(first.at)}: correct entry {first.id}"
        )
    (entry,) = _found(connection, {"entry_id": added[0]["id"]})
    return entry


def _satellite_of(connection: Connection, given: NewShiftEntry) -> str | None:
    if given.alarm_id is None:
        return given.satellite_id
    rows = rows_of(connection, [given.alarm_id])
    if not rows:
        raise EntryRefused("alarm_id: no such alarm")
    satellite: str = rows[0]["satellite_id"]
    if given.satellite_id not in {None, satellite}:
        raise EntryRefused(f"satellite_id: the alarm is of {satellite}")
    return satellite


def _found(connection: Connection, filters: Mapping[str, Any]) -> list[ShiftEntry]:
    return [ShiftEntry.model_validate(row) for row in _rows(connection, filters, limit=1)]


def _rows(connection: Connection, filters: Mapping[str, Any], *, limit: int) -> list[Row]:
    return select(connection, QUERIES["entries"], {**dict.fromkeys(_FILTERS), **filters, "limit": limit})

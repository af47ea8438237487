"""The hand-over report, read and put together."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from alarms.life_cycle import State
from operation_server.alarms.filters import Filters
from operation_server.alarms.states import codes_of
from operation_server.alarms.store import alarm_of, find_page, read_page, read_suppressions, rows_of
from operation_server.alerts.states import LISTED_KINDS
from operation_server.http.parameters import TimeRange
from operation_server.passes.store import read_passes
from operation_server.shift.entries import read_entries
from operation_server.shift.handover import QUERIES
from operation_server.shift.handover.schemas import (
    AlarmList,
    Change,
    Contact,
    HandOver,
    NotJudged,
    PassList,
    SilentSatellite,
)
from operation_server.shift.performance import read_performance
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import Row, select

MAX_LISTED: Final = 100
"""Alarms of each list: a report is read by a person."""
MAX_ENTRIES: Final = 500
"""Of the log, of contacts, of passes and of changes."""
AHEAD: Final = timedelta(hours=8)
"""A shift's passes are told to those who begin it."""
_STANDING: Final = {State.UNACKNOWLEDGED, State.ACKNOWLEDGED}
_RETURNED: Final = {
    State.RETURNED_UNACKNOWLEDGED,
    State.LATCHED_UNACKNOWLEDGED,
    State.LATCHED_ACKNOWLEDGED,
}


def read_report(connection: Connection, fleet: Sequence[Row], span: TimeRange) -> HandOver:
    """Read what a shift hands over, with what is known of its satellites, as rows of the fleet's overview."""
    performance = read_performance(connection, span, operators=1)
    log = read_entries(connection, start=span.start, end=span.end, limit=MAX_ENTRIES)
    standing = read_page(connection, _calling(_STANDING), None, limit=MAX_LISTED)
    returned, more_returned = find_page(connection, _calling(_RETURNED), None, limit=MAX_LISTED)
    suppressions = read_suppressions(connection, None)
    now = datetime.now(UTC)
    contacts, more_contacts = _newest(connection, "contacts_between", span)
    changes, more_changes = _newest(connection, "changes_between", span)
    return HandOver(
        start_time=span.start,
        end_time=span.end,
        generated_at=now,
        entries=log.entries[::-1],
        has_more_entries=log.next_cursor is not None,
        contacts=[contact_of(row, span) for row in contacts],
        has_more_contacts=more_contacts,
        passes=_passes(connection, span),
        changes=[Change.model_validate(row) for row in changes],
        has_more_changes=more_changes,
        raised_by_severity=performance.by_severity,
        indicators=performance.indicators,
        raised=_raised(connection, span),
        platform=_platform(connection, span),
        attention=standing.attention,
        next_passes=_passes(connection, TimeRange(start=now, end=now + AHEAD)),
        standing=AlarmList(alarms=standing.alarms, is_truncated=standing.next_cursor is not None),
        returned=_listed(returned, is_truncated=more_returned is not None),
        shelved=[item for item in suppressions.suppressions if item.kind == "shelved"],
        out_of_service=[item for item in suppressions.suppressions if item.kind == "out_of_service"],
        has_more_suppressions=suppressions.is_truncated,
        silent=silent_of(fleet),
        not_judged=list(not_judged_of(fleet)),
    )


def _passes(connection: Connection, span: TimeRange) -> PassList:
    found = read_passes(connection, span, limit=MAX_ENTRIES)
    return PassList(passes=found.passes, is_truncated=found.next_cursor is not None)


def contact_of(row: Row, span: TimeRange) -> Contact:
    """Return a contact of the span; what lies beyond the span is not told."""
    return Contact(
        satellite_id=row["satellite_id"],
        started_at=None if row["started_at"] == span.start else row["started_at"],
        ended_at=None if row["ended_at"] == span.end else row["ended_at"],
    )


def silent_of(fleet: Sequence[Row]) -> list[SilentSatellite]:
    """Return the satellites without telemetry, by name."""
    silent = sorted((one for one in fleet if one["is_stale"]), key=_name)
    return [SilentSatellite(satellite_id=_name(one), last_contact=one["last_contact"]) for one in silent]


def not_judged_of(fleet: Sequence[Row]) -> Iterator[NotJudged]:
    """Yield the subsystems that get no verdict, by name of their satellite."""
    for satellite in sorted(fleet, key=_name):
        for part in satellite["subsystems"]:
            if part["rarely_sampled"] is not None:
                reason = "rarely_sampled"
            elif part["verdict"] == "learning":
                reason = part["learning"]["reason"] if part["learning"] else "learning"
            else:
                continue
            yield NotJudged(satellite_id=_name(satellite), subsystem=part["subsystem"], reason=reason)


def _name(satellite: Row) -> str:
    name: str = satellite["satellite_id"]
    return name


def _calling(states: set[State]) -> Filters:
    return Filters(kinds=list(LISTED_KINDS), codes=codes_of(states), unresolved_only=True)


def _newest(connection: Connection, statement: str, span: TimeRange) -> tuple[list[Row], bool]:
    """Return the newest rows of a span, the oldest of them first, and whether there are more."""
    rows = select(
        connection, QUERIES[statement], {"start": span.start, "end": span.end, "limit": MAX_ENTRIES + 1}
    )
    return rows[:MAX_ENTRIES][::-1], len(rows) > MAX_ENTRIES


def _raised(connection: Connection, span: TimeRange) -> AlarmList:
    asked: dict[str, Any] = {"start": span.start, "end": span.end, "limit": MAX_LISTED + 1}
    ids = [row["alarm_id"] for row in select(connection, QUERIES["newest_raised"], asked)]
    return _listed(rows_of(connection, ids[:MAX_LISTED]), is_truncated=len(ids) > MAX_LISTED)


def _platform(connection: Connection, span: TimeRange) -> AlarmList:
    of_platform = Filters(satellite_id="platform", kinds=["platform"], start=span.start, end=span.end)
    rows, following = find_page(connection, of_platform, None, limit=MAX_LISTED)
    return _listed(rows, is_truncated=following is not None)


def _listed(rows: Sequence[Row], *, is_truncated: bool) -> AlarmList:
    return AlarmList(alarms=[alarm_of(row) for row in rows], is_truncated=is_truncated)

"""Notices from the history of alarms: one cursor along the committed events, one transaction a page."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from alarm_notifier import QUERIES
from alarm_notifier.configuration import Notifications
from alarm_notifier.routing import AlarmEvent, Notice, notices
from alarms.life_cycle import facts_of, state_of
from telemetry_core.contract.rules import Severity
from telemetry_core.postgres.cursors.verdict_cursor import PAGE, Cursor, advance, read_cursor
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import Row, select

CURSOR: Final = "notifications"
TOLD_WITHIN: Final = timedelta(days=1)
"""What happened earlier is told nobody, and a message that cannot be delivered is given up after as long."""
_FIRST: Final = (1, 0)
"""Before any event, and not at the start any more."""


class Planner:
    """Writes for each event who is to be told; without routes it only keeps up."""

    name = CURSOR

    def __init__(self, pool: Pool, configuration: Notifications) -> None:
        self._pool = pool
        self._routes = configuration.routes
        self._targets: Collection[str] = configuration.targets
        self._has_begun = False

    def step(self) -> bool:
        """Plan the notices of one page of events; tell whether more wait."""
        with transaction(self._pool) as connection:
            if not self._has_begun:
                _execute(connection, "fail_without_target", {"targets": list(self._targets)})
            page = self._plan(connection)
        self._has_begun = True
        return len(page) == PAGE

    def cursor(self) -> Cursor:
        """Read how far the events are planned."""
        with transaction(self._pool) as connection:
            return read_cursor(connection, CURSOR)

    def _plan(self, connection: Connection) -> Sequence[Row]:
        cursor = read_cursor(connection, CURSOR)
        if cursor.is_at_start:
            # At an event: a database that is moved numbers on behind those, not behind a place without one.
            head = next(
                ((row["xact"], row["id"]) for row in select(connection, QUERIES["events_head"])), _FIRST
            )
            advance(connection, CURSOR, cursor, head, count=0)
            return []
        page = select(
            connection, QUERIES["events_after"], {"xact": cursor.xact, "id": cursor.id, "limit": PAGE}
        )
        earliest = datetime.now(UTC) - TOLD_WITHIN
        for row in page:
            if row["satellite_id"] is not None and row["at"] >= earliest:
                for notice in notices(self._routes, event_of(row), is_in_flood=row["is_in_flood"]):
                    plan(connection, row["id"], row["alarm_id"], notice)
        if page:
            advance(connection, CURSOR, cursor, (page[-1]["xact"], page[-1]["id"]), count=len(page))
        return page


def event_of(row: Row) -> AlarmEvent:
    """Make of an event and the columns of its alarm what routes look at."""
    return AlarmEvent(
        event=row["event"],
        at=row["at"],
        satellite_id=row["satellite_id"],
        kind=row["kind"],
        severity=Severity(row["severity"]),
        state=state_of(facts_of(row["facts"])),
    )


def plan(connection: Connection, event_id: int, alarm_id: str, notice: Notice) -> None:
    """Write a notice, unless it is there."""
    columns = {
        "event_id": event_id,
        "alarm_id": alarm_id,
        "target": notice.target,
        "told": notice.told,
        "delay_s": notice.delay_s,
        "repeat_s": notice.repeat_s,
        "state": "held" if notice.is_held else "pending",
        "due_at": notice.due_at,
        "give_up_at": notice.due_at + TOLD_WITHIN,
    }
    _execute(connection, "plan", columns)


def _execute(connection: Connection, name: str, parameters: Row) -> None:
    with connection.cursor() as cursor:
        cursor.execute(QUERIES[name], parameters)

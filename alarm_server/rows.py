"""What all alarms are written by: their names, their history, many rows at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg2.extras import execute_values

from alarm_server import QUERIES
from alarms.occurrence_changes import Event, is_news
from telemetry_core.contract.messages import time_of
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import Row, column_time, select


def moment(microseconds: int) -> datetime:
    """Convert microseconds since 1970 UTC to a column of time: UTC, without saying so."""
    return column_time(time_of(microseconds))


def save_events(connection: Connection, rows: Sequence[tuple[str, str, datetime, str | None]]) -> None:
    """Add to the history what is news there: alarm, event, time of its member, details as JSON.

    The caller has written the alarms, and so nobody else adds to their histories meanwhile.
    """
    histories: dict[str, list[tuple[Event, datetime]]] = {row[0]: [] for row in rows}
    for told in select(connection, QUERIES["told"], {"alarm_ids": list(histories), "events": list(Event)}):
        histories[told["alarm_id"]].append((Event(told["event"]), column_time(told["member_at"])))
    news = []
    for row in rows:
        alarm_id, event, at, _ = row
        if is_news(Event(event), at, histories[alarm_id]):
            histories[alarm_id].append((Event(event), at))
            news.append(row)
    insert(connection, QUERIES["save_events"], news)


def insert(
    connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]], *, fetch: bool = False
) -> list[Row]:
    """Run a statement with one `VALUES %s` for all rows, if there are any; return its rows with `fetch`."""
    if not rows:
        return []
    with connection.cursor() as cursor:
        found = execute_values(cursor, statement, rows, page_size=len(rows), fetch=fetch)
        names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found or ()]

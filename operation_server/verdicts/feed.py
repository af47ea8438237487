"""Verdicts and acknowledgements as events of the live line."""

from collections.abc import Sequence
from typing import Final

import structlog
from prometheus_client import Counter

from operation_server.alerts.episodes import ANOMALY, Sign, alert_id_of
from operation_server.streams.feed import EVENT_PAGE, Position, event_id, position_of
from operation_server.telemetry.series import milliseconds_of
from operation_server.verdicts import QUERIES
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, select

_ACKNOWLEDGEMENT_ONLY: Final = ("reason", "operator", "comment", "acknowledged_at")
_OF_BOTH: Final = ("event", "xact", "id", "satellite_id", "subsystem", "generated_at")

EVENTS_PASSED_OVER: Final = Counter(
    "live_events_passed_over", "Events that live views could not show: their places went by empty"
)

_log = structlog.get_logger(__name__)


def read_events(pool: Pool, position: Position) -> list[Row]:
    """Return a page of the events after a position, in commit order."""
    parameters = {"xact": position[0], "id": position[1], "limit": EVENT_PAGE}
    with transaction(pool) as connection:
        return events_of(select(connection, QUERIES["events_after"], parameters))


def events_of(found: Sequence[Row]) -> list[Row]:
    """Make an event of each row; one that can't be shown keeps its place, so that clients see the gap."""
    return [_event_or_gap(row) for row in found]


def _event_or_gap(row: Row) -> Row:
    try:
        return event_of(row)
    except Exception:  # noqa: BLE001 - one row must not end all live views; the log and a counter tell
        EVENTS_PASSED_OVER.inc()
        _log.exception("An event can't be shown", place=event_id(position_of(row)))
        return {"event": "passed_over", "xact": row["xact"], "id": row["id"]}


def event_of(row: Row) -> Row:
    """Keep of a row what belongs to its kind; an acknowledgement gets the id that finds its alert."""
    if row["event"] == "verdict":
        return {key: value for key, value in row.items() if key not in _ACKNOWLEDGEMENT_ONLY}
    kept = {key: row[key] for key in (*_OF_BOTH, *_ACKNOWLEDGEMENT_ONLY)}
    sign = Sign(subsystem=row["subsystem"], reason=None if row["reason"] == ANOMALY else row["reason"])
    generated = milliseconds_of(row["generated_at"])
    return {**kept, "alert_id": alert_id_of(row["satellite_id"], sign, generated)}

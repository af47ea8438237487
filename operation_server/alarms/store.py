"""Reading alarms: pages of them, and one with all that belongs to it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from alarms.life_cycle import State, facts_of, state_of
from operation_server.alarms import QUERIES
from operation_server.alarms.anomalies import anomalies_behind_s
from operation_server.alarms.filters import Filters, unheard_satellites
from operation_server.alarms.schemas import (
    Alarm,
    AlarmDetail,
    AlarmEvent,
    Alarms,
    Attention,
    AttentionCount,
    EarlierAlarm,
    SuppressedReason,
    Suppression,
    Suppressions,
)
from operation_server.alarms.states import limit_text
from operation_server.alarms.urgency import find_urgent
from operation_server.jobs.cursors import Position, encode_cursor
from operation_server.streams.feed import EVENT_PAGE
from operation_server.streams.feed import Position as Place
from telemetry_core.contract.rules import Severity
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import Row, select

MAX_ALARMS_SEEN: Final = 20_000
"""A page looks at no more alarms than these for some that fit."""
MAX_COUNTED: Final = 10_000
"""Of what nobody dealt with yet; more is not counted."""
MAX_EVENTS: Final = 500
MAX_EARLIER: Final = 20
MAX_GROUP: Final = 100
MAX_SUPPRESSIONS: Final = 1_000


class NoSuchAlarm(LookupError):  # noqa: N818 - named for what is wrong
    """No alarm has this id."""

    def __init__(self) -> None:
        super().__init__("No such alarm")


def read_page(
    connection: Connection,
    filters: Filters,
    before: Position | None,
    *,
    limit: int,
    ceiling: int = MAX_ALARMS_SEEN,
) -> Alarms:
    """Read alarms that fit from a position on; look at no more than `ceiling` of them."""
    if filters.order == "urgency":
        ids, last = find_urgent(connection, filters, before, limit=limit, ceiling=ceiling)
        found = {row["alarm_id"]: row for row in rows_of(connection, ids)}
        rows = [found[alarm_id] for alarm_id in ids if alarm_id in found]
    else:
        rows, last = find_page(connection, filters, before, limit=limit, ceiling=ceiling)
    return Alarms(
        alarms=[alarm_of(row) for row in rows],
        next_cursor=encode_cursor(last) if last else None,
        attention=_attention(connection),
        anomalies_behind_s=anomalies_behind_s(connection),
    )


def find_page(
    connection: Connection,
    filters: Filters,
    before: Position | None,
    *,
    limit: int,
    ceiling: int = MAX_ALARMS_SEEN,
) -> tuple[list[Row], Position | None]:
    """Return alarms that fit from a position on, and where the next page begins; None: there is none."""
    before_at, before_id = before or (None, None)
    found = select(
        connection,
        QUERIES["alarm_page"],
        {
            **asdict(filters),
            "unheard": unheard_satellites(connection, filters),
            "before_at": before_at,
            "before_id": before_id,
            "limit": limit,
            "ceiling": ceiling,
        },
    )
    fitting = [row for row in found if row["fits"]]
    last_seen = next((row for row in found if row["is_last_seen"]), None)
    last = fitting[limit - 1] if len(fitting) > limit else last_seen
    rows = rows_of(connection, [row["alarm_id"] for row in fitting[:limit]])
    return rows, (last["started_at"], last["alarm_id"]) if last else None


def rows_of(connection: Connection, alarm_ids: Sequence[str]) -> list[Row]:
    """Return what is known of some alarms, newest start first."""
    return select(connection, QUERIES["alarms"], {"alarm_ids": list(alarm_ids)})


def read_detail(connection: Connection, alarm_id: str) -> AlarmDetail:
    """Read one alarm with what belongs to it, or raise `NoSuchAlarm`."""
    found = rows_of(connection, [alarm_id])
    if not found:
        raise NoSuchAlarm
    row = found[0]

    def of(name: str, limit: int) -> list[Row]:
        return select(connection, QUERIES[name], {**row, "limit": limit})

    beside = [item["alarm_id"] for item in of("alarm_group", MAX_GROUP)]
    return AlarmDetail(
        **alarm_of(row).model_dump(),
        events=[AlarmEvent.model_validate(event) for event in of("events", MAX_EVENTS)],
        suppressions=[Suppression.model_validate(item) for item in of("suppressions", MAX_EVENTS)],
        earlier=[
            EarlierAlarm.model_validate(_with_state(item)) for item in of("earlier_alarms", MAX_EARLIER)
        ],
        group=[alarm_of(other) for other in reversed(rows_of(connection, beside))],
    )


def read_suppressions(connection: Connection, satellite_id: str | None) -> Suppressions:
    """Read what is shelved or out of service now, of one satellite or of all."""
    wanted = {"satellite_id": satellite_id, "limit": MAX_SUPPRESSIONS + 1}
    rows = select(connection, QUERIES["all_suppressions"], wanted)
    return Suppressions(
        suppressions=[SuppressedReason.model_validate(row) for row in rows[:MAX_SUPPRESSIONS]],
        is_truncated=len(rows) > MAX_SUPPRESSIONS,
    )


def read_events(pool: Pool, place: Place) -> list[Row]:
    """Return a page of what happened after a place, in commit order."""
    parameters = {"xact": place[0], "id": place[1], "limit": EVENT_PAGE}
    with transaction(pool) as connection:
        found = select(connection, QUERIES["alarm_events_after"], parameters)
    return [_event_of(row) for row in found]


def alarm_of(row: Row) -> Alarm:
    """Make of a row of `ops.alarm_states` what clients see."""
    limit = limit_text(row["kind"], row["limit_value"], row["worst_value"])
    return Alarm.model_validate({**_with_state(row), "limit": limit})


def _event_of(row: Row) -> Row:
    """Add how the alarm is by now; null of one that retention took."""
    facts = row.pop("facts")
    return {"event": "alarm", **row, "state": None if facts is None else state_of(facts_of(facts))}


def _with_state(row: Row) -> Row:
    return {**row, "state": state_of(facts_of(row["facts"]))}


def _attention(connection: Connection) -> Attention:
    rows = select(connection, QUERIES["attention"], {"ceiling": MAX_COUNTED})
    counts: Counter[tuple[State, Severity]] = Counter()
    for row in rows:
        counts[state_of(facts_of(row["facts"])), Severity(row["severity"])] += row["count"]
    return Attention(
        count=counts.total(),
        is_truncated=counts.total() >= MAX_COUNTED,
        counts=[
            AttentionCount(state=state, severity=severity, count=count)
            for (state, severity), count in sorted(counts.items())
        ],
    )

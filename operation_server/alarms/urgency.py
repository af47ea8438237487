"""Alarms in the order in which they ask for an operator, page by page."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from alarms.life_cycle import State, facts_of, state_of
from operation_server.alarms import QUERIES
from operation_server.alarms.filters import Filters, unheard_satellites
from operation_server.alarms.states import ALL_CODES
from operation_server.jobs.cursors import Position
from telemetry_core.contract.rules import Severity
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import select

RANKS: Final[Mapping[State, int]] = {
    State.UNACKNOWLEDGED: 3,
    State.LATCHED_UNACKNOWLEDGED: 3,
    State.RETURNED_UNACKNOWLEDGED: 2,
    State.ACKNOWLEDGED: 1,
    State.LATCHED_ACKNOWLEDGED: 1,
}
"""Of what is neither resolved nor suppressed: what nobody acknowledged comes before all else; within a rank
the severity counts, then the start."""


class NoUrgency(ValueError):  # noqa: N818 - named for what is wrong
    """The position belongs to a page in another order."""


def find_urgent(
    connection: Connection, filters: Filters, before: Position | None, *, limit: int, ceiling: int
) -> tuple[list[str], Position | None]:
    """Return ids of alarms that are not resolved, and where the next page begins; None: there is none.

    A position's id says the urgency too: an alarm that is acknowledged meanwhile moves no other one.
    """
    urgency, before_id = _read(before[1]) if before else (None, None)
    rows = select(
        connection,
        QUERIES["urgent_page"],
        {
            **asdict(filters),
            "unheard": unheard_satellites(connection, filters),
            "urgencies": urgencies(filters),
            "all_severities": list(Severity),
            "before_urgency": urgency,
            "before_at": before[0] if before else None,
            "before_id": before_id,
            "limit": limit,
            "ceiling": ceiling,
        },
    )
    last = rows[limit - 1] if len(rows) > limit else None
    following = (last["started_at"], f"{last['urgency']}/{last['alarm_id']}") if last else None
    return [row["alarm_id"] for row in rows[:limit]], following


def urgencies(filters: Filters) -> list[int | None]:
    """Return the rank of each value of the column `facts`; None: it calls nobody, or isn't wanted."""
    wanted = ALL_CODES if filters.codes is None else filters.codes
    return [RANKS.get(state_of(facts_of(code))) if code in wanted else None for code in ALL_CODES]


def _read(position_id: str) -> tuple[int, str]:
    urgency, _, alarm_id = position_id.partition("/")
    if not urgency.isdecimal() or not alarm_id:
        raise NoUrgency
    return int(urgency), alarm_id

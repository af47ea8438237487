"""Which alarms are wanted, in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from operation_server.alarms import QUERIES
from telemetry_core.contract.rules import Severity
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import select

Order = Literal["newest", "urgency"]

UNHEARD_AFTER: Final = timedelta(days=1)
"""Alarms of a satellite that nobody heard for so long are listed apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which alarms are wanted; None: all."""

    satellite_id: str | None = None
    subsystem: str | None = None
    kinds: Sequence[str] | None = None
    severities: Sequence[Severity] | None = None
    codes: Sequence[int] | None = None
    """Values of the column `facts` of `ops.alarm_states`."""
    unresolved_only: bool = False
    """All that have these `codes` are: an index finds them."""
    needs_attention: bool | None = None
    assigned_to: str | None = None
    group_id: str | None = None
    chattering: bool | None = None
    heard: bool | None = None
    """Whether the satellite was heard within `UNHEARD_AFTER`."""
    start: datetime | None = None
    end: datetime | None = None
    order: Order = "newest"


def unheard_satellites(connection: Connection, filters: Filters) -> list[str]:
    """Return the satellites that are silent for `UNHEARD_AFTER`; none where the filters don't ask."""
    if filters.heard is None:
        return []
    rows = select(connection, QUERIES["unheard_satellites"], {"patience": UNHEARD_AFTER})
    return [row["satellite_id"] for row in rows]

"""When a satellite raises more alarms than anybody can answer: the flood is told, not each of them.

After EEMUA 191 and ISA-18.2 a flood begins with more than 10 alarms in 10 minutes and is over when fewer than
5 came in the last 10. Times are those of the platform: a flood is a burden on people.
"""

from collections.abc import Collection
from typing import Any, Final

from alarm_server.groups import QUERIES
from alarms import performance
from telemetry_core.contract.mission import SATELLITE
from telemetry_core.contract.rules import Severity
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import select

FLOOD: Final = "flood"
"""Kind and reason."""
ENDS_BELOW: Final = 5
_NAMED: Final[dict[str, Any]] = {
    "subsystem": SATELLITE,
    "flood": FLOOD,
    "severity": Severity.DISTRESS,
    "begins_above": performance.FLOOD,
    "ends_below": ENDS_BELOW,
    "span": performance.INTERVAL,
}


def raise_floods(connection: Connection, satellites: Collection[str]) -> None:
    """Raise the floods that new alarms of some satellites make; the caller holds the lock of groups."""
    _run(connection, "raise_floods", {**_NAMED, "satellites": list(satellites)})


def follow_floods(connection: Connection) -> None:
    """Count again what standing floods hold, and end those that are over."""
    standing = select(connection, QUERIES["standing_floods"], _NAMED)
    if standing:
        select(connection, QUERIES["lock_groups"])
        _run(connection, "follow_floods", {**_NAMED, "alarm_ids": [row["alarm_id"] for row in standing]})


def _run(connection: Connection, name: str, parameters: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(QUERIES[name], parameters)

"""What is in the tables, beside the alarms that telemetry has by definition."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from telemetry_core.contract.messages import microseconds_of
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, select
from testbed.alarm_ledger import ExpectedAlarm, SampleSet, expected_alarms, expected_groups
from tests.unit.alarm_server.messages import MISSION

#: What telemetry raises: its end here is no silence, and how many come at a time is no matter.
ALARMS: Final = """
SELECT alarm.*, grouped.group_id FROM ops.alarms AS alarm
LEFT JOIN ops.grouped_alarms AS grouped ON grouped.alarm_id = alarm.alarm_id
WHERE NOT alarm.is_withdrawn AND alarm.kind IN ('limit', 'clock') ORDER BY alarm.started_at
"""
WRONG_HISTORIES: Final = """
SELECT alarm.alarm_id FROM ops.alarms AS alarm LEFT JOIN ops.alarm_events AS event USING (alarm_id)
GROUP BY alarm.alarm_id
HAVING count(*) FILTER (WHERE event = 'raised') <> 1
    OR NOT alarm.is_withdrawn AND bool_or(event = 'returned') <> (alarm.returned_at IS NOT NULL)
"""


def assert_each_alarm_once(pool: Pool, sent: Sequence[SampleSet]) -> int:
    """Compare alarms and their histories with those that telemetry has by definition; count these."""
    with transaction(pool) as connection:
        rows = select(connection, ALARMS, {})
        wrong_histories = select(connection, WRONG_HISTORIES, {})
    found, expected = Counter(_found(row) for row in rows), Counter(expected_alarms(sent, MISSION))
    lost, extra = list((expected - found).elements()), list((found - expected).elements())
    assert not lost + extra, f"{len(lost)} lost {lost[:3]}, {len(extra)} extra {extra[:3]}"
    assert wrong_histories == []
    assert _groups(rows) == expected_groups(expected)
    return expected.total()


def _groups(rows: Sequence[Row]) -> list[tuple[str, list[int]]]:
    begins: dict[tuple[str, str | None], list[int]] = {}
    for row in rows:
        group = begins.setdefault((row["satellite_id"], row["group_id"]), [])
        group.append(microseconds_of(row["started_at"]))
    return sorted((satellite_id, group) for (satellite_id, _), group in begins.items())


def _found(row: Row) -> ExpectedAlarm:
    return ExpectedAlarm(
        satellite_id=row["satellite_id"],
        subsystem=row["subsystem"],
        reason=row["reason"],
        started_us=microseconds_of(row["started_at"]),
        last_us=microseconds_of(row["last_at"]),
        returned_us=None if row["returned_at"] is None else microseconds_of(row["returned_at"]),
    )

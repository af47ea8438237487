"""Telemetry late, twice and through kills: each alarm once, as defined, on a real PostgreSQL."""

import random
from collections.abc import Sequence
from typing import Final

import pytest

from telemetry_core.contract.messages import microseconds_of
from telemetry_core.kafka.records import MAX_BATCH, Record
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, select
from testbed.alarm_ledger import (
    ExpectedAlarm,
    before,
    delivered,
    expected_alarms,
    expected_groups,
    sample_sets,
)
from tests.integration.alarms.running import started
from tests.unit.alarm_server.messages import MISSION

pytestmark = pytest.mark.integration

KILLS: Final = 8
BATCHES: Final = (1, 20, MAX_BATCH)
BEHIND: Final = (1, 20, MAX_BATCH, 3 * MAX_BATCH)
"""So many messages were saved of which Kafka was not told when the service was killed."""
ALARMS: Final = "SELECT * FROM ops.alarms WHERE NOT is_withdrawn AND kind = 'limit'"
HISTORY: Final = """
SELECT alarm.alarm_id FROM ops.alarms AS alarm LEFT JOIN ops.alarm_events AS event USING (alarm_id)
GROUP BY alarm.alarm_id
HAVING count(*) FILTER (WHERE event = 'raised') <> 1
    OR NOT alarm.is_withdrawn AND bool_or(event = 'returned') <> (alarm.returned_at IS NOT NULL)
"""


GROUPS: Final = """
SELECT alarm.satellite_id, alarm.started_at, grouped.group_id
FROM ops.alarms AS alarm INNER JOIN ops.grouped_alarms AS grouped USING (alarm_id)
ORDER BY alarm.started_at
"""


def feed(pool: Pool, records: Sequence[Record], *, kills: int, seed: int) -> int:
    """Handle all records through so many kills; return how many were handled in all."""
    chance = random.Random(seed)
    kill_at = sorted(chance.sample(range(len(records)), kills))
    server, place, handled = started(pool), 0, 0
    while place < len(records):
        batch = records[place : place + chance.choice(BATCHES)]
        server.act(server.plan(batch))
        place += len(batch)
        handled += len(batch)
        if kill_at and kill_at[0] < place:
            del kill_at[0]
            place = max(0, place - chance.choice(BEHIND))
            server = started(pool, look_back=before(records, place))
    return handled


def found(rows: Sequence[Row]) -> list[ExpectedAlarm]:
    return sorted(
        ExpectedAlarm(
            satellite_id=row["satellite_id"],
            subsystem=row["subsystem"],
            reason=row["reason"],
            started_us=microseconds_of(row["started_at"]),
            last_us=microseconds_of(row["last_at"]),
            returned_us=None if row["returned_at"] is None else microseconds_of(row["returned_at"]),
        )
        for row in rows
    )


def groups(rows: Sequence[Row]) -> list[tuple[str, list[int]]]:
    found: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        begins = found.setdefault((row["satellite_id"], row["group_id"]), [])
        begins.append(microseconds_of(row["started_at"]))
    return sorted((satellite_id, begins) for (satellite_id, _), begins in found.items())


@pytest.mark.parametrize(
    ("each", "seed"), [(500, 1), pytest.param(5_000, 2, marks=[pytest.mark.slow, pytest.mark.benchmark])]
)
def test_each_alarm_exactly_once_through_kills(theirs: Pool, each: int, seed: int) -> None:
    sent = list(sample_sets(satellites=20, each=each, seed=seed))
    records = delivered(sent, seed=seed)

    handled = feed(theirs, records, kills=KILLS, seed=seed)
    with transaction(theirs) as connection:
        rows = select(connection, ALARMS, {})
        wrong_history = select(connection, HISTORY, {})
        grouped = select(connection, GROUPS, {})

    expected = expected_alarms(sent, MISSION)
    print(f"{len(sent)} sent, {len(records)} delivered, {handled} handled, {len(expected)} alarms")
    assert found(rows) == expected
    assert wrong_history == []
    assert groups(grouped) == expected_groups(expected)

"""Telemetry late, twice and through kills: each alarm once, as defined, on a real PostgreSQL."""

import random
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from alarm_server.service import SERVICE, AlarmServer
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.kafka.records import MAX_BATCH, Record
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.roles import as_service
from telemetry_core.postgres.store import Row, select
from telemetry_core.service.settings import Settings, load_mission
from testbed.alarm_ledger import ExpectedAlarm, before, delivered, expected_alarms, sample_sets

pytestmark = pytest.mark.integration

MISSION = load_mission(Path("missions/default.yaml"))
KILLS: Final = 8
BATCHES: Final = (1, 20, MAX_BATCH)
BEHIND: Final = (0, 1, MAX_BATCH, 3 * MAX_BATCH)
"""So many messages were saved of which Kafka was not told when the service was killed."""
ALARMS: Final = "SELECT * FROM ops.alarms WHERE NOT is_withdrawn"
HISTORY: Final = """
SELECT alarm.alarm_id FROM ops.alarms AS alarm LEFT JOIN ops.alarm_events AS event USING (alarm_id)
GROUP BY alarm.alarm_id
HAVING count(*) FILTER (WHERE event = 'raised') <> 1
    OR NOT alarm.is_withdrawn AND bool_or(event = 'returned') IS DISTINCT FROM alarm.returned_at IS NOT NULL
"""


def started(pool: Pool, look_back: Sequence[Record]) -> AlarmServer:
    server = AlarmServer(MISSION, pool, partitions=dict, max_satellites=100)
    server.begin(look_back)
    return server


def feed(pool: Pool, records: Sequence[Record], *, kills: int, seed: int) -> int:
    """Handle all records through so many kills; return how many were handled in all."""
    chance = random.Random(seed)
    kill_at = sorted(chance.sample(range(len(records)), kills))
    server, place, handled = started(pool, []), 0, 0
    while place < len(records):
        batch = records[place : place + chance.choice(BATCHES)]
        server.act(server.plan(batch))
        place += len(batch)
        handled += len(batch)
        if kill_at and kill_at[0] < place:
            del kill_at[0]
            place = max(0, place - chance.choice(BEHIND))
            server = started(pool, before(records, place))
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


@pytest.mark.parametrize(
    ("each", "seed"), [(500, 1), pytest.param(5_000, 2, marks=[pytest.mark.slow, pytest.mark.benchmark])]
)
def test_each_alarm_exactly_once_through_kills(database: Settings, each: int, seed: int) -> None:
    sent = list(sample_sets(satellites=20, each=each, seed=seed))
    records = delivered(sent, seed=seed)

    with closing(open_pool(as_service(database, SERVICE), max_connections=1)) as theirs:
        handled = feed(theirs, records, kills=KILLS, seed=seed)
        with transaction(theirs) as connection:
            rows = select(connection, ALARMS, {})
            wrong_history = select(connection, HISTORY, {})

    expected = expected_alarms(sent, MISSION)
    print(f"{len(sent)} sent, {len(records)} delivered, {handled} handled, {len(expected)} alarms")
    assert found(rows) == expected
    assert wrong_history == []

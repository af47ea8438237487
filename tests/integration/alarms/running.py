"""An alarm service over a real PostgreSQL, and what is in its tables."""

from collections.abc import Sequence
from datetime import timedelta

from alarm_server.groups.store import group
from alarm_server.service import AlarmServer
from telemetry_core.contract.messages import time_of
from telemetry_core.contract.mission import Mission
from telemetry_core.kafka.consumer_group import PartitionState
from telemetry_core.kafka.records import Record
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, select
from tests.unit.alarm_server.messages import MISSION, NOW_US, SECOND_US

PARTITIONS = {0: PartitionState(low=0, end=1, committed=1)}

START = time_of(NOW_US)
INSERT = """
INSERT INTO ops.alarms (
    alarm_id, satellite_id, subsystem, reason, kind, severity, started_at, raised_at, last_at
)
SELECT %(alarm_id)s, 'SAT-001', 'eps', 'r', 'limit', 'watch', begin.at, begin.at, begin.at
FROM (SELECT %(started_at)s::timestamptz AT TIME ZONE 'UTC' AS at) AS begin
"""


class Clock:
    """So many seconds after `NOW_US`."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return NOW_US / SECOND_US + self.now_s


def started(
    pool: Pool,
    clock: Clock | None = None,
    look_back: Sequence[Record] = (),
    mission: Mission = MISSION,
) -> AlarmServer:
    server = AlarmServer(
        mission, pool, partitions=lambda: PARTITIONS, max_satellites=50, clock=clock or Clock()
    )
    server.begin(look_back)
    return server


def hear(server: AlarmServer, *records: Record) -> None:
    server.act(server.plan(records))


def rows(pool: Pool, table: str) -> list[Row]:
    with transaction(pool) as connection:
        return select(connection, f"SELECT * FROM ops.{table} ORDER BY 1, 2, 3", {})


def events(pool: Pool) -> list[tuple[str, str]]:
    with transaction(pool) as connection:
        found = select(connection, "SELECT alarm_id, event FROM ops.alarm_events ORDER BY id", {})
    return [(row["alarm_id"], row["event"]) for row in found]


def written(pool: Pool, second: int, name: str) -> str:
    """Write an alarm of this name that begins so many seconds after `START`, as the alarm server does."""
    with transaction(pool) as connection:
        with connection.cursor() as cursor:
            cursor.execute(INSERT, {"alarm_id": name, "started_at": START + timedelta(seconds=second)})
        group(connection, [name])
    return name

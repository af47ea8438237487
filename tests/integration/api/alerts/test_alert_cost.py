"""What Fleet and the list of alerts read does not grow with what is stored, nor with an alert's length."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from alarm_server.anomalies import QUERIES as FOLDING_QUERIES
from operation_server.alarms import QUERIES as ALARM_QUERIES
from operation_server.alerts import QUERIES
from operation_server.fleet import QUERIES as FLEET_QUERIES
from operation_server.shift import QUERIES as SHIFT_QUERIES
from operation_server.shift.handover import QUERIES as HANDOVER_QUERIES
from operation_server.verdicts import QUERIES as VERDICT_QUERIES
from telemetry_core.contract.inferences import Job
from telemetry_core.contract.messages import job_id_of, microseconds_of
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import save_inferences
from tests.integration.api.calls import verdict
from tests.integration.api.plans import rows_read_by

pytestmark = pytest.mark.integration

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
JOBS_EACH: Final = 40
REASON: Final = "low_battery"
OF_SATELLITES: Final = ["newest_verdicts", "judged_limits"]
STATEMENTS: Final = {
    **FLEET_QUERIES,
    **VERDICT_QUERIES,
    **FOLDING_QUERIES,
    **ALARM_QUERIES,
    **SHIFT_QUERIES,
    **HANDOVER_QUERIES,
    **QUERIES,
}


@pytest.mark.parametrize("statement", OF_SATELLITES)
def test_alerts_of_a_satellite_cost_the_same_among_many_others(pool: Pool, statement: str) -> None:
    with transaction(pool) as connection:
        save(connection, [f"SAT-{number:03d}" for number in range(5)], breach_every=4)
        among_few = rows_read(connection, statement)
        save(connection, [f"SAT-{number:03d}" for number in range(5, 150)], breach_every=4)
        assert rows_read(connection, statement) <= 2 * among_few


def test_no_more_verdicts_of_a_limit_are_read_than_counted(pool: Pool) -> None:
    with transaction(pool) as connection:
        save(connection, ["SAT-001"], jobs=400, spacing_s=1, breach_every=1)
        of_few = rows_read(connection, "judged_limits")
        save(connection, ["SAT-001"], jobs=4000, spacing_s=0.1, breach_every=1)
        assert rows_read(connection, "judged_limits") <= 2 * of_few


@pytest.mark.parametrize("subsystem", [None, "eps"])
def test_a_page_of_verdicts_costs_the_same_whatever_is_stored(pool: Pool, subsystem: str | None) -> None:
    page = {
        "satellite_id": "SAT-001",
        "subsystem": subsystem,
        "start": START,
        "end": START + timedelta(days=30),
        "limit": 10,
    }
    with transaction(pool) as connection:
        for part in ("eps", "thermal"):
            save(connection, ["SAT-001", "SAT-002"], jobs=200, subsystem=part)
        of_few = read_by_plan(connection, "verdicts_between", page)
        for part in ("eps", "thermal"):
            save(connection, ["SAT-001", "SAT-002"], jobs=2000, spacing_s=7, subsystem=part)
        assert read_by_plan(connection, "verdicts_between", page) <= of_few + 10


def test_a_piece_of_verdicts_to_fold_costs_the_same_whatever_is_stored(pool: Pool) -> None:
    piece = {
        "satellite_id": "SAT-001",
        "subsystem": "eps",
        "after": START.replace(tzinfo=None),
        "target": START.replace(tzinfo=None) + timedelta(days=30),
        "limit": 10,
    }
    with transaction(pool) as connection:
        save(connection, ["SAT-001", "SAT-002"], jobs=200)
        of_few = read_by_plan(connection, "judged_between", piece)
        save(connection, ["SAT-001", "SAT-002"], jobs=2000, spacing_s=7)
        save(connection, ["SAT-001"], jobs=2000, spacing_s=7, subsystem="thermal")
        assert read_by_plan(connection, "judged_between", piece) <= of_few + 10


def test_how_far_alerts_are_behind_costs_the_same_however_far_it_is(pool: Pool) -> None:
    with transaction(pool) as connection:
        save(connection, ["SAT-001"], jobs=2000)
        assert read_by_plan(connection, "anomalies_behind", {}) <= 10


def test_stored_telemetry_and_absent_subsystems_cost_the_fleet_nothing(pool: Pool) -> None:
    with transaction(pool) as connection:
        save(connection, ["SAT-001"], lane="stored")
        save(connection, ["SAT-002"], subsystem="thermal")
        of_few = rows_read(connection, "newest_verdicts", satellites=["SAT-001", "SAT-002"])
        save(connection, ["SAT-001"], lane="stored", jobs=2000)
        save(connection, ["SAT-002"], subsystem="thermal", jobs=2000, breach_every=3000)
        assert rows_read(connection, "newest_verdicts", satellites=["SAT-001", "SAT-002"]) <= of_few + 10


@pytest.mark.parametrize("statement", OF_SATELLITES)
def test_telemetry_of_a_satellite_costs_one_whose_name_its_own_begins_with_nothing(
    pool: Pool, statement: str
) -> None:
    with transaction(pool) as connection:
        save(connection, ["SAT"], subsystem="thermal")
        save(connection, ["SAT-1"], jobs=2000, breach_every=1)
        assert rows_read(connection, statement, satellites=["SAT"]) <= 5 * JOBS_EACH


def test_fleet_reads_what_is_open_and_counts_a_bounded_part_of_what_returned(pool: Pool) -> None:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO ops.alarms (
                alarm_id, satellite_id, subsystem, reason, kind, severity, started_at, raised_at, last_at,
                returned_at, acknowledged_at
            )
            SELECT
                satellite || '.' || number, 'SAT-' || satellite, 'eps', 'low_battery', 'limit', 'critical',
                begun, begun, begun,
                CASE WHEN number > 0 THEN begun END, CASE WHEN number > 1000 THEN begun END
            FROM generate_series(1, 20) AS satellite, generate_series(0, 2000) AS number,
                LATERAL (SELECT timestamp '2026-01-01' - number * interval '1 minute' AS begun) AS time
            """
        )
        cursor.execute("ANALYZE ops.alarms")
        assert read_by_plan(connection, "open_alarms", {}) <= 100
        assert read_by_plan(connection, "returned_alarms", {"ceiling": 10}) <= 1000


@pytest.mark.parametrize(
    ("statement", "most"),
    [
        ("raised_by_severity", 400), ("raised_per_interval", 400), ("most_frequent", 400),
        ("newest_raised", 50), ("contacts_between", 1000),
    ],
)  # fmt: skip
def test_a_shift_reads_what_was_raised_in_it_however_much_was_before(
    pool: Pool, statement: str, most: int
) -> None:
    span = {"start": START, "end": START + timedelta(hours=8), "limit": 10, "interval_s": 600}
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO ops.alarms (
                alarm_id, satellite_id, subsystem, reason, kind, severity, started_at, raised_at, last_at,
                returned_at, noticed_at
            )
            SELECT number, 'SAT-001', 'eps', 'low_battery', 'limit', 'critical', at, at, at, at, at
            FROM generate_series(-20000, 100) AS number,
                LATERAL (SELECT timestamp '2026-01-01' + number * interval '1 minute' AS at) AS time
            """
        )
        cursor.execute("ANALYZE ops.alarms")
        assert read_by_plan(connection, statement, span) <= most


def job_at(after_s: float, satellite_id: str, *, lane: str, reason: str) -> Job:
    return Job(
        job_id=job_id_of(satellite_id, microseconds_of(START + timedelta(seconds=after_s))),
        satellite_id=satellite_id,
        source="kafka_auto_trigger",
        trigger_reason=reason,
        trigger_reasons=(reason,),
        total_subsystems=1,
        created_at=START,
        metadata={"lane": lane},
    )


def save(
    connection: Connection,
    satellite_ids: list[str],
    *,
    jobs: int = JOBS_EACH,
    spacing_s: float = 30,
    breach_every: int = 4,
    subsystem: str = "eps",
    lane: str = "live",
) -> None:
    """Store sample sets, of which every so many break a limit."""
    batch = [
        job_at(
            spacing_s * number,
            satellite_id,
            lane=lane,
            reason="periodic_check" if number % breach_every else REASON,
        )
        for satellite_id in satellite_ids
        for number in range(jobs)
    ]
    rows = [verdict(job.job_id, subsystem) for job in batch]
    save_inferences(connection, batch, rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def rows_read(connection: Connection, statement: str, *, satellites: list[str] | None = None) -> float:
    """Return how many rows the parts of a statement's plan read for some satellites, all passes together."""
    names = satellites or ["SAT-001"]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO ops.alarms (
                alarm_id, satellite_id, subsystem, reason, kind, severity, started_at, raised_at, last_at
            )
            SELECT name, name, 'eps', %s, 'limit', 'critical', %s, %s, %s FROM unnest(%s) AS name
            ON CONFLICT DO NOTHING
            """,
            (REASON, *[START] * 2, START + timedelta(days=30), names),
        )
    parameters = {"alarm_ids": names, "satellites": names, "subsystems": ["eps"], "members_each": 100}
    return read_by_plan(connection, statement, parameters)


def read_by_plan(connection: Connection, statement: str, parameters: Mapping[str, Any]) -> float:
    return rows_read_by(connection, STATEMENTS[statement], parameters)

"""The schema, built from its migrations on a real PostgreSQL."""

import threading
from contextlib import closing
from pathlib import Path

import pytest

from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.migrations import (
    MIGRATIONS,
    Migration,
    MigrationRefused,
    load_migrations,
    migrate,
    migrate_when_ready,
    pending,
)
from telemetry_core.service.settings import Settings
from testbed.postgres_server import dumped_schema, free_port

pytestmark = pytest.mark.integration

SCHEMA = MIGRATIONS.parent / "schema.sql"


def test_migrations_rebuild_the_committed_schema(database: Settings) -> None:
    assert dumped_schema(database) == SCHEMA.read_text(encoding="utf-8"), (
        "db/schema.sql is not what the migrations build: python -m testbed.postgres_server"
    )


def test_second_run_applies_nothing(empty_database: Settings) -> None:
    migrations = load_migrations(MIGRATIONS)
    assert migrate(empty_database, migrations) == [migration.name for migration in migrations]
    assert migrate(empty_database, migrations) == []


def test_changed_file_is_refused_and_changes_nothing(empty_database: Settings) -> None:
    first = Migration(name="0001_create_a.sql", sql="CREATE TABLE a ()", sha256="1" * 64)
    migrate(empty_database, [first])
    changed = Migration(name="0001_create_a.sql", sql="DROP TABLE a", sha256="2" * 64)
    with pytest.raises(MigrationRefused, match=r"0001_create_a\.sql was changed after it was applied"):
        migrate(empty_database, [changed])


def test_failing_file_leaves_no_half(empty_database: Settings) -> None:
    bad = Migration(name="0001_create_b.sql", sql="CREATE TABLE b (); SELECT 1 / 0", sha256="1" * 64)
    with pytest.raises(Exception, match="division by zero"):
        migrate(empty_database, [bad])
    good = Migration(name="0001_create_b.sql", sql="CREATE TABLE b ()", sha256="3" * 64)
    assert migrate(empty_database, [good]) == ["0001_create_b.sql"]


def test_two_runs_at_once_apply_each_file_once(empty_database: Settings) -> None:
    migrations = load_migrations(MIGRATIONS)
    applied: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: applied.append(migrate(empty_database, migrations))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(len(names) for names in applied) == [0, 0, len(migrations)]


def test_server_that_stays_unavailable_ends_in_its_own_error() -> None:
    nobody = Settings(postgres_host="127.0.0.1", postgres_port=free_port())
    with pytest.raises(Exception, match="Connection refused"):
        migrate_when_ready(nobody, load_migrations(MIGRATIONS), wait_s=0)


def test_unknown_applied_file_is_refused() -> None:
    with pytest.raises(MigrationRefused, match="use a newer release"):
        pending(load_migrations(MIGRATIONS), {"9999_future.sql": "0" * 64})


def test_misnamed_or_missing_number_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0002_create_a.sql").write_text("SELECT 1")
    with pytest.raises(MigrationRefused, match="must be named 0001_"):
        load_migrations(tmp_path)


def fetch(pool: Pool, query: str) -> list[tuple[object, ...]]:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def test_public_holds_exactly_the_three_tables(pool: Pool) -> None:
    tables = fetch(pool, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    assert tables == [("inference_jobs",), ("inference_results",), ("subsystem_inferences",)]


def test_times_print_with_milliseconds_in_utc(database: Settings) -> None:
    pool = open_pool(database, max_connections=1)
    ((text,),) = fetch(pool, "SELECT '2025-10-30T12:34:56.7894+09:00'::timestamptz::timestamp(3)::text")
    assert text == "2025-10-30 03:34:56.789"
    assert fetch(pool, "SHOW timezone") == [("UTC",)]
    pool.close()


def test_summary_view_has_the_documented_columns(pool: Pool) -> None:
    columns = fetch(
        pool,
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'v_inference_job_summary'"
        " ORDER BY ordinal_position",
    )
    assert [str(name) for (name,) in columns] == [
        "job_id", "satellite_id", "source", "trigger_reason", "job_status", "created_at", "total_subsystems",
        "completed_subsystems", "total_time_seconds", "inference_count", "anomalies_detected",
        "avg_inference_time_ms", "subsystem_results", "completed_at",
    ]  # fmt: skip


INDEXES = {
    "inference_jobs_pkey", "idx_jobs_satellite", "idx_jobs_status", "idx_jobs_created",
    "subsystem_inferences_pkey", "idx_subsys_job", "idx_subsys_subsystem", "idx_subsys_model",
    "idx_subsys_anomaly", "idx_subsys_created",
}  # fmt: skip


def test_documented_indexes_exist(pool: Pool) -> None:
    rows = fetch(
        pool,
        "SELECT indexname FROM pg_indexes WHERE tablename IN ('inference_jobs', 'subsystem_inferences')",
    )
    assert {str(name) for (name,) in rows} >= INDEXES


SUMMARY = """
INSERT INTO inference_jobs (job_id, satellite_id, source, status, total_subsystems, created_at, completed_at)
VALUES ('COMPLETE-TEST-1', 'SAT-001', 'manual', 'completed', 2,
        '2025-10-30 12:34:56.789', '2025-10-30 12:35:01.234');
INSERT INTO subsystem_inferences
    (job_id, subsystem, model_name, status, input_data, anomaly_score, anomaly_detected, inference_time_ms)
VALUES ('COMPLETE-TEST-1', 'thermal', 'm', 'completed', '{}', 0.8, true, 125.7),
       ('COMPLETE-TEST-1', 'aocs', 'm', 'completed', '{}', 0.612, false, 125.3)
"""


def test_summary_view_counts_and_orders_by_subsystem(pool: Pool) -> None:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(SUMMARY)
    row = fetch(
        pool,
        "SELECT total_time_seconds::text, inference_count, anomalies_detected, avg_inference_time_ms::text,"
        " subsystem_results FROM v_inference_job_summary",
    )
    first = {
        "subsystem": "aocs",
        "model": "m",
        "status": "completed",
        "anomaly": False,
        "anomaly_score": 0.612,
    }
    second = {
        "subsystem": "thermal",
        "model": "m",
        "status": "completed",
        "anomaly": True,
        "anomaly_score": 0.8,
    }
    assert row == [("4.445", 2, 1, "125.50", [first, second])]


def test_score_prints_four_decimals(pool: Pool) -> None:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(SUMMARY)
    scores = fetch(pool, "SELECT anomaly_score::text FROM subsystem_inferences ORDER BY subsystem")
    assert scores == [("0.6120",), ("0.8000",)]


def test_alerts_view_shows_only_anomalies(pool: Pool) -> None:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(SUMMARY)
    assert fetch(pool, "SELECT satellite_id, subsystem FROM v_anomaly_alerts") == [("SAT-001", "thermal")]


ALERTS = """
INSERT INTO ops.anomaly_alerts VALUES
    ('SAT-001', 'eps', '2026-11-01 10:00:00.0004', '2026-11-01 10:00:05', '2026-11-01 10:20:00.0009',
        '2026-11-01 10:25:00', 7, 0.99, 'kafka-SAT-001-peak', 'kafka-SAT-001-newest'),
    ('SAT-001', 'eps', '2026-11-02 10:00', '2026-11-02 10:00', '2026-11-02 10:00', NULL, 1, 0.98, 'a', 'b'),
    ('SAT-002', 'eps', '2026-11-01 10:00', '2026-11-01 10:00', '2026-11-01 10:00', NULL, 1, 0.98, 'a', 'b');
INSERT INTO ops.alert_acknowledgements
    (satellite_id, subsystem, reason, generated_at, operator, comment, acknowledged_at)
VALUES
    ('SAT-001', 'eps', 'anomaly', '2026-11-01 10:20:00.001', 'lee', 'again', '2026-11-01 11:00:00'),
    ('SAT-001', 'eps', 'anomaly', '2026-11-01 10:10:00', 'kim', 'eclipse', '2026-11-01 10:12:00'),
    ('SAT-001', 'eps', 'low_battery', '2026-11-02 10:00:00', 'kim', 'another sign', '2026-11-02 11:00:00'),
    ('SAT-002', 'eps', 'anomaly', '2026-11-01 12:00:00', 'kim', 'another time', '2026-11-01 12:00:00')
"""


def test_alerts_become_alarms_with_their_acknowledgements(empty_database: Settings) -> None:
    migrations = load_migrations(MIGRATIONS)
    names = [migration.name for migration in migrations]
    first = next(
        number for number, name in enumerate(names) if name.endswith("_move_anomalies_to_alarms.sql")
    )
    migrate(empty_database, migrations[:first])
    with closing(open_pool(empty_database, max_connections=1)) as pool:
        with transaction(pool) as connection, connection.cursor() as cursor:
            cursor.execute(ALERTS)
        before = fetch(pool, "SELECT * FROM ops.anomaly_alerts ORDER BY 1, 2, 3")
        migrate(empty_database, migrations)
        assert fetch(pool, "SELECT * FROM ops.anomaly_alerts ORDER BY 1, 2, 3") == before
        alarms = fetch(
            pool,
            "SELECT alarm_id, acknowledged_by, is_unresolved FROM ops.alarms"
            " ORDER BY satellite_id, started_at",
        )
        history = fetch(
            pool,
            "SELECT event, operator, comment, at::text FROM ops.alarm_events"
            f" WHERE alarm_id = '{alarms[0][0]}' ORDER BY id",
        )
    assert alarms == [
        ("eps.anomaly.1793527200000.SAT-001", "kim", False),
        ("eps.anomaly.1793613600000.SAT-001", None, True),
        ("eps.anomaly.1793527200000.SAT-002", None, True),
    ]
    assert history == [
        ("raised", None, None, "2026-11-01 10:00:05"),
        ("acknowledged", "kim", "eclipse", "2026-11-01 10:12:00"),
        ("returned", None, None, "2026-11-01 10:25:00"),
        ("acknowledged", "lee", "again", "2026-11-01 11:00:00"),
    ]

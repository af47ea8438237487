"""The columns that tell what a verdict is about: of older rows, of an older worker's and of a new one's."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg2
import pytest
from psycopg2.extras import Json

from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.migrations import MIGRATIONS, load_migrations, migrate
from telemetry_core.postgres.store import Row, save_inferences, select
from telemetry_core.service.settings import Settings
from testbed.postgres_server import administer
from tests.integration.postgres.saving import failed, inference, job
from tests.integration.postgres.test_moved_database import move
from tests.integration.postgres.windows import window_ending

pytestmark = pytest.mark.integration

AT = datetime(2025, 10, 30, 5, 34, 56, 789_000, tzinfo=UTC)
TELEMETRY = "kafka-SAT-001-1761802496789"
FINER = "kafka-SAT-001-1761802496789250"
WINDOW: Final = {
    "window_start": (AT - timedelta(seconds=63)).isoformat(),
    "window_end": AT.isoformat(),
    "samples": 64,
    "newest": {"battery_voltage": 3.9},
}
FINER_WINDOW: Final = WINDOW | {"window_end": "2025-10-30T14:34:56.789250+09:00", "samples": 1}
UNTOLD = (None, None, None)
FORMER_JOB = """
INSERT INTO inference_jobs (job_id, satellite_id, source, status, created_at)
VALUES (%(job_id)s, %(satellite_id)s, %(source)s, 'completed', '2026-01-01')
"""
FORMER_ROW = """
INSERT INTO subsystem_inferences AS kept (job_id, subsystem, model_name, status, input_data, created_at)
VALUES (%(job_id)s, 'eps', 'lstm_timeseries', %(status)s, %(input_data)s, '2026-01-01')
ON CONFLICT (job_id, subsystem) DO UPDATE SET
    status = EXCLUDED.status, input_data = EXCLUDED.input_data, xact = ops.commit_position()
WHERE kept.status = 'failed'
"""
"""As workers wrote a row before there were columns."""


def write(database: Settings, job_id: str, input_data: Any, *, status: str = "completed") -> None:
    """Do what a worker of the former version does."""
    is_telemetry = job_id.startswith("kafka-")
    parameters = {
        "job_id": job_id,
        "satellite_id": "SAT-001" if is_telemetry else "none",
        "source": "kafka_auto_trigger" if is_telemetry else "manual",
        "status": status,
        "input_data": Json(input_data),
    }
    execute(database, FORMER_JOB + " ON CONFLICT DO NOTHING", parameters)
    execute(database, FORMER_ROW, parameters)


def execute(database: Settings, statement: str, parameters: Any = None) -> None:
    connection = psycopg2.connect(
        host="127.0.0.1", port=database.postgres_port, user="admin", password=database.postgres_password,
        dbname=database.postgres_db, options="-c timezone=Asia/Seoul",
    )  # fmt: skip
    with connection, connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    connection.close()


def told(database: Settings) -> dict[str, tuple[Any, ...]]:
    """Read what each row tells, by job: satellite, generation time, window start and sample count."""
    pool = open_pool(database, max_connections=1)
    with transaction(pool) as connection:
        rows = select(connection, "SELECT * FROM subsystem_inferences")
    pool.close()
    names = ("satellite", "generated_at", "window_start", "sample_count")
    return {row["job_id"]: tuple(row[name] for name in names) for row in rows}


EXPECTED: Final = {
    TELEMETRY: ("SAT-001", AT, AT - timedelta(seconds=63), 64),
    FINER: ("SAT-001", AT + timedelta(microseconds=250), AT - timedelta(seconds=63), 1),
    "posted": ("none", *UNTOLD),
    "list": ("none", *UNTOLD),
    "features": ("none", *UNTOLD),
}


def write_all(database: Settings) -> None:
    write(database, TELEMETRY, WINDOW)
    write(database, FINER, FINER_WINDOW, status="failed")
    write(database, "posted", {"series": [1.0], "config": {}}, status="pending")
    write(database, "list", [1.0, 2.0])
    write(database, "features", {"window_end": [1.0, 2.0], "samples": [3.0]})


@pytest.fixture
def former_database(empty_database: Settings) -> Settings:
    """Offer the schema as it was before there were the columns."""
    migrate(empty_database, load_migrations(MIGRATIONS)[:24])
    return empty_database


@pytest.fixture
def other_database(postgres_server: Settings) -> Iterator[Settings]:
    administer(postgres_server, "CREATE DATABASE restored TEMPLATE template0")
    yield postgres_server.model_copy(update={"postgres_db": "restored"})
    administer(postgres_server, "DROP DATABASE restored WITH (FORCE)")


def test_former_rows_tell_their_times_and_keep_their_place(
    former_database: Settings,
) -> None:
    write_all(former_database)
    places = "SELECT id, xact::text FROM subsystem_inferences ORDER BY id"
    before = read(former_database, places)
    migrate(former_database, load_migrations(MIGRATIONS))
    assert told(former_database) == EXPECTED
    assert read(former_database, places) == before


def test_alerts_go_on_from_the_generation_time_of_the_job_that_was_folded(former_database: Settings) -> None:
    heads = "INSERT INTO ops.alert_heads VALUES ('SAT-001', %s, %s, %s, 7, '{\"evidence\": 1}')"
    execute(former_database, heads, ("eps", TELEMETRY, FINER))
    execute(former_database, heads, ("comm", "", TELEMETRY))
    execute(
        former_database, "INSERT INTO ops.alert_checkpoints VALUES ('SAT-001', 'eps', %s, NULL)", (TELEMETRY,)
    )
    migrate(former_database, load_migrations(MIGRATIONS))
    finer = AT + timedelta(microseconds=250)
    before_all = datetime(1970, 1, 1, tzinfo=UTC) - timedelta(microseconds=1)
    found = read(
        former_database, "SELECT subsystem, folded_at, target_at FROM ops.alert_heads ORDER BY subsystem"
    )
    assert [tuple(row.values()) for row in found] == [("comm", before_all, AT), ("eps", AT, finer)]
    assert read(former_database, "SELECT generated_at FROM ops.alert_checkpoints") == [{"generated_at": AT}]


def test_backup_of_the_former_version_is_restored_and_upgraded(
    former_database: Settings, other_database: Settings
) -> None:
    write_all(former_database)
    move(former_database, other_database)
    migrate(other_database, load_migrations(MIGRATIONS))
    assert told(other_database) == EXPECTED


def test_restored_backup_tells_the_same(database: Settings, other_database: Settings) -> None:
    write_all(database)
    move(database, other_database)
    assert told(other_database) == told(database) == EXPECTED
    write(other_database, "kafka-SAT-001-1761802496790", WINDOW)
    assert told(other_database)["kafka-SAT-001-1761802496790"] == EXPECTED[TELEMETRY]


def test_rows_of_a_former_worker_tell_their_times(database: Settings) -> None:
    write_all(database)
    assert told(database) == EXPECTED


def test_row_that_a_former_worker_replaces_tells_its_new_window(database: Settings, pool: Pool) -> None:
    save(pool, failed(TELEMETRY))
    write(database, TELEMETRY, WINDOW | {"samples": 32})
    assert told(database)[TELEMETRY] == ("SAT-001", AT, AT - timedelta(seconds=63), 32)


def test_row_that_a_new_worker_replaces_tells_its_new_window(database: Settings, pool: Pool) -> None:
    write(database, TELEMETRY, WINDOW, status="failed")
    save(pool, inference(TELEMETRY, input_data={"newest": {}}, **window_ending(AT, samples=21)))
    assert told(database)[TELEMETRY] == ("SAT-001", AT, AT - timedelta(seconds=20), 21)


def test_window_is_told_whole_or_not_at_all(database: Settings) -> None:
    write(database, TELEMETRY, WINDOW)
    with pytest.raises(psycopg2.errors.CheckViolation, match="subsystem_inferences_window_check"):
        execute(database, "UPDATE subsystem_inferences SET window_start = NULL")


def save(pool: Pool, row: Any) -> None:
    with transaction(pool) as connection:
        save_inferences(connection, [job(row.job_id, total_subsystems=1)], [row])


def read(database: Settings, query: str) -> list[Row]:
    pool = open_pool(database, max_connections=1)
    with transaction(pool) as connection:
        found = select(connection, query)
    pool.close()
    return found

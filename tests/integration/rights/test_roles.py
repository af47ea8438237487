"""What someone who injects a statement into a service can do: what that service does, and no more."""

from contextlib import closing
from typing import Any, Final

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege

from telemetry_core.postgres.migrations import renew_roles
from telemetry_core.postgres.roles import SERVICES, as_service
from telemetry_core.service.settings import Settings

pytestmark = pytest.mark.integration

NOBODY: Final = (
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY inference_jobs FROM PROGRAM 'true'",
    "COPY inference_jobs TO '/tmp/stolen'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT * FROM pg_authid",
    "CREATE TABLE public.mine (id int)",
    "CREATE TABLE ops.mine (id int)",
    "CREATE ROLE mine SUPERUSER",
    "CREATE EXTENSION dblink",
    "ALTER SYSTEM SET log_statement = 'all'",
    "SET ROLE admin",
    "SET SESSION AUTHORIZATION admin",
    "DROP TABLE inference_jobs",
    "TRUNCATE inference_jobs CASCADE",
    "ALTER TABLE inference_jobs DISABLE TRIGGER ALL",
    "SET session_replication_role TO replica",
    "UPDATE ops.schema_migrations SET sha256 = ''",
    "UPDATE ops.cluster SET position_offset = 0",
    "UPDATE ops.revised_inferences SET before = '{}'",
    "UPDATE ops.alert_acknowledgements SET comment = 'x'",
    "DELETE FROM ops.alert_acknowledgements",
)
NOT_ALL: Final = {
    "operation-server": (
        "DELETE FROM ops.refused_verdicts",
        "UPDATE ops.relay_cursors SET xact = 0",
        "DELETE FROM ops.revised_inferences",
        "DELETE FROM ops.refused_values", "DELETE FROM ops.wrong_clocks",
        "UPDATE ops.anomaly_alerts SET ended_at = now()", "DELETE FROM ops.anomaly_alerts",
        "UPDATE ops.calibrations SET state = 'active'", "DELETE FROM ops.learning_progress",
        "DELETE FROM ops.alarms", "UPDATE ops.alarm_contacts SET is_replayed = false",
        "DELETE FROM ops.alarm_tracks",
        "UPDATE ops.alarm_events SET comment = 'x'", "DELETE FROM ops.alarm_events",
    ),
    "analysis-server": (
        "DELETE FROM ops.alert_heads", "UPDATE ops.alarm_contacts SET is_replayed = false",
        "DELETE FROM inference_jobs", "SELECT * FROM ops.idempotency_keys",
        "UPDATE ops.relay_cursors SET xact = 0",
        "INSERT INTO ops.alert_acknowledgements (satellite_id) VALUES ('x')",
    ),
    "verdict-relay": (
        "UPDATE inference_jobs SET status = 'failed'", "DELETE FROM subsystem_inferences",
        "INSERT INTO inference_jobs (job_id) VALUES ('x')", "SELECT * FROM ops.idempotency_keys",
        "DELETE FROM ops.refused_values", "DELETE FROM ops.alert_heads",
        "UPDATE ops.alarms SET severity = 'watch'", "SELECT * FROM ops.anomaly_alerts",
    ),
    "kafka-inference-trigger": (
        "UPDATE inference_jobs SET status = 'failed'", "DELETE FROM subsystem_inferences",
        "INSERT INTO inference_jobs (job_id) VALUES ('x')", "SELECT * FROM ops.idempotency_keys",
        "DELETE FROM ops.refused_verdicts",
    ),
    "alarm-server": (
        "UPDATE inference_jobs SET status = 'failed'", "DELETE FROM subsystem_inferences",
        "UPDATE ops.anomaly_alerts SET ended_at = now()", "DELETE FROM ops.alarms",
        "DELETE FROM ops.alarm_events", "UPDATE ops.alarm_events SET operator = 'x'",
        "SELECT * FROM ops.idempotency_keys", "TRUNCATE ops.alarm_contacts",
        "INSERT INTO ops.alarm_suppressions (satellite_id) VALUES ('x')",
    ),
    "alarm-notifier": (
        "UPDATE inference_jobs SET status = 'failed'", "DELETE FROM subsystem_inferences",
        "UPDATE ops.alarms SET severity = 'watch'", "INSERT INTO ops.alarm_events (event) VALUES ('x')",
        "DELETE FROM ops.notifications", "SELECT * FROM ops.idempotency_keys",
        "DELETE FROM ops.alarm_suppressions",
    ),
    "housekeeping": (
        "UPDATE ops.refused_verdicts SET reason = 'x'", "UPDATE ops.refused_values SET count = 0",
        "UPDATE ops.wrong_clocks SET value = 0", "UPDATE ops.alarms SET severity = 'watch'",
        "UPDATE ops.alarm_events SET comment = 'x'", "DELETE FROM ops.anomaly_alerts",
        "UPDATE ops.idempotency_keys SET job_id = 'x'",
        "INSERT INTO ops.revised_inferences (job_id) VALUES ('x')",
        "DELETE FROM ops.calibrations", "INSERT INTO ops.calibrations (version) VALUES (1)",
        "INSERT INTO ops.alert_acknowledgements (satellite_id) VALUES ('x')",
    ),
}  # fmt: skip


def connected(settings: Settings) -> Any:
    return psycopg2.connect(
        host=settings.postgres_host,
        port=settings.postgres_port,
        user=settings.postgres_user,
        password=settings.postgres_password,
        dbname=settings.postgres_db,
    )


def run(settings: Settings, *statements: str) -> list[str]:
    """Run each on its own and return those that were not refused for want of a right."""
    allowed = []
    with closing(connected(settings)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in statements:
            try:
                cursor.execute(statement)
            except InsufficientPrivilege:
                continue
            allowed.append(statement)
    return allowed


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_reaches_beyond_its_tables_or_does_the_work_of_another(
    database: Settings, service: str
) -> None:
    assert run(as_service(database, service), *NOBODY, *NOT_ALL[service]) == []


@pytest.mark.parametrize("service", SERVICES)
def test_passwords_of_services_are_not_the_owners_and_follow_it(database: Settings, service: str) -> None:
    theirs = as_service(database, service)
    changed = as_service(database.model_copy(update={"postgres_password": "another"}), service)
    assert len({database.postgres_password, theirs.postgres_password, changed.postgres_password}) == 3
    with pytest.raises(psycopg2.OperationalError):
        run(theirs.model_copy(update={"postgres_password": database.postgres_password}), "SELECT 1")


def test_renewing_is_repeated_without_harm_and_opens_no_table_added_since(database: Settings) -> None:
    run(database, "CREATE TABLE ops.added (id int)")
    renew_roles(database)
    renew_roles(database)
    assert run(as_service(database, "operation-server"), "SELECT FROM ops.added") == []
    letters = "SELECT FROM ops.dead_letters"
    assert run(as_service(database, "operation-server"), letters) == [letters]

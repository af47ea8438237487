"""A service may do in PostgreSQL what its statements do: each of them runs, no other table is open."""

import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from telemetry_core.postgres.migrations import renew_roles
from telemetry_core.postgres.queries import load_queries
from telemetry_core.postgres.roles import SERVICES, as_service, role_of
from telemetry_core.service.settings import Settings
from tests.integration.rights.test_roles import connected, run

pytestmark = pytest.mark.integration

ROOT: Final = Path(__file__).resolve().parents[3]
FOLDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "operation-server": ("operation_server", "telemetry_core/limits"),
    "analysis-server": ("analysis_server", "telemetry_core"),
    "verdict-relay": ("verdict_relay", "telemetry_core/postgres/cursors"),
    "housekeeping": ("housekeeping", "telemetry_core"),
    "kafka-inference-trigger": ("kafka_inference_trigger/gathered", "telemetry_core/limits"),
    "alarm-server": ("alarm_server", "telemetry_core/limits", "telemetry_core/postgres/cursors"),
    "alarm-notifier": ("alarm_notifier", "telemetry_core/postgres/cursors"),
}
"""Where the statements of each service are; `reconcile` runs as the owner."""
CURSORS: Final = load_queries(ROOT / "telemetry_core/postgres/cursors")
UNUSED: Final = {
    ("housekeeping", "reopen_revised"),
    ("housekeeping", "changes_since"),
    ("housekeeping", "switches_since"),
    *(("housekeeping", name) for name in CURSORS),
    *(("analysis-server", name) for name in CURSORS),
}
BY_FUNCTION: Final = {"ops.cluster"}
"""Read by the functions that tell positions in commit order."""
TYPES: Final = {
    "age": "interval", "created_at": "timestamptz", "completed_at": "timestamptz", "rows_each": "bigint",
    "limit": "bigint",
}  # fmt: skip
"""Of parameters whose place tells PostgreSQL none."""
WRITES: Final = {
    "INSERT": r"INSERT INTO {}\b",
    "DELETE": r"DELETE FROM {}\b",
    "UPDATE": r"\bUPDATE {0}\b|INSERT INTO {0}\b.* DO UPDATE\b|\bFOR UPDATE\b",
}
TABLES: Final = """
    SELECT relation.oid::regclass::text, right_name, has_table_privilege(%(role)s, relation.oid, right_name)
    FROM pg_class AS relation CROSS JOIN unnest(%(rights)s) AS right_name
    WHERE relkind IN ('r', 'v') AND relnamespace IN ('public'::regnamespace, 'ops'::regnamespace)
"""


def statements_of(service: str) -> dict[str, str]:
    folders = {path.parent for folder in FOLDERS[service] for path in (ROOT / folder).rglob("*.sql")}
    found = [item for folder in sorted(folders) for item in load_queries(folder).items()]
    assert len(dict(found)) == len(found)
    return {name: text for name, text in found if (service, name) not in UNUSED}


def runnable(statement: str) -> str:
    """Put NULL for each parameter, and one row of NULLs for the rows of a bulk statement."""

    def null(parameter: re.Match[str]) -> str:
        return f"NULL::{TYPES[parameter[1]]}" if parameter[1] in TYPES else "NULL"

    row = re.search(r"\(([^()]+)\)\s+(?:AS \()?VALUES %s", statement)
    nulls = ", ".join(["NULL"] * len(row[1].split(","))) if row else ""
    filled = re.sub(r"%\((\w+)\)s", null, statement.replace("VALUES %s", f"VALUES ({nulls})"))
    return filled.replace("%%", "%")


def named_in(statements: Iterable[str], tables: Iterable[str]) -> dict[str, set[str]]:
    """By right, the tables on which statements need it at most."""
    found: dict[str, set[str]] = {right: set() for right in ("SELECT", *WRITES)}
    for statement in statements:
        words = " ".join(statement.split())
        for table in tables:
            name = re.escape(table.removeprefix("public."))
            if re.search(rf"(?<![\w.]){name}\b", words):
                found["SELECT"].add(table)
                rights = {right for right, form in WRITES.items() if re.search(form.format(name), words)}
                for right in rights:
                    found[right].add(table)
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_service_may_run_each_of_its_statements(database: Settings, service: str) -> None:
    statements = statements_of(service)
    assert statements
    with closing(connected(as_service(database, service))) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for name, statement in statements.items():
            cursor.execute(f"EXPLAIN {runnable(statement)}")
            assert cursor.fetchone(), name


@pytest.mark.parametrize("service", SERVICES)
def test_service_reaches_no_table_that_its_statements_do_not_name(database: Settings, service: str) -> None:
    with closing(connected(database)) as connection, connection.cursor() as cursor:
        cursor.execute(TABLES, {"role": role_of(service), "rights": ["SELECT", *WRITES]})
        allowed: dict[str, set[str]] = {right: set() for right in ("SELECT", *WRITES)}
        tables = set()
        for table, right, is_allowed in cursor:
            tables.add(table)
            if is_allowed:
                allowed[right].add(table)
    named = named_in(statements_of(service).values(), tables)
    beyond = {right: allowed[right] - named[right] for right in allowed}
    assert beyond == {
        "SELECT": beyond["SELECT"] & BY_FUNCTION,
        "INSERT": set(),
        "DELETE": set(),
        "UPDATE": set(),
    }


@pytest.mark.parametrize("service", [one for one in SERVICES if one != "kafka-inference-trigger"])
def test_places_in_commit_order_are_told_to_who_reads_or_writes_verdicts(
    database: Settings, service: str
) -> None:
    asked = "SELECT ops.settled_position(), ops.commit_position()"
    assert run(as_service(database, service), asked) == [asked]


def test_what_an_earlier_release_allowed_is_taken_back_with_the_next_start(database: Settings) -> None:
    everything = "SELECT FROM ops.calibrations", "DELETE FROM inference_jobs", "SELECT FROM v_anomaly_alerts"
    relay = as_service(database, "verdict-relay")
    run(database, f"GRANT ALL ON ALL TABLES IN SCHEMA public, ops TO {role_of('verdict-relay')}")
    assert run(relay, *everything) == list(everything)
    renew_roles(database)
    assert run(relay, *everything) == []

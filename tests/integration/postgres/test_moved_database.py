"""A dump restored into another PostgreSQL cluster, whose transaction ids begin anew."""

import os
import subprocess
from collections.abc import Iterator, Sequence

import psycopg2
import pytest

from operation_server.streams import QUERIES as STREAM_QUERIES
from operation_server.verdicts import QUERIES
from telemetry_core.postgres.cursors.verdict_cursor import Cursor
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.migrations import MIGRATIONS, load_migrations, migrate, renew_roles
from telemetry_core.postgres.store import Row, save_inferences, select
from telemetry_core.service.settings import Settings
from testbed.postgres_server import administer, free_port, running_server, server_programs
from tests.integration.postgres.saving import inference, job
from verdict_relay.relay import Refusal, Relay

pytestmark = pytest.mark.integration

RELAYED, WAITING = 300, 200


class ListSink:
    """Keeps the job ids it was given, in order."""

    name = "list"
    follows_deletions = False

    def __init__(self) -> None:
        self.job_ids: list[str] = []

    def is_intact(self, _cursor: Cursor) -> bool:
        return True

    def write(self, _generation: int, verdicts: Sequence[Row]) -> Sequence[Refusal]:
        self.job_ids += [row["job_id"] for row in verdicts]
        return ()

    def forget(self, _generation: int, _keys: Sequence[str]) -> None:
        raise NotImplementedError

    def caught_up(self, _generation: int) -> None:
        return


@pytest.fixture(scope="module")
def other_server() -> Iterator[Settings]:
    """Start another cluster, on which a new platform came up once, so that the services' logins are there."""
    with running_server() as server:
        migrate(server, load_migrations(MIGRATIONS))
        renew_roles(server)
        yield server


@pytest.fixture
def moved(database: Settings, other_server: Settings) -> Iterator[tuple[Settings, list[str]]]:
    """Relay some verdicts of a cluster that is far ahead, and move its database by dump and restore."""
    sink = ListSink()
    pool = open_pool(database, max_connections=2)
    for number in range(RELAYED):
        save(pool, number)
    Relay(pool, sink).step()
    for number in range(RELAYED, RELAYED + WAITING):
        save(pool, number)
    pool.close()
    name = f"moved_{free_port()}"
    administer(other_server, f"CREATE DATABASE {name}")
    settings = other_server.model_copy(update={"postgres_db": name})
    move(database, settings)
    yield settings, sink.job_ids
    administer(other_server, f"DROP DATABASE {name} WITH (FORCE)")


def job_id(number: int) -> str:
    return f"kafka-SAT-001-{1_761_827_696_000 + number}"


def save(pool: Pool, number: int) -> None:
    """Save one verdict in a transaction of its own."""
    with transaction(pool) as connection:
        save_inferences(connection, [job(job_id(number), total_subsystems=1)], [inference(job_id(number))])


def move(source: Settings, target: Settings) -> None:
    arguments = ["-h", "127.0.0.1", "-U", "admin"]
    environment = {**os.environ, "PGPASSWORD": source.postgres_password}
    dump = subprocess.run(
        [str(server_programs() / "pg_dump"), *arguments, "-p", str(source.postgres_port), source.postgres_db],
        check=True, capture_output=True, env=environment, timeout=60,
    ).stdout  # fmt: skip
    subprocess.run(
        [str(server_programs() / "psql"), "-q", "-v", "ON_ERROR_STOP=1", *arguments,
         "-p", str(target.postgres_port), target.postgres_db],
        check=True, input=dump, capture_output=True, env=environment, timeout=60,
    )  # fmt: skip


def newest_transaction(settings: Settings) -> int:
    connection = psycopg2.connect(
        host="127.0.0.1", port=settings.postgres_port, user="admin", password=settings.postgres_password,
        dbname=settings.postgres_db,
    )  # fmt: skip
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        ((number,),) = cursor.fetchall()
    connection.close()
    return int(number)


def test_verdicts_that_waited_before_the_move_are_relayed_after_it_and_new_ones_behind_them(
    database: Settings, moved: tuple[Settings, list[str]]
) -> None:
    settings, relayed = moved
    assert newest_transaction(settings) < newest_transaction(database), "the new cluster must lie behind"
    assert relayed == [job_id(number) for number in range(RELAYED)]
    pool = open_pool(settings, max_connections=2)
    sink = ListSink()
    for number in range(RELAYED + WAITING, RELAYED + WAITING + 20):
        save(pool, number)
    Relay(pool, sink).step()
    pool.close()
    assert sink.job_ids == [job_id(number) for number in range(RELAYED, RELAYED + WAITING + 20)]


def test_live_line_resumes_after_the_move_where_it_was(moved: tuple[Settings, list[str]]) -> None:
    settings, _ = moved
    pool = open_pool(settings, max_connections=2)
    with transaction(pool) as connection:
        (head,) = select(connection, STREAM_QUERIES["head"])
        before = select(connection, QUERIES["events_after"], {"xact": 0, "id": 0, "limit": 5000})
    assert len(before) == RELAYED + WAITING
    save(pool, 9_000)
    with transaction(pool) as connection:
        after = select(connection, QUERIES["events_after"], {"xact": head["xact"], "id": 0, "limit": 10})
        resumed = select(
            connection,
            QUERIES["events_after"],
            {"xact": before[-1]["xact"], "id": before[-1]["id"], "limit": 10},
        )
    pool.close()
    assert [row["job_id"] for row in after] == [row["job_id"] for row in resumed] == [job_id(9_000)]


def test_a_second_connection_changes_nothing(moved: tuple[Settings, list[str]]) -> None:
    settings, _ = moved
    found = []
    for _attempt in range(2):
        pool = open_pool(settings, max_connections=1)
        with transaction(pool) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT system_identifier, position_offset FROM ops.cluster")
            found.append(cursor.fetchall())
        pool.close()
    assert found[0] == found[1]
    assert found[0][0][1] > 0

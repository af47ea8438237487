"""The pool and its transactions on a real PostgreSQL, also while it misbehaves."""

import os
import signal
import threading
import time

import psycopg2
import psycopg2.errorcodes
import psycopg2.errors
import pytest

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.database import Pool, is_passing, open_pool, transaction
from telemetry_core.service.settings import Settings
from testbed.postgres_server import administer, free_port

pytestmark = pytest.mark.integration


def ask(pool: Pool, query: str = "SELECT pg_backend_pid()") -> int:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
        assert row is not None
        return int(row[0])


def test_connection_is_reused(pool: Pool) -> None:
    assert ask(pool) == ask(pool)


def test_killed_connection_is_replaced_unnoticed(pool: Pool, database: Settings) -> None:
    backend = ask(pool)
    administer(database, f"SELECT pg_terminate_backend({backend}, 5000)")
    assert ask(pool) != backend


def test_connection_killed_amid_a_transaction_is_unavailable(pool: Pool, database: Settings) -> None:
    killed: list[int] = []

    def be_killed() -> None:
        with transaction(pool) as connection, connection.cursor() as cursor:
            killed.append(connection.info.backend_pid)
            administer(database, f"SELECT pg_terminate_backend({killed[0]}, 5000)")
            cursor.execute("SELECT 1")

    with pytest.raises(DependencyUnavailable):
        be_killed()
    assert ask(pool) != killed[0]


def test_failed_transaction_leaves_nothing_and_frees_its_connection(database: Settings) -> None:
    pool = open_pool(database, max_connections=1, wait_s=0.1)

    def insert_and_fail() -> None:
        with transaction(pool) as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO inference_jobs (job_id, satellite_id, source) VALUES ('a', 'b', 'c')")
            raise KeyError

    with pytest.raises(KeyError):
        insert_and_fail()
    assert ask(pool, "SELECT count(*) FROM inference_jobs") == 0
    pool.close()


def test_exhausted_pool_says_so_after_its_wait(database: Settings) -> None:
    pool = open_pool(database, max_connections=1, wait_s=0.05)
    with (
        transaction(pool),
        pytest.raises(DependencyUnavailable, match="all 1 connections stayed busy"),
    ):
        ask(pool)
    pool.close()


def test_pool_never_exceeds_its_limit(database: Settings) -> None:
    pool = open_pool(database, max_connections=2)
    seen: set[int] = set()
    threads = [threading.Thread(target=lambda: seen.add(ask(pool))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert 1 <= len(seen) <= 2
    pool.close()


def test_server_that_is_not_there_is_unavailable() -> None:
    pool = open_pool(Settings(postgres_host="127.0.0.1", postgres_port=free_port()), max_connections=1)
    for _ in range(2):
        with pytest.raises(DependencyUnavailable, match=r"postgresql unavailable: .*Connection refused"):
            ask(pool)


def test_long_statement_is_cancelled(database: Settings) -> None:
    pool = open_pool(database, max_connections=1, statement_timeout_ms=50)
    with pytest.raises(DependencyUnavailable, match="statement timeout"):
        ask(pool, "SELECT pg_sleep(5)")
    pool.close()


def test_stopped_backend_does_not_hang_its_client(database: Settings) -> None:
    pool = open_pool(database, max_connections=1, statement_timeout_ms=100)
    backend = ask(pool)
    os.kill(backend, signal.SIGSTOP)
    try:
        started = time.monotonic()
        with pytest.raises(DependencyUnavailable), transaction(pool):
            # the check on borrow finds the stopped backend and opens another, or gives up in time
            raise DependencyUnavailable("postgresql", "borrowed another connection")
        assert time.monotonic() - started < 10
    finally:
        os.kill(backend, signal.SIGCONT)
    pool.close()


def test_data_error_stays_itself(pool: Pool) -> None:
    with pytest.raises(psycopg2.errors.UniqueViolation):
        ask(
            pool,
            "INSERT INTO inference_jobs (job_id, satellite_id, source) VALUES ('a','b','c'), ('a','b','c')",
        )


def test_missing_table_means_a_restore_is_under_way(pool: Pool) -> None:
    with pytest.raises(DependencyUnavailable, match="does not exist"):
        ask(pool, "SELECT count(*) FROM inference_jobs_elsewhere")


PASSING = {"08", "40", "53", "55", "57", "58"}
FINAL = {
    "00", "01", "02", "03", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "10", "20", "21", "22", "23", "24",
    "25", "26", "27", "28", "2B", "2D", "2F", "34", "38", "39", "3B", "3D", "3F", "42", "44", "54", "72",
    "F0", "HV", "P0", "XX",
}  # fmt: skip
PASSING_STATES = {"3D000", "3F000", "42P01", "42703", "42P10", "42501", "25006", "25P03"}


class _ErrorOfState(psycopg2.Error):
    def __init__(self, state: str) -> None:
        super().__init__()
        self._state = state

    @property
    def pgcode(self) -> str:  # type: ignore[override]
        return self._state


def known_states() -> list[str]:
    values = (getattr(psycopg2.errorcodes, name) for name in dir(psycopg2.errorcodes) if name.isupper())
    return [value for value in values if isinstance(value, str) and len(value) == 5]


def test_every_sqlstate_is_passing_or_deliberately_final() -> None:
    states = known_states()
    assert len(states) > 200
    for state in states:
        assert state[:2] in PASSING | FINAL, f"decide about SQLSTATE class {state[:2]}"
        assert is_passing(_ErrorOfState(state)) == (state[:2] in PASSING or state in PASSING_STATES), state


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (psycopg2.OperationalError, True), (psycopg2.InterfaceError, True), (psycopg2.DatabaseError, True),
        (psycopg2.DataError, False), (psycopg2.IntegrityError, False), (psycopg2.InternalError, False),
        (psycopg2.ProgrammingError, False), (psycopg2.NotSupportedError, False), (psycopg2.Error, False),
    ],
)  # fmt: skip
def test_error_without_sqlstate_is_judged_by_its_class(kind: type[psycopg2.Error], *, expected: bool) -> None:
    assert is_passing(kind("lost")) is expected

"""PostgreSQL: a small checked pool, one transaction at a time, and the migrations of `db/migrations`."""

import argparse
import hashlib
import re
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg2
import psycopg2.extensions
from psycopg2.errorcodes import QUERY_CANCELED
from psycopg2.extras import register_default_json, register_default_jsonb

from telemetry_core.errors import DependencyUnavailable, PlatformError, StatementTooSlow
from telemetry_core.roles import apply_roles
from telemetry_core.settings import Settings
from telemetry_core.values import read_stored_json

Connection = psycopg2.extensions.connection

DEPENDENCY: Final = "postgresql"
CONNECT_TIMEOUT_S: Final = 3
ANSWER_GRACE_S: Final = 2
"""A statement that the server should have cancelled this long ago means that the server itself hangs."""
LOCK_TIMEOUT_MS: Final = 5_000
MIGRATION_LOCK: Final = 7_241_505_001
"""Advisory lock that lets one migration run at a time."""
MIGRATIONS: Final = Path(__file__).resolve().parent.parent / "db" / "migrations"

#: SQLSTATE classes that pass by themselves: connection, rollback (deadlock, serialization), resources,
#: object in use (lock timeout), operator intervention (shutdown, cancel), system error.
_PASSING_CLASSES: Final = frozenset({"08", "40", "53", "55", "57", "58"})
#: Database, schema, table, column, unique index or right missing (a restore or migration is under way),
#: read-only server or idle session ended (a failover): an operator's to mend, and no fault of the row.
_PASSING_STATES: Final = frozenset({"3D000", "3F000", "42P01", "42703", "42P10", "42501", "25006", "25P03"})

_BOOKKEEPING: Final = """
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS ops.schema_migrations (
    name text PRIMARY KEY, sha256 char(64) NOT NULL,
    applied_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
)"""


class MigrationRefused(PlatformError):  # noqa: N818 - named for what happened
    """A migration that must not be applied; the text says what to do."""


class _BoundedConnection(Connection):
    """A connection that gives a silent server up after `answer_timeout_s`."""

    answer_timeout_s: float = CONNECT_TIMEOUT_S


def is_passing(error: psycopg2.Error) -> bool:
    """Tell whether the same work may succeed later: the server is away or busy, the data is not at fault."""
    state = error.pgcode
    if state is None:
        kinds = (psycopg2.OperationalError, psycopg2.InterfaceError)
        return isinstance(error, kinds) or type(error) is psycopg2.DatabaseError
    return state[:2] in _PASSING_CLASSES or state in _PASSING_STATES


def unavailable(error: psycopg2.Error) -> DependencyUnavailable:
    """Turn a passing error into the platform's own."""
    text = " ".join(str(error).split()) or type(error).__name__
    kind = StatementTooSlow if error.pgcode == QUERY_CANCELED else DependencyUnavailable
    return kind(DEPENDENCY, text)


class Pool:
    """At most `max_connections` connections, opened when needed; belongs to the process that made it."""

    def __init__(self, connect: Callable[[], Connection], *, max_connections: int, wait_s: float) -> None:
        self._connect = connect
        self._wait_s = wait_s
        self._free = threading.BoundedSemaphore(max_connections)
        self._max_connections = max_connections
        self._idle: list[Connection] = []
        self._lock = threading.Lock()

    def acquire(self) -> Connection:
        """Return a working connection, or raise `DependencyUnavailable`."""
        if not self._free.acquire(timeout=self._wait_s):
            raise DependencyUnavailable(
                DEPENDENCY, f"all {self._max_connections} connections stayed busy for {self._wait_s:g} s"
            )
        connection = None
        try:
            connection = self._idle_connection() or self._connect()
        except psycopg2.Error as error:
            raise unavailable(error) from error
        finally:
            if connection is None:
                self._free.release()
        return connection

    def release(self, connection: Connection) -> None:
        """Take a connection back; one that broke, or is amid a transaction, is closed."""
        try:
            state = connection.get_transaction_status()
            if state == psycopg2.extensions.TRANSACTION_STATUS_IDLE:
                with self._lock:
                    self._idle.append(connection)
            else:
                connection.close()
        finally:
            self._free.release()

    def close(self) -> None:
        """Close the idle connections; those in use are closed by nobody else and stay."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _idle_connection(self) -> Connection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if _answers(connection):
                return connection
            connection.close()


def open_pool(
    settings: Settings,
    *,
    max_connections: int,
    application_name: str = "telemetry",
    statement_timeout_ms: int = 10_000,
    wait_s: float = 5.0,
) -> Pool:
    """Prepare a pool; nothing connects before the first use. Open it after a fork, never before."""
    psycopg2.extensions.set_wait_callback(_wait_for_answer)

    def connect() -> Connection:
        connection: _BoundedConnection = psycopg2.connect(
            **_address(settings),
            application_name=application_name,
            connection_factory=_BoundedConnection,
            options=(
                f"-c statement_timeout={statement_timeout_ms} -c lock_timeout={LOCK_TIMEOUT_MS}"
                " -c jit=off"  # compiling takes longer than any statement of the services
                " -c idle_in_transaction_session_timeout=60000 -c timezone=UTC"
            ),
        )
        for register in (register_default_json, register_default_jsonb):
            register(connection, loads=read_stored_json)
        connection.answer_timeout_s = statement_timeout_ms / 1000 + ANSWER_GRACE_S
        _adopt_cluster(connection)
        return connection

    return Pool(connect, max_connections=max_connections, wait_s=wait_s)


@contextmanager
def transaction(pool: Pool) -> Iterator[Connection]:
    """Lend a connection; commit at the end, roll back on any exception."""
    connection = pool.acquire()
    try:
        yield connection
        connection.commit()
    except psycopg2.Error as error:
        _roll_back(connection)
        if is_passing(error):
            raise unavailable(error) from error
        raise
    except BaseException:
        _roll_back(connection)
        raise
    finally:
        pool.release(connection)


def _roll_back(connection: Connection) -> None:
    try:
        connection.rollback()
    except psycopg2.Error:
        connection.close()  # a lost connection rolls back on the server


def _adopt_cluster(connection: Connection) -> None:
    """Let the database notice that a dump was restored into another cluster, before anything is written."""
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT ops.adopt_cluster()")
    except psycopg2.Error:
        connection.close()
        raise


def _answers(connection: Connection) -> bool:
    """Ask for one round trip; the transaction this begins is the borrower's."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        return False
    return True


def _wait_for_answer(connection: Connection) -> None:
    """Wait as libpq asks, but only so long: a stopped server acknowledges packets and never answers."""
    limit_s = getattr(connection, "answer_timeout_s", None)
    deadline = None if limit_s is None else time.monotonic() + limit_s
    interest = {psycopg2.extensions.POLL_READ: select.POLLIN, psycopg2.extensions.POLL_WRITE: select.POLLOUT}
    while (state := connection.poll()) != psycopg2.extensions.POLL_OK:
        remaining_ms = None if deadline is None else max(0, (deadline - time.monotonic()) * 1000)
        poller = select.poll()
        poller.register(connection.fileno(), interest[state])
        if not poller.poll(remaining_ms):
            raise psycopg2.OperationalError(f"no answer within {limit_s:g} s")


def _address(settings: Settings) -> dict[str, Any]:
    return {
        "host": settings.postgres_host,
        "port": settings.postgres_port,
        "user": settings.postgres_user,
        "password": settings.postgres_password,
        "dbname": settings.postgres_db,
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One forward step of the schema."""

    name: str
    sql: str
    sha256: str


def load_migrations(directory: Path) -> list[Migration]:
    """Read the files in order, or raise `MigrationRefused` when one is misnamed or a number is missing."""
    migrations = []
    for number, path in enumerate(sorted(directory.glob("*.sql")), start=1):
        if not re.fullmatch(rf"{number:04d}_[a-z0-9]+(_[a-z0-9]+)*\.sql", path.name):
            raise MigrationRefused(
                f"{path.name}: the next file must be named {number:04d}_<verb>_<object>.sql"
            )
        sql = path.read_bytes()
        digest = hashlib.sha256(sql).hexdigest()
        migrations.append(Migration(name=path.name, sql=sql.decode(), sha256=digest))
    if not migrations:
        raise MigrationRefused(f"{directory} holds no migration")
    return migrations


def pending(migrations: Sequence[Migration], applied: dict[str, str]) -> list[Migration]:
    """Choose what is still to be applied, or raise `MigrationRefused` when history and files disagree."""
    for name in sorted(applied.keys() - {migration.name for migration in migrations}):
        raise MigrationRefused(
            f"{name} was applied to this database but is unknown here: use a newer release"
        )
    for migration in migrations:
        if applied.get(migration.name, migration.sha256) != migration.sha256:
            raise MigrationRefused(
                f"{migration.name} was changed after it was applied: restore the file and add a new one"
            )
    return [migration for migration in migrations if migration.name not in applied]


def migrate(settings: Settings, migrations: Sequence[Migration]) -> list[str]:
    """Apply what is missing, each file in its own transaction; return the applied names."""
    connection = psycopg2.connect(
        **_address(settings), connect_timeout=CONNECT_TIMEOUT_S, application_name="migrate"
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
            cursor.execute(_BOOKKEEPING)
            cursor.execute("SELECT name, sha256 FROM ops.schema_migrations")
            applied = dict(cursor.fetchall())
        missing = pending(migrations, applied)
        for migration in missing:
            _apply(connection, migration)
        return [migration.name for migration in missing]
    finally:
        connection.close()


def renew_roles(settings: Settings) -> None:
    """Give each service its login and its rights, whatever of both is there already."""
    connection = psycopg2.connect(
        **_address(settings), connect_timeout=CONNECT_TIMEOUT_S, application_name="migrate"
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
            apply_roles(cursor, settings.postgres_password)
    finally:
        connection.close()


def _apply(connection: Connection, migration: Migration) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout TO '5s'")
        cursor.execute(migration.sql)
        cursor.execute(
            "INSERT INTO ops.schema_migrations (name, sha256) VALUES (%s, %s)",
            (migration.name, migration.sha256),
        )


def migrate_when_ready(settings: Settings, migrations: Sequence[Migration], *, wait_s: float) -> list[str]:
    """Migrate and renew the roles when the server answers; give up with its last error after `wait_s`."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            applied = migrate(settings, migrations)
            renew_roles(settings)
        except psycopg2.Error as error:
            if not is_passing(error) or time.monotonic() > deadline:
                raise
            print(f"waiting: {unavailable(error)}", file=sys.stderr, flush=True)  # noqa: T201
            time.sleep(1)
        else:
            return applied


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `python -m telemetry_core.database migrate`."""
    parser = argparse.ArgumentParser(prog="python -m telemetry_core.database")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("migrate", help="apply the missing files of db/migrations")
    command.add_argument(
        "--wait-s", type=float, default=60, help="how long to wait for the server (default 60)"
    )
    options = parser.parse_args(arguments)
    try:
        applied = migrate_when_ready(Settings(), load_migrations(MIGRATIONS), wait_s=options.wait_s)
    except (MigrationRefused, psycopg2.Error) as error:
        print(f"migrate: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print("\n".join([*(f"applied {name}" for name in applied), "the schema is up to date"]))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())

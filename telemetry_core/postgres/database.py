"""PostgreSQL: a small checked pool, and one transaction at a time."""

import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg2
import psycopg2.extensions
from psycopg2.errorcodes import QUERY_CANCELED
from psycopg2.extras import register_default_json, register_default_jsonb

from telemetry_core.contract.errors import DependencyUnavailable, StatementTooSlow
from telemetry_core.contract.values import read_stored_json
from telemetry_core.service.settings import Settings

Connection = psycopg2.extensions.connection

DEPENDENCY: Final = "postgresql"
CONNECT_TIMEOUT_S: Final = 3
ANSWER_GRACE_S: Final = 2
"""A statement that the server should have cancelled this long ago means that the server itself hangs."""
LOCK_TIMEOUT_MS: Final = 5_000

#: SQLSTATE classes that pass by themselves: connection, rollback (deadlock, serialization), resources,
#: object in use (lock timeout), operator intervention (shutdown, cancel), system error.
_PASSING_CLASSES: Final = frozenset({"08", "40", "53", "55", "57", "58"})
#: Database, schema, table, column, unique index or right missing (a restore or migration is under way),
#: read-only server or idle session ended (a failover): an operator's to mend, and no fault of the row.
_PASSING_STATES: Final = frozenset({"3D000", "3F000", "42P01", "42703", "42P10", "42501", "25006", "25P03"})


class _BoundedConnection(Connection):
    """A connection that gives a silent server up after `answer_timeout_s`."""

    answer_timeout_s: float = CONNECT_TIMEOUT_S


def is_passing(error: psycopg2.Error) -> bool:
    """True if a retry may succeed: the server is unavailable or busy, the data is not at fault."""
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
            **address_of(settings),
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


def address_of(settings: Settings) -> dict[str, Any]:
    """Say where the server is and who asks, in psycopg2's words."""
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

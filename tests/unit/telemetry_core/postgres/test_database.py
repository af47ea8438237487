"""Which connections a pool lends again, what a transaction leaves, and which errors pass by themselves."""

import socket
from collections.abc import Sequence
from typing import Any, Self

import psycopg2
import pytest
from psycopg2.extensions import (
    POLL_OK,
    POLL_READ,
    TRANSACTION_STATUS_IDLE,
    TRANSACTION_STATUS_INERROR,
)

from telemetry_core.contract.errors import DependencyUnavailable, StatementTooSlow
from telemetry_core.postgres.database import (
    Connection,
    Pool,
    _adopt_cluster,
    _wait_for_answer,
    is_passing,
    transaction,
    unavailable,
)


class Refused(psycopg2.DatabaseError):
    """An answer of the server with an SQLSTATE."""

    def __init__(self, state: str) -> None:
        super().__init__(f"state\n{state}")
        self._state = state

    @property
    def pgcode(self) -> str:  # type: ignore[override]
        return self._state


class Line:
    """A connection that keeps what was asked of it; `errors` come first."""

    def __init__(self, *errors: psycopg2.Error, state: int = TRANSACTION_STATUS_IDLE) -> None:
        self.errors = list(errors)
        self.state = state
        self.asked: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def cursor(self) -> Self:
        return self

    def execute(self, statement: str) -> None:
        self._ask(statement)

    def commit(self) -> None:
        self._ask("commit")

    def rollback(self) -> None:
        self._ask("rollback")

    def close(self) -> None:
        self.asked.append("close")

    def get_transaction_status(self) -> int:
        return self.state

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.errors:
            raise self.errors.pop(0)


def pool_of(*lines: Any, wait_s: float = 0.0) -> Pool:
    """Opens one after another; one that is an error can't be opened."""
    left = list(lines)

    def connect() -> Connection:
        line = left.pop(0)
        if isinstance(line, Exception):
            raise line
        opened: Connection = line
        return opened

    return Pool(connect, max_connections=1, wait_s=wait_s)


def lend(pool: Pool, error: Exception | None = None) -> None:
    with transaction(pool):
        if error is not None:
            raise error


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (psycopg2.OperationalError("server closed the connection"), True),
        (psycopg2.InterfaceError("connection already closed"), True),
        (psycopg2.DatabaseError("error with status PGRES_TUPLES_OK"), True),
        (psycopg2.DataError("NUL in a string"), False),
        (Refused("40P01"), True),
        (Refused("57014"), True),
        (Refused("42P01"), True),
        (Refused("23505"), False),
        (Refused("22003"), False),
    ],
)
def test_what_the_row_is_not_to_blame_for_passes(error: psycopg2.Error, *, passes: bool) -> None:
    assert is_passing(error) == passes


def test_statement_that_the_server_cancelled_is_told_from_an_absent_server() -> None:
    assert isinstance(unavailable(Refused("57014")), StatementTooSlow)
    other = unavailable(Refused("57P01"))
    assert not isinstance(other, StatementTooSlow)
    assert str(other) == "postgresql unavailable: state 57P01"
    assert "OperationalError" in str(unavailable(psycopg2.OperationalError("")))


def test_transaction_is_committed_and_its_connection_lent_again() -> None:
    line = Line()
    pool = pool_of(line)
    lend(pool)
    lend(pool)
    pool.close()
    assert line.asked == ["commit", "SELECT 1", "commit", "close"]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ValueError("of the caller"), ValueError),
        (Refused("23505"), Refused),
        (psycopg2.OperationalError("gone"), DependencyUnavailable),
    ],
)
def test_transaction_that_fails_is_rolled_back(error: Exception, raised: type[Exception]) -> None:
    line = Line()
    with pytest.raises(raised):
        lend(pool_of(line), error)
    assert line.asked == ["rollback"]


def test_connection_that_can_not_even_roll_back_is_closed() -> None:
    line = Line(psycopg2.InterfaceError("gone"), state=TRANSACTION_STATUS_INERROR)
    with pytest.raises(ValueError, match="of the caller"):
        lend(pool_of(line), ValueError("of the caller"))
    assert line.asked == ["rollback", "close", "close"]


def test_idle_connection_that_died_is_replaced() -> None:
    dead, second = Line(), Line()
    pool = pool_of(dead, second)
    lend(pool)
    dead.errors.append(psycopg2.OperationalError("gone"))
    lend(pool)
    assert (dead.asked, second.asked) == (["commit", "SELECT 1", "close"], ["commit"])


def test_server_that_can_not_be_reached_takes_no_place_in_the_pool() -> None:
    line = Line()
    pool = pool_of(psycopg2.OperationalError("refused"), line)
    with pytest.raises(DependencyUnavailable, match="refused"):
        pool.acquire()
    lend(pool)
    assert line.asked == ["commit"]


def test_pool_that_stays_busy_says_how_many_and_how_long() -> None:
    pool = pool_of(Line(), wait_s=0.01)
    pool.acquire()
    with pytest.raises(DependencyUnavailable, match=r"all 1 connections stayed busy for 0\.01 s"):
        pool.acquire()


def test_connection_that_can_not_adopt_its_cluster_is_closed() -> None:
    line: Any = Line(psycopg2.OperationalError("gone"))
    with pytest.raises(psycopg2.OperationalError):
        _adopt_cluster(line)
    assert line.asked == ["SELECT ops.adopt_cluster()", "close"]


class Polled:
    """A connection whose server answers, or stays silent."""

    def __init__(self, states: Sequence[int], end: socket.socket) -> None:
        self._states = list(states)
        self._end = end
        self.answer_timeout_s = 0.01

    def poll(self) -> int:
        return self._states.pop(0)

    def fileno(self) -> int:
        return self._end.fileno()


def test_silent_server_is_given_up_and_one_that_answers_is_not() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        silent: Any = Polled([POLL_READ], ours)
        with pytest.raises(psycopg2.OperationalError, match=r"no answer within 0\.01 s"):
            _wait_for_answer(silent)
        theirs.send(b"answer")
        answering: Any = Polled([POLL_READ, POLL_OK], ours)
        _wait_for_answer(answering)

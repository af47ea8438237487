"""What is always too slow as a whole gets done in parts."""

from contextlib import suppress

import psycopg2
import pytest

from telemetry_core.contract.errors import DependencyUnavailable, StatementTooSlow
from telemetry_core.postgres.batch_size import BatchSize
from telemetry_core.postgres.database import unavailable


def attempt(size: BatchSize, error: Exception | None = None) -> int:
    seen: list[int] = []
    with suppress(DependencyUnavailable), size.attempt() as lent:
        seen.append(lent)
        if error:
            raise error
    return seen[0]


def test_batch_is_halved_down_to_one_row_and_grows_back_to_its_largest() -> None:
    size = BatchSize(5)
    slow = StatementTooSlow("postgresql", "x")
    assert [attempt(size, slow) for _ in range(4)] == [5, 2, 1, 1]
    assert [attempt(size) for _ in range(5)] == [1, 2, 4, 5, 5]


def test_outage_says_nothing_about_the_size() -> None:
    size = BatchSize(5)
    assert [attempt(size, DependencyUnavailable("postgresql", "x")) for _ in range(3)] == [5, 5, 5]


@pytest.mark.parametrize(
    ("state", "is_slow"), [("57014", True), ("57P01", False), ("53300", False), (None, False)]
)
def test_statement_timeout_is_no_server_outage(state: str | None, *, is_slow: bool) -> None:
    class Failure(psycopg2.OperationalError):
        pgcode = state

    assert isinstance(unavailable(Failure("x")), StatementTooSlow) is is_slow

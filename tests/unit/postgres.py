"""PostgreSQL as far as a statement sees it: what was asked with which parameters, and rows to answer with."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Self

from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from telemetry_core.postgres.database import Connection, Pool


class Statements:
    """A connection, and each of its cursors; `rows` answer every statement."""

    encoding = "UTF8"

    def __init__(self, rows: Sequence[Mapping[str, Any]] = ()) -> None:
        self.rows = rows
        self.asked: list[tuple[str, Any]] = []
        self.committed = 0

    @property
    def connection(self) -> Self:
        return self

    @property
    def description(self) -> list[Any]:
        return [SimpleNamespace(name=name) for name in (self.rows[0] if self.rows else ())]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def __iter__(self) -> Any:
        return (tuple(row.values()) for row in self.rows)

    def cursor(self) -> Self:
        return self

    def mogrify(self, template: Any, row: Sequence[Any]) -> bytes:
        self.asked.append(("row", tuple(row)))
        return b"()"

    def execute(self, statement: Any, parameters: Any = None) -> None:
        self.asked.append((statement if isinstance(statement, str) else statement.decode(), parameters))

    def fetchall(self) -> list[Any]:
        return [tuple(row.values()) for row in self.rows]

    def commit(self) -> None:
        self.committed += 1

    def rollback(self) -> None: ...
    def close(self) -> None: ...

    def get_transaction_status(self) -> int:
        return TRANSACTION_STATUS_IDLE

    @property
    def pool(self) -> Pool:
        """A pool whose only connection this is."""
        line: Any = self

        def connect() -> Connection:
            found: Connection = line
            return found

        return Pool(connect, max_connections=1, wait_s=0)

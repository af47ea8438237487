"""Rows/s into PostgreSQL by driver and way, on a private server: figures of docs/decisions/0034-psycopg2.md.

`uv run --with "psycopg[binary]" python -m benchmarks.platform.drivers`. Rows of 7 columns, one of them
jsonb, into a table with two indexes; one connection, one transaction a batch.
"""

import io
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, Final

import psycopg
import psycopg2
from psycopg2.extras import execute_values

from benchmarks.platform.figures import Figure, Section
from telemetry_core.service.settings import Settings
from testbed.postgres_server import running_server

BATCHES: Final = (1, 100, 1000)
ROUNDS: Final = 5
ROWS_PER_ROUND: Final = {1: 1_000, 100: 20_000, 1000: 20_000}
TABLE: Final = """
CREATE TABLE driven (
    job_id text, subsystem text, created_at timestamp(3), score float8, verdict text, attempt int,
    input jsonb,
    PRIMARY KEY (job_id, subsystem)
);
CREATE INDEX ON driven (subsystem, created_at);
CREATE TABLE staged (LIKE driven)"""
COLUMNS: Final = "job_id, subsystem, created_at, score, verdict, attempt, input"
ONCE: Final = "ON CONFLICT (job_id, subsystem) DO NOTHING"

Row = tuple[Any, ...]


def measure(settings: Settings) -> Section:
    """All ways in turns, each batch size by itself."""
    address = (
        f"host={settings.postgres_host} port={settings.postgres_port} user={settings.postgres_user}"
        f" password={settings.postgres_password} dbname={settings.postgres_db}"
    )
    with closing(psycopg2.connect(address)) as second, closing(psycopg.connect(address)) as third:
        with second, second.cursor() as cursor:
            cursor.execute(TABLE)
        ways: dict[str, Callable[[Sequence[Row]], None]] = {
            "psycopg2, execute_values": lambda rows: by_values(second, rows),
            "psycopg 3, executemany": lambda rows: by_executemany(third, rows),
            "psycopg2, COPY and merge": lambda rows: by_copy(second, rows),
        }
        lines = [line for batch in BATCHES for line in figures(ways, batch)]
    return Section(
        title="Drivers of PostgreSQL", explanation="Without waiting for the disk (fsync off).", lines=lines
    )


def figures(ways: dict[str, Callable[[Sequence[Row]], None]], batch: int) -> list[Figure]:
    values: dict[str, list[float]] = {name: [] for name in ways}
    count = ROWS_PER_ROUND[batch]
    for number in range(ROUNDS):
        for name, way in ways.items():
            rows = rows_of(f"{name}-{batch}-{number}", count)
            started_s = time.perf_counter()
            for first in range(0, count, batch):
                way(rows[first : first + batch])
            values[name].append(count / (time.perf_counter() - started_s))
    return [
        Figure(name=f"{name}, {batch} rows a commit", unit="rows/s", values=values[name]) for name in ways
    ]


def rows_of(prefix: str, count: int) -> list[Row]:
    document = '{"samples": 64, "window_start": "2026-05-01T12:00:00", "newest": {"battery_voltage": 28.1}}'
    return [
        (f"{prefix}-{number:06d}", "eps", "2026-05-01 12:00:00", number / count, "nominal", 1, document)
        for number in range(count)
    ]


def by_values(connection: Any, rows: Sequence[Row]) -> None:
    with connection, connection.cursor() as cursor:
        execute_values(cursor, f"INSERT INTO driven ({COLUMNS}) VALUES %s {ONCE}", rows, page_size=len(rows))


def by_executemany(connection: Any, rows: Sequence[Row]) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO driven ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s) {ONCE}", rows)


def by_copy(connection: Any, rows: Sequence[Row]) -> None:
    lines = io.StringIO("".join("\t".join(map(str, row)) + "\n" for row in rows))
    with connection, connection.cursor() as cursor:
        cursor.copy_expert(f"COPY staged ({COLUMNS}) FROM STDIN", lines)
        cursor.execute(f"INSERT INTO driven SELECT * FROM staged {ONCE}; TRUNCATE staged")


if __name__ == "__main__":
    with running_server() as settings:
        print(measure(settings).text())

"""Labels of telemetry as CSV: what the route answers and the command prints."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from telemetry_core.labels import labels_csv
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.queries import load_queries
from telemetry_core.postgres.store import select

QUERIES: Final = load_queries(Path(__file__).parent)
SOURCE: Final = ("feedback", "kind", "reason", "alarm_id")
"""Columns that say where a label comes from."""


def export_labels(
    pool: Pool, *, satellite_id: str | None, start: datetime | None, end: datetime | None
) -> Iterator[str]:
    """Return lines: a header, then what operators said of alarms that stood within a range; None: of all."""
    asked = {"satellite_id": satellite_id, "start": start, "end": end}
    with transaction(pool) as connection:
        rows = select(connection, QUERIES["labels"], asked)
    return labels_csv(rows, more=SOURCE)

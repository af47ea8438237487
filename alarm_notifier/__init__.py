"""Who is told of alarms: routes of a file, notices in PostgreSQL, and the targets that receive them."""

from pathlib import Path
from typing import Final

from telemetry_core.postgres.queries import load_queries

QUERIES: Final = load_queries(Path(__file__).parent)

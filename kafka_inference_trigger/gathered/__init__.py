"""Refused values and wrong clocks: added up in memory, saved to PostgreSQL by their own thread."""

from pathlib import Path
from typing import Final

from telemetry_core.postgres.queries import load_queries

QUERIES: Final = load_queries(Path(__file__).parent)

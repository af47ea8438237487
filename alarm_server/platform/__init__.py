"""Alarms about the platform itself: parts that do not answer, or that do not work as they should."""

from pathlib import Path
from typing import Final

from telemetry_core.postgres.queries import load_queries

QUERIES: Final = load_queries(Path(__file__).parent)

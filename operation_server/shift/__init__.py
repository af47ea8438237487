"""The shift: its log, what is handed over at its end, and how much the alarms asked of it."""

from pathlib import Path
from typing import Final

from telemetry_core.postgres.queries import load_queries

QUERIES: Final = load_queries(Path(__file__).parent)

"""What dashboards show: the newest jobs, the present pace, models and patterns of the last hour."""

from pathlib import Path
from typing import Final

from telemetry_core.postgres.queries import load_queries

QUERIES: Final = load_queries(Path(__file__).parent)

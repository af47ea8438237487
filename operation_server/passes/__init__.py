"""Contact plans: the passes of satellites over ground stations, planned, heard and missed."""

from pathlib import Path
from typing import Final

from telemetry_core.postgres.queries import load_queries

QUERIES: Final = load_queries(Path(__file__).parent)

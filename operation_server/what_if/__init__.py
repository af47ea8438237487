"""What changed limits and another threshold would have raised, from what is stored; nothing is saved."""

from pathlib import Path
from typing import Final

from telemetry_core.postgres.queries import load_queries

QUERIES: Final = load_queries(Path(__file__).parent)

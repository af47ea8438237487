"""Contact plans: when satellites are expected to be heard, and in which passes they were."""

from pathlib import Path
from typing import Final

from telemetry_core.postgres.queries import load_queries

QUERIES: Final = load_queries(Path(__file__).parent)

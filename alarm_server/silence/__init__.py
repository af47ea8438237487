"""What fell silent: a satellite, a subsystem or a channel, each against its own usual pause."""

from pathlib import Path
from typing import Final

from telemetry_core.postgres.queries import load_queries

QUERIES: Final = load_queries(Path(__file__).parent)

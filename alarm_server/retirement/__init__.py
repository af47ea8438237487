"""Satellites that operators retired: what stands of them ends, and what is received of them says nothing."""

from pathlib import Path
from typing import Final

from telemetry_core.postgres.queries import load_queries

QUERIES: Final = load_queries(Path(__file__).parent)

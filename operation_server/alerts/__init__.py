"""Alerts of the anomaly score, of broken limits and of satellites as a whole; their acknowledgements."""

from pathlib import Path
from typing import Final

from telemetry_core.postgres.queries import load_queries

QUERIES: Final = load_queries(Path(__file__).parent)

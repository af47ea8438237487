"""The pipeline from Kafka to the console: each server is probed, its figures cached, its state judged."""

from pathlib import Path
from typing import Final

from telemetry_core.postgres.queries import load_queries

QUERIES: Final = load_queries(Path(__file__).parent)

"""The trigger: messages of Kafka into windows, and into tasks where a rule or the periodic check asks."""

from pathlib import Path
from typing import Final

from telemetry_core.postgres.queries import load_queries

QUERIES: Final = load_queries(Path(__file__).parent)

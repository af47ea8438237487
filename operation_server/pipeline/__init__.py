"""What runs between Kafka and the console: each tool asked, its numbers kept, its state judged."""

from pathlib import Path
from typing import Final

from telemetry_core.queries import load_queries

QUERIES: Final = load_queries(Path(__file__).parent)

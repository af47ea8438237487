"""Lost tasks are sent again, old rows deleted, queues and topics declared."""

from pathlib import Path
from typing import Final

from telemetry_core.queries import load_queries

QUERIES: Final = load_queries(Path(__file__).parent)

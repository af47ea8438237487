"""The statements of queries.sql."""

from pathlib import Path
from typing import Final

from telemetry_core.store import load_queries

QUERIES: Final = load_queries(Path(__file__).with_name("queries.sql").read_text(encoding="utf-8"))

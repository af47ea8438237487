"""What one shift hands over to the next: read, and laid out for programs, as Markdown and as PDF."""

from pathlib import Path
from typing import Final

from telemetry_core.postgres.queries import load_queries

QUERIES: Final = load_queries(Path(__file__).parent)

"""How many rows one statement may take: work that always times out as a whole is split."""

from collections.abc import Iterator
from contextlib import contextmanager

from telemetry_core.contract.errors import StatementTooSlow


class BatchSize:
    """Halved where PostgreSQL cancels a statement for its time, else doubled up to its largest."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._current = largest

    @contextmanager
    def attempt(self) -> Iterator[int]:
        """Lend the number of rows for one attempt, and learn from how it ends."""
        size = self._current
        try:
            yield size
        except StatementTooSlow:
            self._current = max(1, size // 2)
            raise
        self._current = min(self._largest, size * 2)

"""States of the jobs that clients watch, read once for all of them."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from starlette.concurrency import run_in_threadpool

from operation_server.http.live import Feed
from operation_server.jobs.documents import job_states
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row

JOB_INTERVAL_S: Final = 0.25


def read_states(pool: Pool, job_ids: Sequence[str]) -> dict[str, Row]:
    """Return the states of those jobs that exist, by id."""
    with transaction(pool) as connection:
        return job_states(connection, job_ids)


class JobFeed(Feed):
    """States of the jobs that some client watches, read in one query."""

    def __init__(
        self, read: Callable[[Sequence[str]], dict[str, Row]], *, interval_s: float = JOB_INTERVAL_S
    ) -> None:
        super().__init__(interval_s)
        self._read = read
        self._watched: dict[str, int] = {}
        self.states: dict[str, Row] = {}

    @asynccontextmanager
    async def watching(self, job_id: str) -> AsyncIterator[None]:
        """Include a job in what is read."""
        async with self.watched():
            self._watched[job_id] = self._watched.get(job_id, 0) + 1
            try:
                yield
            finally:
                self._watched[job_id] -= 1
                if self._watched[job_id] == 0:
                    del self._watched[job_id]
                    self.states.pop(job_id, None)

    async def _poll(self) -> None:
        watched = list(self._watched)
        self.states = await run_in_threadpool(self._read, watched)
        self._announce()

"""The newest jobs and statistics, read once for all dashboards."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from starlette.concurrency import run_in_threadpool

from operation_server.dashboard import QUERIES
from operation_server.dashboard.schemas import LiveStatistics
from operation_server.http.live import Feed
from operation_server.jobs.documents import job_statistics, newest_documents
from operation_server.jobs.schemas import ResultRow
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import Row, select

DASHBOARD_INTERVAL_S: Final = 2.0
RECENT_ON_DASHBOARD: Final = 10


class DashboardFeed(Feed):
    """The newest jobs and statistics, read once for all dashboards."""

    def __init__(self, read: Callable[[], Row], *, interval_s: float = DASHBOARD_INTERVAL_S) -> None:
        super().__init__(interval_s)
        self._read = read
        self.latest: Row | None = None

    async def _poll(self) -> None:
        self.latest = await run_in_threadpool(self._read)
        self._announce()

    def _forget(self) -> None:
        self.latest = None


def live_statistics(connection: Connection) -> Row:
    """Return `job_statistics` and the jobs completed within the last minute."""
    (row,) = select(connection, QUERIES["completed_last_minute"])
    return {**job_statistics(connection), "throughput_per_minute": float(row["count"])}


def read_dashboard(pool: Pool) -> Row:
    """Read what one update shows."""
    with transaction(pool) as connection:
        recent = newest_documents(connection, limit=RECENT_ON_DASHBOARD)
        return {"recent_results": recent, "statistics": live_statistics(connection)}


def update_message(latest: Row) -> dict[str, Any]:
    """Build the message of one update."""
    results = [ResultRow.model_validate(row).model_dump(mode="json") for row in latest["recent_results"]]
    return {
        "type": "update",
        "timestamp": datetime.now(UTC).isoformat(),
        "recent_results": results,
        "statistics": LiveStatistics.model_validate(latest["statistics"]).model_dump(),
    }

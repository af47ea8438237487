"""What dashboards show: the newest jobs, the present pace, models and patterns of the last hour."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, WebSocket, WebSocketDisconnect

from operation_server.dashboard import QUERIES
from operation_server.dashboard.feed import DashboardFeed, live_statistics, update_message
from operation_server.dashboard.schemas import LiveStatistics, ModelComparison, ModelStatistics, Patterns
from operation_server.http.dependencies import ProvidedPool, Slot
from operation_server.http.live import read_until_gone, run_until_first_ends
from operation_server.http.parameters import API_PREFIX
from operation_server.http.problems import responses
from operation_server.inference.models import ProvidedRepository, known_models
from operation_server.jobs.documents import newest_documents
from operation_server.jobs.schemas import ResultList, ResultRow
from telemetry_core.postgres.database import transaction
from telemetry_core.postgres.store import select

router = APIRouter(prefix=f"{API_PREFIX}/dashboard", tags=["dashboard"])

DASHBOARD_FEED: Final = Slot[DashboardFeed]("dashboard_feed")


@router.get("/recent", responses=responses(422, 503))
def list_recent_results(pool: ProvidedPool, limit: Annotated[int, Query(ge=1, le=1000)] = 20) -> ResultList:
    """Return the newest jobs."""
    with transaction(pool) as connection:
        found = newest_documents(connection, limit=limit)
    results = [ResultRow.model_validate(row) for row in found]
    return ResultList(results=results, count=len(results))


@router.get("/live-stats", responses=responses(503))
def get_live_statistics(pool: ProvidedPool) -> LiveStatistics:
    """Return totals over the newest 1000 jobs and the jobs completed within the last minute."""
    with transaction(pool) as connection:
        return LiveStatistics.model_validate(live_statistics(connection))


@router.get("/model-comparison", responses=responses(503))
def compare_models(pool: ProvidedPool, repository: ProvidedRepository) -> ModelComparison:
    """Return what each model did within the last hour; a model that did nothing has zeros."""
    idle = ModelStatistics(total=0, avg_time=None, completed=0, failed=0)
    comparison = dict.fromkeys(known_models(repository), idle)
    with transaction(pool) as connection:
        found = select(connection, QUERIES["model_comparison"])
    comparison.update({row["model_name"]: ModelStatistics.model_validate(row) for row in found})
    return ModelComparison(comparison=comparison)


@router.get("/patterns", responses=responses(503))
def list_patterns(pool: ProvidedPool) -> Patterns:
    """Return the jobs of the last hour by the pattern in their metadata."""
    with transaction(pool) as connection:
        return Patterns.model_validate({"patterns": select(connection, QUERIES["patterns"])})


@router.websocket("/ws")
async def watch_dashboard(
    websocket: WebSocket, feed: Annotated[DashboardFeed, Depends(DASHBOARD_FEED)]
) -> None:
    """Push the newest jobs and the statistics every two seconds."""
    await websocket.accept()
    try:
        async with feed.watched():
            await run_until_first_ends(_push_updates(websocket, feed), read_until_gone(websocket))
    except WebSocketDisconnect:
        return


async def _push_updates(websocket: WebSocket, feed: DashboardFeed) -> None:
    while True:
        news = feed.next_news()
        if feed.latest is not None:
            await websocket.send_json(update_message(feed.latest))
        await feed.wait_for(news)

"""The pipeline at a glance: one response for all clients, even with servers unavailable."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends

from operation_server.http.dependencies import Slot
from operation_server.http.parameters import API_PREFIX
from operation_server.pipeline.schemas import Pipeline
from operation_server.pipeline.status_cache import StatusCache

router = APIRouter(prefix=f"{API_PREFIX}/pipeline", tags=["pipeline"])

PIPELINE_STATUS: Final = Slot[StatusCache]("pipeline_status")


@router.get("")
async def get_pipeline(status: Annotated[StatusCache, Depends(PIPELINE_STATUS)]) -> Pipeline:
    """Return state and numbers of every part; one whose tool does not answer is off and says so."""
    return await status.pipeline()

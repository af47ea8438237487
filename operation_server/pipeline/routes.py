"""The pipeline at a glance: one answer for all clients, however many of its tools are away."""

from fastapi import APIRouter

from operation_server.http.dependencies import Provided
from operation_server.http.parameters import API_PREFIX
from operation_server.pipeline.schemas import Pipeline

router = APIRouter(prefix=f"{API_PREFIX}/pipeline", tags=["pipeline"])


@router.get("")
async def get_pipeline(services: Provided) -> Pipeline:
    """Return state and numbers of every part; one whose tool does not answer is off and says so."""
    return await services.pipeline.pipeline()

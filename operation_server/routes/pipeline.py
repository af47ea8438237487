"""The pipeline at a glance: one answer for all clients, however many of its tools are away."""

from fastapi import APIRouter

from operation_server.dependencies import Provided
from operation_server.pipeline.parts import Pipeline
from operation_server.routes.parameters import API_PREFIX

router = APIRouter(prefix=f"{API_PREFIX}/pipeline", tags=["pipeline"])


@router.get("")
async def get_pipeline(services: Provided) -> Pipeline:
    """Return state and numbers of every part; one whose tool does not answer is off and says so."""
    return await services.pipeline.pipeline()

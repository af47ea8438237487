"""Who we are, whether we live, whether we can work, and what we measured."""

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from operation_server.health.readiness import OPTIONAL
from operation_server.http.dependencies import Provided
from operation_server.http.problems import RETRY_AFTER_S

VERSION = "1.0.0"

router = APIRouter(tags=["health"])


class ServiceName(BaseModel):
    """What answers here."""

    service: Literal["Operation Server"] = "Operation Server"
    version: str = VERSION
    status: Literal["running"] = "running"
    type: Literal["api_server"] = "api_server"


class Health(BaseModel):
    """The process answers."""

    status: Literal["healthy"] = "healthy"
    server_type: Literal["operation_server"] = "operation_server"


class DependencyReport(BaseModel):
    """One server that the API needs."""

    status: Literal["up", "down"]
    detail: Annotated[str, Field(description="Why it is down")]
    latency_ms: float
    is_required: bool = Field(description="Whether readiness needs it")


class ReadinessReport(BaseModel):
    """Whether all servers behind the API answer."""

    status: Literal["ready", "not ready"]
    dependencies: dict[str, DependencyReport]


@router.get("/")
def get_service_name() -> ServiceName:
    """Tell what answers here."""
    return ServiceName()


@router.get("/health")
def get_health() -> Health:
    """Tell that the process answers."""
    return Health()


@router.get("/livez")
def get_liveness() -> Health:
    """Tell that the process answers; asks no other server."""
    return Health()


@router.get("/readyz", responses={503: {"model": ReadinessReport}})
def get_readiness(services: Provided, response: Response) -> ReadinessReport:
    """Ask every server behind the API; 503 while one is down."""
    states = services.readiness.states()
    is_ready = all(state.is_up for name, state in states.items() if name not in OPTIONAL)
    if not is_ready:
        response.status_code = 503
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return ReadinessReport(
        status="ready" if is_ready else "not ready",
        dependencies={
            name: DependencyReport(
                status="up" if state.is_up else "down",
                detail=state.detail,
                latency_ms=state.latency_ms,
                is_required=name not in OPTIONAL,
            )
            for name, state in states.items()
        },
    )


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def get_metrics() -> Response:
    """Return this process's metrics in Prometheus' text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

"""Identity, liveness, readiness and metrics of this server."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from operation_server.health.readiness import OPTIONAL, Readiness
from operation_server.health.schemas import DependencyReport, Health, ReadinessReport, ServiceName
from operation_server.http.dependencies import Slot
from operation_server.http.problems import RETRY_AFTER_S

router = APIRouter(tags=["health"])

READINESS: Final = Slot[Readiness]("readiness")


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
def get_readiness(readiness: Annotated[Readiness, Depends(READINESS)], response: Response) -> ReadinessReport:
    """Ask every server behind the API; 503 while one is down."""
    states = readiness.states()
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

"""What the server reports about itself and the servers behind it."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

VERSION = "0.1.0"
"""Of the platform, as in `pyproject.toml`, which no image holds."""


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

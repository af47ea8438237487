"""A verdict as lists show it."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from operation_server.jobs.schemas import Number
from telemetry_core.inferences import JobStatus


class VerdictItem(BaseModel):
    """A verdict as lists show it."""

    model_config = ConfigDict(protected_namespaces=())

    job_id: str
    subsystem: str
    generated_at: datetime = Field(description="Time of the newest sample judged")
    window_start: datetime | None
    verdict: str | None
    status: JobStatus
    anomaly_score: Number
    anomaly_detected: bool | None
    trigger_reason: str | None = Field(description="The first of the reasons, for people")
    trigger_reasons: list[str] = Field(description="Every reason")
    model_name: str
    model_version: str | None

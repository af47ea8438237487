"""What the search engine finds, as clients see it."""

from datetime import datetime
from typing import Any

from pydantic import Field

from operation_server.http.responses import Answer, Number
from telemetry_core.contract.inferences import JobStatus


class TextHit(Answer):
    """A job that fits."""

    job_id: str
    model_name: str
    metadata: dict[str, Any] | None
    score: float = Field(description="How well it fits; comparable within one answer only")


class TextHits(Answer):
    """Jobs that fit, best first."""

    hits: list[TextHit]
    total: int = Field(description="Jobs that fit; an estimate beyond 40000")
    took_ms: int


class FoundVerdict(Answer):
    """A verdict as the engine keeps it."""

    job_id: str
    satellite_id: str
    source: str
    trigger_reason: str | None
    subsystem: str
    model_name: str
    model_version: str | None
    status: JobStatus
    verdict: str | None
    anomaly_score: Number
    anomaly_detected: bool | None
    inference_time_ms: Number
    metadata: dict[str, Any] | None
    created_at: datetime
    completed_at: datetime | None
    error_message: str | None


class FoundVerdicts(Answer):
    """Verdicts, newest first."""

    results: list[FoundVerdict]
    count: int


class Reading(Answer):
    """The newest value of one channel when a verdict was made."""

    sensor_id: str = Field(description="Channel", examples=["obc_temp"])
    sensor_type: str = Field(description="Subsystem", examples=["thermal"])
    location: str = Field(description="Satellite", examples=["SAT-001"])
    timestamp: datetime
    value: float


class Readings(Answer):
    """Readings, newest first."""

    results: list[Reading]
    count: int


class ModelUse(Answer):
    """What one model did."""

    model_name: str
    total_inferences: int
    avg_inference_time: Number = Field(description="Seconds")
    status_breakdown: dict[str, int]


class ModelUses(Answer):
    """What each model did, the busiest first."""

    model_statistics: list[ModelUse]

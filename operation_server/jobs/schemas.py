"""Jobs and verdicts as clients see them."""

from datetime import datetime
from typing import Any

from pydantic import Field

from operation_server.http.responses import Answer, Number
from telemetry_core.contract.inferences import JobStatus


class JobState(Answer):
    """State of a job."""

    job_id: str
    model_name: str = Field(examples=["lstm_timeseries"])
    status: JobStatus
    created_at: datetime
    completed_at: datetime | None
    error_message: str | None


class SubsystemResult(Answer):
    """Verdict on one subsystem of a job."""

    subsystem: str
    model_name: str
    model_version: str | None
    status: JobStatus
    verdict: str | None
    anomaly_score: Number
    anomaly_detected: bool | None
    inference_time_ms: Number
    input_features: list[str] | None
    predictions: list[Any] | None = Field(description="One element a step: a number, or one for each feature")
    confidence: list[Number] | None
    contributions: dict[str, dict[str, Number]] | None
    error_message: str | None


class JobResult(JobState):
    """Result of a job; what is not known yet is null."""

    predictions: list[Any] | None = Field(
        description="Forecast, one element a step; null before completion and with several subsystems"
    )
    confidence: list[Number] | None
    metrics: dict[str, Any]
    metadata: dict[str, Any]
    subsystems: list[SubsystemResult]


class ResultRow(JobResult):
    """A job as lists and the history show it."""

    id: int | None = Field(description="Number of the result document; null for telemetry jobs")
    satellite_id: str
    source: str
    trigger_reason: str | None


class ResultList(Answer):
    """The newest jobs."""

    results: list[ResultRow]
    count: int


class ResultPage(ResultList):
    """A page of jobs, newest first."""

    total: int = Field(description="All jobs there are to page through; counts no further than 10000")
    limit: int
    offset: int


class Statistics(Answer):
    """Totals over the newest 1000 jobs."""

    total_jobs: int
    completed: int
    failed: int
    success_rate: float = Field(description="Percent")
    models_used: dict[str, int]


class VerdictItem(Answer):
    """A verdict as lists show it."""

    job_id: str
    subsystem: str
    generated_at: datetime = Field(description="Time of the sample judged")
    window_start: datetime | None
    verdict: str | None
    status: JobStatus
    anomaly_score: Number
    anomaly_detected: bool | None
    trigger_reason: str | None = Field(description="The first of the reasons, for people")
    trigger_reasons: list[str] = Field(description="Every reason")
    model_name: str
    model_version: str | None


class JobItem(Answer):
    """A job as lists show it; what is not known yet is null."""

    job_id: str
    satellite_id: str
    source: str
    trigger_reason: str | None = Field(description="The first of the reasons, for people")
    trigger_reasons: list[str] = Field(description="Every reason")
    status: JobStatus
    model_name: str | None
    total_subsystems: int
    completed_subsystems: int
    anomalies: int = Field(description="Subsystems judged anomalous")
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    error_message: str | None


class Jobs(Answer):
    """A page of jobs, newest first."""

    jobs: list[JobItem]
    next_cursor: str | None = Field(
        description="`cursor` of the next page, also where this one is short; null on the last"
    )


class JobStages(Answer):
    """Where a job's time went."""

    waited_ms: Number = Field(description="From its creation until a worker began")
    inference_ms: Number = Field(description="Longest call of the model server")
    processed_ms: Number = Field(description="From the beginning of work until its end")
    total_ms: Number


class JobSubsystem(Answer):
    """Verdict on one subsystem, with what it was made of."""

    subsystem: str
    model_name: str
    model_version: str | None
    status: JobStatus
    verdict: str | None
    anomaly_score: Number
    anomaly_detected: bool | None
    inference_time_ms: Number
    started_at: datetime | None
    completed_at: datetime | None
    error_message: str | None
    generated_at: datetime | None = Field(description="Time of the sample judged; null of posted series")
    window_start: datetime | None = Field(description="Of the window that ends with it")
    sample_count: int | None = Field(description="How many samples the window holds")
    input_features: list[str] | None
    input_data: Any
    predictions: list[Any] | None = Field(description="One element a step: a number, or one for each feature")
    bands: Any = Field(description="`50` and `90`: lower and upper, each shaped as `predictions`")
    confidence: list[Number] | None
    contributions: dict[str, dict[str, float]] | None = Field(description="Share by channel and family")
    calibration_hash: str | None
    processed_by: str | None


class JobDetail(JobItem):
    """A job with its stages and the verdict on each of its subsystems."""

    metadata: dict[str, Any]
    stages: JobStages
    subsystems: list[JobSubsystem]

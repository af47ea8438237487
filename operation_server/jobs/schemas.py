"""Bodies of requests and answers, as clients see them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, JsonValue, StringConstraints, model_validator

from telemetry_core.inferences import JobStatus
from telemetry_core.models import MODEL_VERSION_PATTERN
from telemetry_core.subsystems import (
    LONGEST_INTERVAL_S,
    MAX_HORIZON,
    MAX_WINDOW_LENGTH,
    MIN_WINDOW_LENGTH,
    SATELLITE_ID_PATTERN,
    Name,
)
from telemetry_core.values import MAX_FLOAT32

MIN_POINTS = 10
MAX_POINTS = 10_000
NO_SATELLITE = "none"
MAX_METADATA_BYTES = 16_384

#: A number that a float32 can hold.
Value = Annotated[FiniteFloat, Field(ge=-MAX_FLOAT32, le=MAX_FLOAT32)]
Series = Annotated[list[Value], Field(max_length=MAX_POINTS)]
Number = float | None


class _Request(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", protected_namespaces=())


class _Answer(BaseModel):
    model_config = ConfigDict(protected_namespaces=())


class InferenceConfig(_Request):
    """How far to look ahead and back."""

    forecast_horizon: int | None = Field(default=None, ge=1, le=MAX_HORIZON)
    forecast_steps: int | None = Field(
        default=None, ge=1, le=MAX_HORIZON, description="Older name of `forecast_horizon`"
    )
    window_size: int | None = Field(default=None, ge=MIN_WINDOW_LENGTH, le=MAX_WINDOW_LENGTH)
    sequence_length: int | None = Field(
        default=None, ge=MIN_WINDOW_LENGTH, le=MAX_WINDOW_LENGTH, description="Older name of `window_size`"
    )
    interval_s: float | None = Field(
        default=None,
        gt=0,
        le=LONGEST_INTERVAL_S,
        description="Seconds between samples; told, channels are judged by what is usual for them at it",
    )
    model_version: str | None = Field(
        default=None,
        pattern=MODEL_VERSION_PATTERN,
        description="By default the mission's for subsystems and its model, else the newest installed",
    )

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        for name, older in (("forecast_horizon", "forecast_steps"), ("window_size", "sequence_length")):
            values = {getattr(self, name), getattr(self, older)} - {None}
            if len(values) > 1:
                raise ValueError(f"{name} and {older} are two names of one value and contradict each other")
        return self


class InferenceMetadata(BaseModel):
    """Who asks and for which satellite; further keys are stored with the job."""

    model_config = ConfigDict(strict=True, extra="allow")
    __pydantic_extra__: dict[str, JsonValue]

    satellite_id: Annotated[str, StringConstraints(pattern=SATELLITE_ID_PATTERN)] = NO_SATELLITE
    source: Literal["manual", "scheduled", "test"] = "manual"
    trigger_reason: Annotated[str, StringConstraints(pattern=r"^[ -~]{1,100}$")] | None = None

    @model_validator(mode="after")
    def _is_storable(self) -> Self:
        try:
            encoded = orjson.dumps(self.__pydantic_extra__)
        except TypeError as error:
            raise ValueError(f"metadata can't be stored as JSON: {error}") from error
        if len(encoded) > MAX_METADATA_BYTES:
            raise ValueError(f"metadata takes {len(encoded)} bytes, {MAX_METADATA_BYTES} are allowed")
        if b"\\u0000" in encoded:
            raise ValueError("metadata must not contain the character NUL")
        if not _all_finite(self.__pydantic_extra__):
            raise ValueError("metadata must not contain NaN or infinite numbers")
        return self


class SubmitRequest(_Request):
    """A series, or the channels of several subsystems, to be judged as one job."""

    model_name: str = Field(min_length=1, max_length=100, description="A model of the repository")
    data: Series | None = Field(default=None, description="One series, oldest value first")
    subsystems: dict[Name, dict[Name, Series]] | None = Field(
        default=None,
        min_length=1,
        max_length=20,
        description="Instead of `data`: subsystem of the mission to channel to series, oldest value first",
    )
    config: InferenceConfig = InferenceConfig()
    metadata: InferenceMetadata = Field(default_factory=lambda: InferenceMetadata.model_validate({}))

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model_name": "lstm_timeseries",
                    "data": [25.0, 26.1, 27.3, 28.5, 29.2, 30.1, 31.0, 32.4, 33.1, 34.5],
                    "config": {"forecast_horizon": 5, "window_size": 10},
                    "metadata": {"satellite_id": "SAT-001", "source": "manual"},
                },
                {
                    "model_name": "lstm_timeseries",
                    "subsystems": {
                        "comm": {
                            "rssi_dbm": [-80.0, -79.5, -79.0, -78.5, -78.0, -77.5, -77.0, -76.5, -76.0, -75.5]
                        }
                    },
                    "metadata": {"satellite_id": "SAT-001", "trigger_reason": "manual_test"},
                },
            ]
        }
    )

    @model_validator(mode="after")
    def _has_one_input(self) -> Self:
        if (self.data is None) == (self.subsystems is None):
            raise ValueError("either data or subsystems is needed, and not both")
        return self


class SubmitResponse(_Answer):
    """The job that was dispatched."""

    job_id: str = Field(examples=["f47ac10b-58cc-4372-a567-0e02b2c3d479"])
    status: Literal["pending"] = "pending"
    message: str = "Inference job submitted to analysis server"


class JobState(_Answer):
    """State of a job."""

    job_id: str
    model_name: str = Field(examples=["lstm_timeseries"])
    status: JobStatus
    created_at: datetime
    completed_at: datetime | None
    error_message: str | None


class SubsystemResult(_Answer):
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


class ResultList(_Answer):
    """The newest jobs."""

    results: list[ResultRow]
    count: int


class ResultPage(ResultList):
    """A page of jobs, newest first."""

    total: int = Field(description="All jobs there are to page through; counts no further than 10000")
    limit: int
    offset: int


class Statistics(_Answer):
    """Totals over the newest 1000 jobs."""

    total_jobs: int
    completed: int
    failed: int
    success_rate: float = Field(description="Percent")
    models_used: dict[str, int]


class LiveStatistics(Statistics):
    """The same with the present pace."""

    throughput_per_minute: float = Field(description="Jobs completed within the last 60 s")


class ModelStatistics(_Answer):
    """What one model did."""

    total: int
    avg_time: Number = Field(description="Seconds from start to verdict")
    completed: int
    failed: int


class ModelComparison(_Answer):
    """What each model did within the last hour."""

    comparison: dict[str, ModelStatistics]


class Pattern(_Answer):
    """Jobs whose metadata name one pattern."""

    pattern: str
    count: int
    avg_time: Number = Field(description="Seconds from submission to completion")


class Patterns(_Answer):
    """Jobs of the last hour by the pattern in their metadata."""

    patterns: list[Pattern]


class DataPoint(_Answer):
    """A value and its time."""

    timestamp: datetime
    value: float


class SeriesSummary(_Answer):
    """Statistics of a series, rounded to 4 decimals; null where it is empty."""

    count: int
    mean: Number
    min: Number
    max: Number
    std: Number


class Trend(_Answer):
    """A series of one metric."""

    metric_name: str
    satellite_id: str | None
    data_points: list[DataPoint]
    summary: SeriesSummary


class TrendComparison(_Answer):
    """Measured and forecast values, paired by time."""

    metric_name: str
    raw_data: list[DataPoint]
    prediction_data: list[DataPoint]
    pairs: int
    correlation: Number
    mae: Number
    rmse: Number


class MetricNames(_Answer):
    """Series that can be asked for."""

    metrics: list[str]
    count: int
    source: Literal["victoria-metrics", "default"] = Field(
        description="`default`: VictoriaMetrics is away, these are the mission's"
    )


class Satellites(_Answer):
    """Satellites that sent telemetry within the retention."""

    satellites: list[str]
    count: int


def _all_finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_all_finite(item) for item in value.values())
    if isinstance(value, list):
        return all(_all_finite(item) for item in value)
    return not isinstance(value, float) or abs(value) < float("inf")

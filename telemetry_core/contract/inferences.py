"""Jobs and verdicts as they go into rows: what is judged and why, and what the worker decides of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

ANOMALY_THRESHOLD: Final = 0.7
"""A verdict is anomalous strictly above it: false-alarm rate 1e-3 per nominal verdict."""


MAX_TRIGGER_REASON_LENGTH: Final = 100


def reasons_in_words(reasons: Sequence[str]) -> str:
    """Join as many whole reasons as `trigger_reason` takes; each alone is no longer than that."""
    text = reasons[0]
    for reason in reasons[1:]:
        if len(text) + 1 + len(reason) > MAX_TRIGGER_REASON_LENGTH:
            break
        text = f"{text},{reason}"
    return text


class JobStatus(StrEnum):
    """Life of a job and of each of its subsystem rows."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class Verdict(StrEnum):
    """What a completed inference says of its subsystem."""

    NOMINAL = "nominal"
    ANOMALOUS = "anomalous"
    WARMING_UP = "warming_up"
    """Too few samples since start or gap: no score, never "nominal"."""
    LEARNING = "learning"
    """No channel with a window is covered by the calibration: a forecast, no score, never "nominal"."""


class Source(StrEnum):
    """Who asked for a job."""

    MANUAL = "manual"
    KAFKA = "kafka_auto_trigger"
    SCHEDULED = "scheduled"
    TEST = "test"


class Lane(StrEnum):
    """Whether the sample set arrived in time or belongs to a dump of older data."""

    LIVE = "live"
    STORED = "stored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A sample set, or a posted series, for which verdicts were demanded: one row of `inference_jobs`."""

    job_id: str
    satellite_id: str
    source: str
    #: For people: as many whole reasons, separated by commas, as the column takes.
    trigger_reason: str | None
    #: Number of subsystem rows that complete this job.
    total_subsystems: int
    #: When it was dispatched, UTC; carried in the task so that a redelivery keeps it.
    created_at: datetime
    metadata: Mapping[str, Any] = field(default_factory=dict)
    #: Each of them, in the mission's order.
    trigger_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubsystemInference:
    """Forecast and verdict for one subsystem of one job: one row of `subsystem_inferences`."""

    job_id: str
    subsystem: str
    model_name: str
    model_version: str
    #: `completed` or `failed`; a failed one says why in `error_message` and holds no forecast.
    status: JobStatus
    verdict: Verdict | None
    input_data: Any
    input_features: tuple[str, ...]
    started_at: datetime
    completed_at: datetime
    #: Of telemetry: the time of the sample that is judged, which ends its window. None of a posted series.
    generated_at: datetime | None = None
    #: First step of the window, and how many samples it holds.
    window_start: datetime | None = None
    sample_count: int | None = None
    #: Length = horizon; element = number (one unnamed channel) or list in `input_features` order.
    predictions: list[Any] | None = None
    #: Same length, [0, 1]: probability that the truth lies within one window standard deviation.
    confidence: list[float] | None = None
    #: {"50": {"lower": [...], "upper": [...]}, "90": {...}}, each shaped as `predictions`.
    bands: Mapping[str, Any] | None = None
    #: [0, 1], 4 decimals; None while warming up or learning.
    anomaly_score: float | None = None
    anomaly_detected: bool | None = None
    #: {channel: {family: share}}; shares of one row sum to 1.
    contributions: Mapping[str, Mapping[str, float]] | None = None
    #: Wall time of the Triton call that held this window.
    inference_time_ms: float | None = None
    model_type: str | None = None
    sequence_length: int | None = None
    forecast_horizon: int | None = None
    input_mean: float | None = None
    input_std: float | None = None
    prediction_mean: float | None = None
    prediction_std: float | None = None
    processed_by: str | None = None
    #: SHA-256 of the model's calibration, part of the version.
    calibration_hash: str | None = None
    error_message: str | None = None

"""Celery tasks as both ends know them: names, queues and the payload of a batch."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from telemetry_core.errors import ModelContractError
from telemetry_core.inferences import Job
from telemetry_core.subsystems import Detection

RUN_INFERENCE: Final = "analysis_server.tasks.run_inference"
RUN_SUBSYSTEM_INFERENCE: Final = "analysis_server.tasks.run_subsystem_inference"
INFERENCE_QUEUE: Final = "inference"
DEFAULT_QUEUE: Final = "celery"
PARKED_QUEUE: Final = "inference-parked"
"""Tasks that no worker can do yet; each returns to the end of the queue of inferences by itself."""
DEAD_LETTER_QUEUE: Final = "dead-letters"
TASK_EXCHANGE: Final = "analysis"

BATCH_SCHEMA: Final = 2
"""2 added `detection`; the one before is read too, so that no queue must be emptied for an upgrade."""
READ_SCHEMAS: Final = (BATCH_SCHEMA - 1, BATCH_SCHEMA)
MAX_JOBS_PER_BATCH: Final = 200
MAX_BATCH_BYTES: Final = 700_000
"""Raw bytes of the windows in one task: with base64 and the jobs it stays below 1 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowedJob:
    """One job of a batch and the bounds of its window (microseconds since 1970 UTC)."""

    job: Job
    window_start_us: int
    window_end_us: int
    sample_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceBatch:
    """Many windows of one subsystem, enough for the worker to need no other state."""

    subsystem: str
    model_name: str
    model_version: str
    channels: tuple[str, ...]
    horizon: int
    jobs: tuple[WindowedJob, ...]
    #: Number of steps on the time axis; shorter windows are padded with NaN in front.
    window_length: int
    #: Little-endian float32, C order, [job, channel, time], base64; NaN = missing.
    windows_base64: str
    #: A recomputation in time order: it may replace a completed row, and both are kept.
    is_revision: bool = False
    #: By channel; one that is not listed is judged as usual.
    detection: Mapping[str, Detection] = field(default_factory=dict)
    schema: int = BATCH_SCHEMA

    def to_payload(self) -> dict[str, Any]:
        """Turn the batch into what JSON can carry."""
        payload: dict[str, Any] = _BATCH.dump_python(self, mode="json")
        return payload

    @staticmethod
    def from_payload(payload: Mapping[str, Any]) -> "InferenceBatch":
        """Read a payload, or raise `ModelContractError` where its schema is unknown or a field is wrong."""
        if not isinstance(payload, Mapping):
            raise ModelContractError(f"a batch is an object, not {type(payload).__name__}")
        if payload.get("schema") not in READ_SCHEMAS:
            raise ModelContractError(
                f"batch schema {payload.get('schema')!r} where {READ_SCHEMAS} is read: upgrade the older side"
            )
        try:
            return _BATCH.validate_python(payload)
        except ValidationError as error:
            raise ModelContractError(f"malformed batch: {error.errors()[0]}") from error

    def singles(self) -> Iterator["InferenceBatch"]:
        """Yield one batch per job."""
        raw = base64.b64decode(self.windows_base64)
        size = len(raw) // len(self.jobs)
        for index, job in enumerate(self.jobs):
            window = base64.b64encode(raw[index * size : (index + 1) * size]).decode("ascii")
            yield replace(self, jobs=(job,), windows_base64=window)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesTask:
    """Arguments of `run_inference`: a series that a client posted."""

    job_id: str
    model_name: str
    data: tuple[float, ...]
    config: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def to_arguments(self) -> tuple[Any, ...]:
        """Return the positional arguments in the task's order."""
        return (self.job_id, self.model_name, list(self.data), dict(self.config), dict(self.metadata))


_BATCH: Final = TypeAdapter(InferenceBatch)

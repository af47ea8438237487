"""Celery tasks as both ends know them: names, queues and the payload of a batch."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError

from telemetry_core.contract.channels import Detection
from telemetry_core.contract.errors import ModelContractError, NewerTaskSchema
from telemetry_core.contract.inferences import Job
from telemetry_core.contract.mission import SERIES_SUBSYSTEM

RUN_INFERENCE: Final = "analysis_server.tasks.run_inference"
RUN_SUBSYSTEM_INFERENCE: Final = "analysis_server.tasks.run_subsystem_inference"
LEARN: Final = "analysis_server.tasks.learn"
INFERENCE_QUEUE: Final = "inference"
DEFAULT_QUEUE: Final = "celery"
PARKED_QUEUE: Final = "inference-parked"
"""Tasks that no worker can do yet; each returns to the end of the queue of inferences by itself."""
DEAD_LETTER_QUEUE: Final = "dead-letters"
TASK_EXCHANGE: Final = "analysis"

BATCH_SCHEMA: Final = 4
"""4 tells of irregular channels, 3 gave each channel its own time axis; those before are read too, so that no
queue must be emptied."""
READ_SCHEMAS: Final = (2, 3, BATCH_SCHEMA)
MAX_JOBS_PER_BATCH: Final = 200
MAX_BATCH_BYTES: Final = 700_000
"""Raw bytes of the windows in one task: with base64 and the jobs it stays below 1 MB."""
CHANNEL_FIELDS: Final = (
    ("newest", "<f8"), ("base", "<f8"), ("end_us", "<i8"), ("interval_us", "<i8"),
    ("steps", "<i2"), ("state", "<i2"),
)  # fmt: skip
"""Names and types of what a batch carries of each channel of each job, as numpy's structured types take them.

`newest` is the newest sample, NaN = none; `base` is added to the window's values. The last step lies at
`end_us`, the others `interval_us` apart (0 = unknown). Of the window the last `steps` are judged, missing
ones included (0 = none).
"""
LEAST_SPREAD_SHARE: Final = 1e-5
"""Spread of a window as a share of its values below which float32 keeps only two digits of it: such a
window travels, and reaches the model, as differences from one of its samples."""


EARLIEST_US: Final = -62_135_596_800_000_000
LATEST_US: Final = 253_402_300_799_999_999
"""The first and the last microsecond that a date can tell, of the years 1 and 9999."""
Moment = Annotated[int, Field(ge=EARLIEST_US, le=LATEST_US)]


class ChannelState(IntEnum):
    """Whether a channel has a window, or why it has none."""

    JUDGED = 0
    TOO_FEW = 1
    """Fewer samples than a verdict needs, since start or gap."""
    TOO_OLD = 2
    """The newest sample lies behind a gap."""
    NEVER_SEEN = 3
    """No sample as far back as windows reach."""
    IRREGULAR = 4
    """It has a window, and no telling how many samples of it are missing."""

    @property
    def words(self) -> str:
        """The name as rows and people read it."""
        return self.name.lower().replace("_", " ")


WITH_WINDOW: Final = frozenset({ChannelState.JUDGED, ChannelState.IRREGULAR})


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowedJob:
    """One job of a batch and the bounds of its window (microseconds since 1970 UTC).

    It starts and counts as the longest of its judged channels, if any of those that end with it.
    """

    job: Job
    window_start_us: Moment
    window_end_us: Moment
    sample_count: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceBatch:
    """Many windows of one subsystem, enough for the worker to need no other state."""

    subsystem: str
    model_name: str
    model_version: str
    channels: tuple[str, ...]
    horizon: Annotated[int, Field(ge=1)]
    jobs: tuple[WindowedJob, ...]
    #: Number of steps; each channel's last one is at the end, shorter windows are padded in front.
    window_length: Annotated[int, Field(ge=1)]
    #: Little-endian float32, C order, [job, channel, time], base64: differences from the channel's base;
    #: NaN = missing. In schema 2 they are values, and a step is the same time for all channels.
    windows_base64: str
    #: CHANNEL_FIELDS of [job, channel], packed, base64; empty in schema 2.
    channels_base64: str = ""
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
        """Read a payload, or raise `NewerTaskSchema`, or `ModelContractError` where it is wrong."""
        if not isinstance(payload, Mapping):
            raise ModelContractError(f"a batch is an object, not {type(payload).__name__}")
        schema = payload.get("schema")
        if isinstance(schema, int) and schema > BATCH_SCHEMA:
            raise NewerTaskSchema(
                f"batch schema {schema} where {BATCH_SCHEMA} is the newest: upgrade this worker"
            )
        if schema not in READ_SCHEMAS:
            raise ModelContractError(
                f"batch schema {schema!r} where {READ_SCHEMAS} is read: upgrade the older side"
            )
        try:
            return _with_reasons(_BATCH.validate_python(payload))
        except ValidationError as error:
            raise ModelContractError(f"malformed batch: {error.errors()[0]}") from error

    def singles(self) -> Iterator["InferenceBatch"]:
        """Yield one batch per job."""
        count = len(self.jobs)
        windows, channels = _split(self.windows_base64, count), _split(self.channels_base64, count)
        for job, window, channel in zip(self.jobs, windows, channels, strict=True):
            yield replace(self, jobs=(job,), windows_base64=window, channels_base64=channel)


def _split(text: str, count: int) -> list[str]:
    """Cut what is packed in base64 into equal parts."""
    raw = base64.b64decode(text)
    size = len(raw) // count
    return [base64.b64encode(raw[n * size : (n + 1) * size]).decode("ascii") for n in range(count)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedTask:
    """A task of a job that a client asked for, as it is published."""

    name: str
    arguments: tuple[Any, ...]
    task_id: str


def submitted_task(
    job: Job, *, subsystem: str, model_name: str, stored: Mapping[str, Any], features: Sequence[str]
) -> SubmittedTask:
    """Return the task of one subsystem from what its pending row stores; the same one each time it is sent.

    Raises `ModelContractError` where the row does not hold what was posted.
    """
    if "series" not in stored:
        raise ModelContractError("its row does not hold the posted series")
    series, config = stored["series"], dict(stored.get("config", {}))
    created_at = job.created_at.isoformat()
    metadata = {
        "timestamp": created_at,
        **job.metadata,
        "satellite_id": job.satellite_id,
        "source": job.source,
        "trigger_reason": job.trigger_reason,
        "total_subsystems": job.total_subsystems,
        "created_at": created_at,
    }
    if subsystem == SERIES_SUBSYSTEM:
        return SubmittedTask(
            name=RUN_INFERENCE,
            arguments=(job.job_id, model_name, series, config, metadata),
            task_id=job.job_id,
        )
    return SubmittedTask(
        name=RUN_SUBSYSTEM_INFERENCE,
        arguments=(job.job_id, subsystem, model_name, series, list(features), config, metadata),
        task_id=f"{job.job_id}-{subsystem}",
    )


def _with_reasons(batch: InferenceBatch) -> InferenceBatch:
    """Split the reasons that triggers before the list of reasons joined by commas."""
    return replace(batch, jobs=tuple(_listed(windowed) for windowed in batch.jobs))


def _listed(windowed: WindowedJob) -> WindowedJob:
    job = windowed.job
    if job.trigger_reason is None or job.trigger_reasons:
        return windowed
    return replace(windowed, job=replace(job, trigger_reasons=tuple(job.trigger_reason.split(","))))


_BATCH: Final = TypeAdapter(InferenceBatch)

"""Turning a request into a job and its tasks: planned purely, then stored and published together."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson
import structlog

from operation_server.inference import QUERIES
from operation_server.inference.pending_job import PendingInput, create_pending_job
from operation_server.inference.schemas import MIN_POINTS, SubmitRequest
from telemetry_core.contract.inferences import Job
from telemetry_core.contract.mission import SERIES_SUBSYSTEM, Mission
from telemetry_core.contract.tasks import SubmittedTask, submitted_task
from telemetry_core.contract.values import number_of
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import select

_log = structlog.get_logger(__name__)


class SendTask(Protocol):
    """Publishes a task and returns once the broker has it, or raises `DependencyUnavailable`."""

    def __call__(self, task_name: str, arguments: Sequence[Any], *, task_id: str) -> None:
        """Publish."""


class RequestRefused(Exception):  # noqa: N818 - named for what happened
    """A request that can't become a job; `status` is the HTTP one."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A job, its rows and its tasks."""

    job: Job
    inputs: tuple[PendingInput, ...]
    tasks: tuple[SubmittedTask, ...]


def check_request(request: SubmitRequest, *, models: Mapping[str, Sequence[str]], mission: Mission) -> None:
    """Refuse what the schema cannot: unknown models, versions, subsystems and channels, short series.

    `models` holds the versions of each.
    """
    if request.model_name not in models:
        known = ", ".join(models) or "none is installed"
        raise RequestRefused(422, f"model_name: unknown model; known: {known}")
    version, versions = request.config.model_version, models[request.model_name]
    if version is not None and version not in versions:
        known = ", ".join(versions) or "none is installed"
        raise RequestRefused(
            422, f"config.model_version: {request.model_name} has no version {version}; known: {known}"
        )
    for subsystem, channels in (request.subsystems or {}).items():
        _check_subsystem(subsystem, channels, mission)
    for name, series in _named_series(request):
        if len(series) < MIN_POINTS:
            raise RequestRefused(400, f"{name} must contain at least {MIN_POINTS} elements")


def _check_subsystem(subsystem: str, channels: Mapping[str, Any], mission: Mission) -> None:
    if subsystem not in mission.subsystems:
        known = ", ".join(mission.subsystems)
        raise RequestRefused(422, f"subsystems.{subsystem}: unknown subsystem; known: {known}")
    features = mission.subsystems[subsystem].features
    if not channels:
        raise RequestRefused(
            422, f"subsystems.{subsystem}: no channel is given; known: {', '.join(features)}"
        )
    for name in channels:
        if name not in features:
            raise RequestRefused(
                422,
                f"subsystems.{subsystem}.{name}: no channel that a model sees; known: {', '.join(features)}",
            )


def _named_series(request: SubmitRequest) -> Iterator[tuple[str, Sequence[float]]]:
    if request.data is not None:
        yield "data", request.data
    for subsystem, channels in (request.subsystems or {}).items():
        for channel, series in channels.items():
            yield f"subsystems.{subsystem}.{channel}", series


def plan_submission(
    request: SubmitRequest, *, job_id: str, created_at: datetime, mission: Mission
) -> Submission:
    """Derive the job, its pending rows and its tasks from a checked request."""
    metadata = request.metadata
    subsystems = request.subsystems or {}
    stored = {
        **metadata.model_dump(exclude_unset=True),
        "created_at": created_at.isoformat(),
        "submitted_from": "operation_server",
    }
    job = Job(
        job_id=job_id,
        satellite_id=metadata.satellite_id,
        source=metadata.source,
        trigger_reason=metadata.trigger_reason,
        trigger_reasons=(metadata.trigger_reason,) if metadata.trigger_reason else (),
        total_subsystems=max(1, len(subsystems)),
        created_at=created_at,
        metadata=stored,
    )
    inputs = _inputs(request, mission)
    tasks = (
        submitted_task(
            job,
            subsystem=item.subsystem,
            model_name=item.model_name,
            stored=item.input_data,
            features=item.input_features,
        )
        for item in inputs
    )
    return Submission(job=job, inputs=inputs, tasks=tuple(tasks))


def _inputs(request: SubmitRequest, mission: Mission) -> tuple[PendingInput, ...]:
    """Build the pending rows; each holds all that its task needs to be sent again."""
    if request.data is not None:
        return (_input(request, SERIES_SUBSYSTEM, request.data, (), _config(request)),)
    config = _config(request)
    if request.model_name == mission.model.name:
        config = {"model_version": mission.model.version, **config}
    return tuple(
        _input(
            request,
            subsystem,
            _samples(subsystem, channels, mission),
            tuple(channels),
            config | _moduli(subsystem, channels, mission),
        )
        for subsystem, channels in (request.subsystems or {}).items()
    )


def _moduli(subsystem: str, channels: Collection[str], mission: Mission) -> dict[str, dict[str, float]]:
    """Tell the worker, which knows no mission, which channels are counters."""
    found = {
        name: setting.modulo
        for name, setting in mission.subsystems[subsystem].detection.items()
        if name in channels and setting.modulo is not None
    }
    return {"moduli": found} if found else {}


def _samples(
    subsystem: str, channels: Mapping[str, Sequence[float]], mission: Mission
) -> dict[str, list[float | None]]:
    """Take fill values out of posted series, as out of a message."""
    return {
        name: [number_of(value, missing=mission.fill_values(subsystem, name)) for value in series]
        for name, series in channels.items()
    }


def _input(
    request: SubmitRequest,
    subsystem: str,
    series: Any,
    features: tuple[str, ...],
    config: Mapping[str, Any],
) -> PendingInput:
    return PendingInput(
        subsystem=subsystem,
        model_name=request.model_name,
        input_data={"series": series, "config": config},
        input_features=features,
    )


def _config(request: SubmitRequest) -> dict[str, Any]:
    return request.config.model_dump(exclude_none=True)


def submit(pool: Pool, send_task: SendTask, submission: Submission) -> str:
    """Store the job and publish its tasks; if the broker does not take them, nothing is stored."""
    with transaction(pool) as connection:
        _store_and_publish(connection, send_task, submission)
    return submission.job.job_id


def submit_once(
    pool: Pool, send_task: SendTask, submission: Submission, *, key: str, request_sha256: str
) -> str:
    """Do the same under an idempotency key; the job of an earlier equal request is returned instead."""
    with transaction(pool) as connection:
        (lock,) = select(connection, QUERIES["try_lock_idempotency_key"], {"idempotency_key": key})
        if not lock["pg_try_advisory_xact_lock"]:
            raise RequestRefused(409, "a request with this Idempotency-Key is in flight: wait for its answer")
        found = select(connection, QUERIES["find_idempotency_key"], {"idempotency_key": key})
        if found:
            return _repeated(found[0], request_sha256)
        _store_and_publish(connection, send_task, submission)
        parameters = {
            "idempotency_key": key,
            "request_sha256": request_sha256,
            "job_id": submission.job.job_id,
        }
        with connection.cursor() as cursor:
            cursor.execute(QUERIES["save_idempotency_key"], parameters)
    return submission.job.job_id


def _repeated(found: Mapping[str, Any], request_sha256: str) -> str:
    if found["request_sha256"] != request_sha256:
        raise RequestRefused(422, "this Idempotency-Key was used with another body: choose a new key")
    return str(found["job_id"])


def _store_and_publish(connection: Connection, send_task: SendTask, submission: Submission) -> None:
    create_pending_job(connection, submission.job, submission.inputs)
    for task in submission.tasks:
        send_task(task.name, task.arguments, task_id=task.task_id)
    _log.info(
        f"Submitted {len(submission.tasks)} inferences for {submission.job.satellite_id}"
        f" (job: {submission.job.job_id})",
        tasks=",".join(task.task_id for task in submission.tasks),
    )


def digest_of(request: SubmitRequest) -> str:
    """Return the SHA-256 of what a request asks for, whatever its spelling."""
    return hashlib.sha256(orjson.dumps(request.model_dump(), option=orjson.OPT_SORT_KEYS)).hexdigest()

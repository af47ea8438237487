"""The Celery worker: its application, how it handles a delivered task, and the clients that tasks share."""

import os
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import structlog
from celery import Task, signals
from celery.exceptions import Ignore, Reject

from analysis_server.delivery.consuming import supervise
from analysis_server.delivery.handling import Handling, ShutdownRequested, handling_of, hold_until_available
from analysis_server.delivery.parking import (
    MAX_PARKED,
    MAX_WAITS_FOR_UPGRADE,
    header_count,
    park,
    times_parked,
)
from analysis_server.delivery.saving import commit, save_apart
from analysis_server.judging.calibration_file import CALIBRATION_FILE, load_calibration
from analysis_server.judging.coverage import WHAT_TO_DO, Told, uncovered_in_words
from analysis_server.judging.inference import infer_windows
from analysis_server.judging.learned import LearnedConstants
from analysis_server.judging.rows import failed_rows
from analysis_server.judging.triton import TritonClient
from analysis_server.learner import Learner, learner_of
from analysis_server.learning.calibrations import Calibrations
from analysis_server.windows.reading import ReadTask, refused
from analysis_server.windows.window_sets import WindowSet
from scoring.calibration import BOUNDED_FORMAT, Calibration
from telemetry_core.contract.errors import DependencyUnavailable, ModelNotServed, NewerTaskSchema
from telemetry_core.contract.inferences import SubsystemInference, Verdict
from telemetry_core.contract.models import newest_version
from telemetry_core.contract.tasks import RUN_SUBSYSTEM_INFERENCE, InferenceBatch
from telemetry_core.postgres.database import Pool, open_pool
from telemetry_core.postgres.roles import as_service
from telemetry_core.rabbitmq import celery_app, publish
from telemetry_core.service.liveness import Liveness, Loop
from telemetry_core.service.observability import (
    configure_logging,
    jobs_in_words,
    record_verdicts,
    serve_metrics,
    start_tracing,
)
from telemetry_core.service.settings import Settings

SERVICE: Final = "analysis-worker-1"
MAX_CONNECTIONS: Final = 8

_log = structlog.get_logger(SERVICE)
_settings = Settings()
_stopping = threading.Event()
_liveness = Liveness()
_told_of = Told()


app = celery_app(SERVICE, _settings)
supervise(app, _liveness)


def take_turn_of_learning(task_id: str) -> None:
    """Learn until the turn is over; whatever it does not get to is left to the next one."""
    with _liveness.loop(f"task {task_id}") as loop:

        def goes_on() -> bool:
            loop.tick()
            return not _stopping.is_set()

        loop.tick()
        try:
            _learner(os.getpid()).turn(goes_on=goes_on)
        except (DependencyUnavailable, ModelNotServed) as error:
            _log.warning(f"{error}; learning continues at its next turn")


def take_up(self: Task[Any, None], read: Callable[[], ReadTask]) -> None:
    """Handle a task that can be read; one that can't is a dead letter, one of a later release waits."""
    try:
        task, batch = read()
    except NewerTaskSchema as error:
        if times_parked(self) >= MAX_WAITS_FOR_UPGRADE:
            raise refused("newer_schema", str(error), self.request.id) from error
        reason = str(error)
        with _liveness.loop(f"task {self.request.id}") as loop:
            try:
                hold_until_available(lambda: park(app, self, reason), _stopping, service=SERVICE, loop=loop)
            except ShutdownRequested as stopped:
                raise Reject(str(stopped), requeue=True) from stopped
        raise Ignore(reason) from error
    except Exception as error:
        raise refused("unreadable", f"{type(error).__name__}: {error}", self.request.id) from error
    _handle(self, task, split=lambda: _send_singly(batch) if batch else None)


def _handle(self: Task[Any, None], task: WindowSet, *, split: Callable[[], None] = lambda: None) -> None:
    """Run, split or give up a delivered task; it is acknowledged only after its rows are committed."""
    delivery_count = header_count(self, "x-delivery-count")
    handling = handling_of(delivery_count, len(task.jobs))
    with _liveness.loop(f"task {self.request.id}") as loop:
        loop.tick()
        try:
            if handling is Handling.SPLIT:
                hold_until_available(split, _stopping, service=SERVICE, loop=loop)
            elif handling is Handling.GIVE_UP:
                reason = (
                    f"dead-lettered: this task came back {delivery_count} times without a verdict,"
                    " each time a worker or its connection was lost"
                )
                _finish(self, task, failed_rows(task, reason), loop)
                raise Reject(reason, requeue=False)
            else:
                _run(self, task, loop)
        except ShutdownRequested as error:
            raise Reject(str(error), requeue=True) from error


def _run(self: Task[Any, None], task: WindowSet, loop: Loop) -> None:
    try:
        rows = hold_until_available(lambda: _infer(task), _stopping, service=SERVICE, loop=loop)
    except ShutdownRequested:
        raise
    except Exception as error:
        if isinstance(error, ModelNotServed) and times_parked(self) < MAX_PARKED:
            reason = str(error)
            hold_until_available(lambda: park(app, self, reason), _stopping, service=SERVICE, loop=loop)
            raise Ignore(reason) from error
        # Whatever the reason, an operator finds it in the rows; the task then shows as FAILURE.
        _finish(self, task, failed_rows(task, f"{type(error).__name__}: {error}"), loop)
        raise
    _finish(self, task, rows, loop)
    _log.info(
        f"Completed {task.subsystem} inference",
        verdicts=len(rows),
        anomalous=sum(bool(row.anomaly_detected) for row in rows),
        learning=sum(row.verdict is Verdict.LEARNING for row in rows),
        task=self.request.id,
        jobs=jobs_in_words([job.job_id for job in task.jobs]),
    )
    _tell_of_learning(task, rows)


def _tell_of_learning(task: WindowSet, rows: Sequence[SubsystemInference]) -> None:
    """Log once per satellite and subsystem that it is not judged, and what to do."""
    for job, row in zip(task.jobs, rows, strict=True):
        if row.verdict is Verdict.LEARNING and _told_of.is_new((job.satellite_id, task.subsystem)):
            _log.warning(
                f"{task.subsystem} of {job.satellite_id} is learning, not judged:"
                f" {uncovered_in_words(row.input_data['not_calibrated'])}; it learns from its stored"
                f" telemetry by itself, or {WHAT_TO_DO}"
            )


def _infer(task: WindowSet) -> list[SubsystemInference]:
    shipped = _calibration(task.model_name, task.model_version)
    infer = _triton(os.getpid()).infer
    return infer_windows(task, infer=infer, calibration=shipped, learned=_learned(os.getpid()))


def _finish(self: Task[Any, None], task: WindowSet, rows: Sequence[SubsystemInference], loop: Loop) -> None:
    """Save the rows and count them, failed ones too; a revision judges nothing that was not counted."""
    _save(self, task, rows, loop)
    if not task.is_revision:
        record_verdicts(task.jobs, rows)


def _save(self: Task[Any, None], task: WindowSet, rows: Sequence[SubsystemInference], loop: Loop) -> None:
    """Save all rows; where PostgreSQL refuses one of them, that one fails and the others are saved."""
    lost = save_apart(
        task,
        rows,
        lambda part, its_rows: hold_until_available(
            lambda: commit(_pool(os.getpid()), part, its_rows),
            _stopping,
            service=SERVICE,
            loop=loop,
            is_divisible=len(its_rows) > 1,
        ),
    )
    if lost:
        raise refused("unsavable", "; ".join(lost), self.request.id)


def _send_singly(batch: InferenceBatch) -> None:
    """Send every job of a batch as a task of its own, so that only the poisonous one is dead-lettered."""
    for single in batch.singles():
        job_id = single.jobs[0].job.job_id
        publish(
            app,
            RUN_SUBSYSTEM_INFERENCE,
            kwargs={"batch": single.to_payload()},
            task_id=str(uuid5(NAMESPACE_URL, f"single|{batch.subsystem}|{job_id}")),
            summary=f"{batch.subsystem}: {job_id}",
        )


def newest_version_of(model_name: str) -> str | None:
    """Return the newest version of a model that this worker finds, None of one that it does not know."""
    return newest_version(_settings.model_repository, model_name)


@lru_cache(maxsize=16)
def _calibration(model_name: str, model_version: str) -> Calibration:
    directory = _settings.model_repository / model_name / model_version
    if not directory.is_dir():
        raise ModelNotServed(f"{model_name} version {model_version}", f"there is no folder {directory}")
    calibration = load_calibration(directory)
    if calibration.format < BOUNDED_FORMAT:
        _log.warning(
            f"{directory / CALIBRATION_FILE} does not say which sampling intervals it was fitted to:"
            f" telemetry at any interval is judged by it; {WHAT_TO_DO}"
        )
    return calibration


@lru_cache(maxsize=1)
def _triton(_pid: int) -> TritonClient:
    """Return this process's client: a gRPC channel does not survive a fork."""
    return TritonClient(_settings.triton_server_url)


@lru_cache(maxsize=1)
def _pool(_pid: int) -> Pool:
    """Return this process's pool: a connection does not survive a fork."""
    return open_pool(
        as_service(_settings, "analysis-server"), max_connections=MAX_CONNECTIONS, application_name=SERVICE
    )


@lru_cache(maxsize=1)
def _learned(pid: int) -> LearnedConstants:
    """Return what this process knows of learned constants."""
    return LearnedConstants(Calibrations(_pool(pid)))


@lru_cache(maxsize=1)
def _learner(pid: int) -> Learner:
    """Return this process's learner."""
    return learner_of(_settings, _pool(pid), _triton(pid).infer)


@signals.setup_logging.connect
def _configure_logging(**_: Any) -> None:
    configure_logging(SERVICE)


@signals.worker_init.connect
def _start_tracing(**_: Any) -> None:
    start_tracing(SERVICE, "celery", "grpc_client", "psycopg2")


@signals.worker_ready.connect
def _serve_metrics(**_: Any) -> None:
    serve_metrics(_settings, _liveness.problems)
    _liveness.start()


@signals.worker_shutting_down.connect
def _release_held_tasks(**_: Any) -> None:
    _stopping.set()

"""Confirmed dispatch of a plan: the tasks first, then the dead letters, then the log lines of the jobs."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol
from uuid import NAMESPACE_URL, uuid5

import structlog
from celery import Celery

from kafka_inference_trigger.dead_letters import DeadLetterTopic
from kafka_inference_trigger.rules import PlannedJob
from kafka_inference_trigger.trigger import Plan, internal_error
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.tasks import RUN_SUBSYSTEM_INFERENCE, InferenceBatch
from telemetry_core.rabbitmq import publish
from telemetry_core.service.observability import DISPATCH_SECONDS, JOBS_DISPATCHED, LogBudget

JOBS_LOGGED_PER_S = 20
PROGRESS_EVERY = 100

_log = structlog.get_logger(__name__)


class PublishTask(Protocol):
    """Confirmed publish of one batch under a task id."""

    def __call__(self, batch: InferenceBatch, task_id: str, /) -> None:
        """Return once the broker confirmed; raise `DependencyUnavailable` otherwise."""


def batch_publisher(app: Celery) -> PublishTask:
    """Publish batches by `app`, which connects with the first one."""

    def publish_batch(batch: InferenceBatch, task_id: str) -> None:
        publish(
            app,
            RUN_SUBSYSTEM_INFERENCE,
            kwargs={"batch": batch.to_payload()},
            task_id=task_id,
            summary=f"{batch.subsystem}: {len(batch.jobs)} windows",
        )

    return publish_batch


class Dispatcher:
    """Sends plans; confirmed batches leave the plan, so that a retry sends only the rest."""

    def __init__(
        self,
        dead_letters: DeadLetterTopic,
        publish: PublishTask,
        *,
        check: Callable[[Plan], None] = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dead_letters = dead_letters
        self._publish = publish
        self._check = check
        self._budget = LogBudget(JOBS_LOGGED_PER_S, monotonic=monotonic)
        self._processed = 0

    def send(self, plan: Plan) -> None:
        """Carry a plan out; returns when every part is confirmed.

        `check` may hold the dead letters back; valid telemetry of the same plan never waits for them.
        """
        while plan.batches:
            self._send_batch(plan, plan.batches[0])
        self._check(plan)
        if plan.dead_letters:
            self._dead_letters.send(plan.dead_letters)
            plan.dead_letters.clear()
        self._record(plan)

    def _send_batch(self, plan: Plan, batch: InferenceBatch) -> None:
        """Send a batch; one that can't be sent at all is taken apart until only the bad job is given up."""
        task_id = task_id_of(batch)
        try:
            self._publish(batch, task_id)
        except DependencyUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one job must not stop the rest, whatever is wrong with it
            job_id = batch.jobs[0].job.job_id
            if len(batch.jobs) > 1:
                plan.batches[:1] = batch.singles()
                return
            plan.dead_letters.append(internal_error(plan.records[job_id], error))
        for windowed in batch.jobs:
            plan.task_ids[batch.subsystem, windowed.job.job_id] = task_id
        plan.batches.pop(0)

    def _record(self, plan: Plan) -> None:
        now = datetime.now(UTC)
        for planned in plan.jobs:
            JOBS_DISPATCHED.labels(planned.job.metadata["lane"]).inc()
            received_at = datetime.fromisoformat(planned.job.metadata["received_at"])
            DISPATCH_SECONDS.observe(max(0.0, (now - received_at).total_seconds()))
            if self._budget.admit("Submitted inferences of {count} more jobs in the last second"):
                _log_job(planned, plan.task_ids)
        before, self._processed = self._processed, self._processed + plan.record_count
        if self._processed // PROGRESS_EVERY > before // PROGRESS_EVERY:
            _log.info(f"Processed {self._processed} telemetry messages")


def task_id_of(batch: InferenceBatch) -> str:
    """Name a task after its content: a batch that is sent again has the same id."""
    identity = "|".join([batch.subsystem, *(windowed.job.job_id for windowed in batch.jobs)])
    return str(uuid5(NAMESPACE_URL, identity))


def _log_job(planned: PlannedJob, task_ids: Mapping[tuple[str, str], str]) -> None:
    job = planned.job
    for reason in planned.reasons:
        if reason.log_line:
            _log.info(reason.log_line)
    for subsystem in planned.windows:
        _log.info(
            f"Submitted {subsystem} inference for {job.satellite_id}: {task_ids[subsystem, job.job_id]}"
        )
    _log.info(
        f"Submitted {len(planned.windows)} subsystem inferences for {job.satellite_id} (job: {job.job_id})"
    )

"""Jobs without a task: their task is resent, or they fail with a reason; none stays pending.

A task is lost when the broker lost its data, a queue was emptied, or a process ended between two steps. A
lost task is distinguished from a waiting one without looking into the queue: either no task is left in any
queue, or tasks that were dispatched later have been judged already. While a worker or a server is unavailable
neither happens, and nothing is resent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog

from housekeeping import QUERIES
from housekeeping.chores import SERVICE, Chore
from telemetry_core.contract.errors import DependencyUnavailable, ModelContractError
from telemetry_core.contract.inferences import Job, JobStatus, SubsystemInference
from telemetry_core.contract.mission import SERIES_SUBSYSTEM
from telemetry_core.contract.tasks import (
    DEAD_LETTER_QUEUE,
    DEFAULT_QUEUE,
    INFERENCE_QUEUE,
    SubmittedTask,
    submitted_task,
)
from telemetry_core.postgres.batch_size import BatchSize
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, save_inferences, save_results, select
from telemetry_core.service.observability import CHORES_FAILED, JOBS_GIVEN_UP, TASKS_RESENT

EVERY_S: Final = 10.0
BATCH: Final = 500
GRACE_S: Final = 60.0
"""No task counts as lost sooner: the broker's counts are seconds old, and one worker may overtake another."""
MAX_RESENDS: Final = 3
INCOMPLETE_AFTER_S: Final = 86_400.0
"""So long an operator has to bring back the lost tasks of telemetry before their jobs are called failed."""
INCOMPLETE_REASON: Final = (
    "tasks of this job were lost: 'python -m kafka_inference_trigger.reconcile' sends them again from Kafka"
)

_BEGINNING: Final[Mapping[str, Any]] = {
    "created_at": datetime(1970, 1, 1, tzinfo=UTC),
    "job_id": "",
    "subsystem": "",
}

_log = structlog.get_logger(SERVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostInput:
    """A pending row of a job whose task is in no queue and no worker."""

    job: Job
    subsystem: str
    model_name: str
    input_data: Any
    input_features: tuple[str, ...]
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """How many tasks the broker holds."""

    in_order: int
    #: Put aside until they can be done: overtaken by others without being lost.
    set_aside: int


class Sweeper:
    """Resends the tasks of submitted jobs, each a limited number of times, and fails those that stay lost."""

    def __init__(
        self,
        pool: Pool,
        list_queues: Callable[[], Sequence[Mapping[str, Any]]],
        send: Callable[[SubmittedTask], None],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._list_queues = list_queues
        self._send = send
        self._clock = clock
        self._behind = _BEGINNING
        self._size = BatchSize(BATCH)

    def chore(self) -> Chore:
        """Describe the work to the loop."""
        return Chore(name="lost tasks", every_s=EVERY_S, work=self.sweep)

    def sweep(self) -> bool:
        """Handle one batch of lost tasks; the next one waits for its turn, behind what was just sent."""
        tasks = count_tasks(self._list_queues())
        with transaction(self._pool) as connection:
            (judged,) = select(connection, QUERIES["judged_up_to"])
        sent_before = loss_horizon(self._clock(), tasks, judged_up_to=judged["dispatched_at"])
        if sent_before is None:
            return False
        for item in self._lost(sent_before):
            self._isolated(item)
        self._give_up_incomplete(sent_before)
        return False

    def _lost(self, sent_before: datetime) -> list[LostInput]:
        """Return the rows behind those of the last round: those that can't be handled starve no other."""
        with self._size.attempt() as size, transaction(self._pool) as connection:
            parameters = {"sent_before": sent_before, "limit": size, **self._behind}
            lost = [_lost_input(row) for row in select(connection, QUERIES["lost_inputs"], parameters)]
        self._behind = _place(lost[-1]) if len(lost) == size else _BEGINNING
        return lost

    def _isolated(self, lost: LostInput) -> None:
        """Handle one row; an error in it must not keep the others from being handled."""
        try:
            self._handle(lost)
        except DependencyUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the log and a counter tell; the row gets its reason
            CHORES_FAILED.labels("lost tasks").inc()
            _log.exception(f"The task of {lost.subsystem} of job {lost.job.job_id} can't be resent")
            self._fail_or_leave(lost, f"its task was lost and can't be resent: {type(error).__name__}")

    def _fail_or_leave(self, lost: LostInput, reason: str) -> None:
        """End a row that can't be handled; one that can't even be ended is met again in the next round."""
        try:
            self._fail(lost, reason)
        except DependencyUnavailable:
            raise
        except Exception:  # noqa: BLE001 - as above
            CHORES_FAILED.labels("lost tasks").inc()
            _log.exception(f"{lost.subsystem} of job {lost.job.job_id} is passed over")

    def _handle(self, lost: LostInput) -> None:
        if lost.attempts >= MAX_RESENDS:
            self._fail(lost, f"its task was lost {MAX_RESENDS + 1} times: see the queue {DEAD_LETTER_QUEUE}")
            return
        try:
            task = submitted_task(
                lost.job,
                subsystem=lost.subsystem,
                model_name=lost.model_name,
                stored=lost.input_data if isinstance(lost.input_data, Mapping) else {},
                features=lost.input_features,
            )
        except ModelContractError as error:
            self._fail(lost, f"its task was lost and can't be resent: {error}")
            return
        self._send(task)
        with transaction(self._pool) as connection, connection.cursor() as cursor:
            cursor.execute(
                QUERIES["save_resent_task"], {"job_id": lost.job.job_id, "subsystem": lost.subsystem}
            )
        TASKS_RESENT.inc()
        _log.warning(f"Resent the lost task of {lost.subsystem} (job: {lost.job.job_id})")

    def _fail(self, lost: LostInput, reason: str) -> None:
        row = failed_row(lost, reason, self._clock())
        with transaction(self._pool) as connection:
            save_inferences(connection, [lost.job], [row])
            if lost.subsystem == SERIES_SUBSYSTEM:
                save_results(connection, [lost.job], [row])
        JOBS_GIVEN_UP.labels(lost.job.source).inc()
        _log.error(f"Failed {lost.subsystem} of job {lost.job.job_id}: {reason}")

    def _give_up_incomplete(self, sent_before: datetime) -> None:
        oldest = min(sent_before, self._clock() - timedelta(seconds=INCOMPLETE_AFTER_S))
        parameters = {"sent_before": oldest, "limit": BATCH, "reason": INCOMPLETE_REASON}
        with transaction(self._pool) as connection:
            given_up = select(connection, QUERIES["give_up_incomplete_jobs"], parameters)
        for row in given_up:
            JOBS_GIVEN_UP.labels(row["source"]).inc()
        if given_up:
            _log.error(f"Failed {len(given_up)} jobs: {INCOMPLETE_REASON}", first=given_up[0]["job_id"])


def count_tasks(queues: Iterable[Mapping[str, Any]]) -> Tasks:
    """Count tasks that wait or that a worker holds; queues that are not durable hold none."""
    in_order = set_aside = 0
    for queue in queues:
        count = int(queue.get("messages", 0))
        if queue["name"] in {INFERENCE_QUEUE, DEFAULT_QUEUE}:
            in_order += count
        elif queue.get("durable") and queue["name"] != DEAD_LETTER_QUEUE:
            set_aside += count
    return Tasks(in_order=in_order, set_aside=set_aside)


def loss_horizon(now: datetime, tasks: Tasks, *, judged_up_to: datetime | None) -> datetime | None:
    """Return the time before which a task was sent that is lost if it is not judged by now."""
    seen = []
    if judged_up_to is not None and not tasks.set_aside:
        seen.append(min(now, judged_up_to))
    if not tasks.in_order and not tasks.set_aside:
        seen.append(now)
    return max(seen) - timedelta(seconds=GRACE_S) if seen else None


def failed_row(lost: LostInput, reason: str, now: datetime) -> SubsystemInference:
    """Build the row that ends a lost task."""
    return SubsystemInference(
        job_id=lost.job.job_id,
        subsystem=lost.subsystem,
        model_name=lost.model_name,
        model_version="none",
        status=JobStatus.FAILED,
        verdict=None,
        input_data=lost.input_data,
        input_features=lost.input_features,
        started_at=now,
        completed_at=now,
        error_message=reason,
        processed_by=SERVICE,
    )


def _place(lost: LostInput) -> Mapping[str, Any]:
    return {"created_at": lost.job.created_at, "job_id": lost.job.job_id, "subsystem": lost.subsystem}


def _lost_input(row: Row) -> LostInput:
    return LostInput(
        job=Job(
            job_id=row["job_id"],
            satellite_id=row["satellite_id"],
            source=row["source"],
            trigger_reason=row["trigger_reason"],
            total_subsystems=row["total_subsystems"],
            created_at=row["created_at"],
            metadata=row["metadata"] or {},
        ),
        subsystem=row["subsystem"],
        model_name=row["model_name"],
        input_data=row["input_data"],
        input_features=tuple(row["input_features"] or ()),
        attempts=row["attempts"],
    )

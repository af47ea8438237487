"""RabbitMQ's queues of tasks, and the Celery workers that take them."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from kombu.exceptions import KombuError

from operation_server.health.probes import PROBE_TIMEOUT_S, Unavailable
from operation_server.pipeline.schemas import RabbitMQPart, TaskQueue, Worker, WorkersPart
from operation_server.pipeline.thresholds import (
    ADVICE,
    Finding,
    queue_state,
    state_and_detail,
    unavailable,
    without_normal,
)
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.tasks import DEAD_LETTER_QUEUE, DEFAULT_QUEUE, INFERENCE_QUEUE
from telemetry_core.rabbitmq import queue_listing

REMEMBERED_S: Final = 300.0
"""A worker that was there and answers no more is shown for so long."""
QUEUES: Final = (INFERENCE_QUEUE, DEFAULT_QUEUE, DEAD_LETTER_QUEUE)


def queues_probe(broker: Any) -> Callable[[], list[TaskQueue]]:
    """Ask RabbitMQ for the queues of tasks."""
    listing = queue_listing(broker, timeout_s=PROBE_TIMEOUT_S)

    def ask() -> list[TaskQueue]:
        listed = {item["name"]: item for item in listing()}
        return [_queue(listed[name]) for name in QUEUES if name in listed]

    return ask


def _queue(item: Mapping[str, Any]) -> TaskQueue:
    if "messages_ready" not in item or "consumers" not in item:
        raise DependencyUnavailable("rabbitmq", "it has not counted its queues yet; it does within seconds")
    return TaskQueue(
        queue=item["name"],
        ready=item["messages_ready"],
        unacknowledged=item["messages_unacknowledged"],
        consumers=item["consumers"],
        state=queue_state(item["name"], item["messages_ready"]),
    )


class WorkersProbe:
    """Asks all workers over the broker; those that are silent are remembered for a while."""

    def __init__(self, broker: Any, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._broker = broker
        self._monotonic = monotonic
        self._seen_at: dict[str, float] = {}

    def __call__(self) -> list[Worker]:
        """Ask."""
        with self._broker.connection_for_write(connect_timeout=PROBE_TIMEOUT_S) as connection:
            try:
                connection.ensure_connection(max_retries=1, interval_start=0)
                statistics, active = self._replies(connection)
            except (KombuError, OSError, *connection.connection_errors) as error:
                raise DependencyUnavailable("rabbitmq", str(error)) from error
        return self.workers_of(statistics, active)

    def _replies(self, connection: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        ask = self._broker.control.inspect
        statistics = ask(timeout=PROBE_TIMEOUT_S, connection=connection).stats() or {}
        if not statistics:
            return {}, {}
        # as many replies as there are workers, instead of waiting for more
        active = ask(timeout=PROBE_TIMEOUT_S, connection=connection, limit=len(statistics)).active() or {}
        return statistics, active

    def workers_of(self, statistics: Mapping[str, Any], active: Mapping[str, Any]) -> list[Worker]:
        """List those that answered and those that did lately, by name."""
        now = self._monotonic()
        self._seen_at.update(dict.fromkeys(statistics, now))
        self._seen_at = {name: at for name, at in self._seen_at.items() if now - at <= REMEMBERED_S}
        return [_worker(name, statistics.get(name), active.get(name)) for name in sorted(self._seen_at)]


def _worker(name: str, statistics: Mapping[str, Any] | None, active: list[Any] | None) -> Worker:
    return Worker(
        worker=name,
        is_alive=statistics is not None,
        active=None if active is None else len(active),
        concurrency=None if statistics is None else statistics["pool"]["max-concurrency"],
        processed=None if statistics is None else sum(statistics["total"].values()),
    )


def rabbitmq_part(answer: list[TaskQueue] | Unavailable) -> tuple[RabbitMQPart, list[Finding]]:
    """Judge the queues of tasks; all of them must be there."""
    if isinstance(answer, Unavailable):
        findings = unavailable(answer)
        return RabbitMQPart(**state_and_detail(findings), queues=[]), findings
    missing = [name for name in QUEUES if name not in {row.queue for row in answer}]
    findings = without_normal(
        *(Finding(state=row.state, message=_queue_message(row)) for row in answer),
        *(
            Finding(
                state="caution",
                message=f"queue {name} is missing: housekeeping declares it again within 30 s",
            )
            for name in missing
        ),
    )
    return RabbitMQPart(**state_and_detail(findings), queues=answer), findings


def _queue_message(row: TaskQueue) -> str:
    if row.queue == DEAD_LETTER_QUEUE:
        return f"{row.ready} tasks were refused: check the dead letters and the worker's log"
    return (
        f"queue {row.queue}: {row.ready} tasks wait for {row.consumers} consumers: see the workers and Triton"
    )


def workers_part(answer: list[Worker] | Unavailable) -> tuple[WorkersPart, list[Finding]]:
    """Judge the workers: without one nothing is analysed."""
    if isinstance(answer, Unavailable):
        findings = unavailable(answer)
        return WorkersPart(**state_and_detail(findings), workers=[]), findings
    findings = [
        Finding(state="serious", message=f"{worker.worker} no longer answers: see its log")
        for worker in answer
        if not worker.is_alive
    ]
    if not any(worker.is_alive for worker in answer):
        findings.append(
            Finding(state="critical", message=f"no worker answers, nothing is analysed: {ADVICE}")
        )
    return WorkersPart(**state_and_detail(findings), workers=answer), findings

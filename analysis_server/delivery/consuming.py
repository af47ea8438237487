"""The worker's task consumer: its liveness, and how many tasks RabbitMQ has waiting for it."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import structlog
from amqp.exceptions import NotFound
from celery import Celery, bootsteps
from celery.worker import state
from celery.worker.consumer import Consumer
from kombu.exceptions import KombuError

from analysis_server.windows.reading import MAX_REASON_LENGTH
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.service.liveness import Backlog, Liveness, Loop, Work
from telemetry_core.service.observability import TASKS_REFUSED

BROKER: Final = "rabbitmq"
TICK_S: Final = 1.0
ANSWER_S: Final = 5.0
BODY_PARTS: Final = 3
DELAYING_HEADERS: Final = ("eta", "expires")

_log = structlog.get_logger(__name__)
_celery_log = logging.getLogger(__name__)


class Reporting(bootsteps.StartStopStep):
    """Reports each turn of the event loop, and takes up a queue from which consuming was cancelled."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, parent: Any) -> None:
        """Begin with each new connection: the timer of the last one ended with it."""
        parent.timer.call_repeatedly(TICK_S, report, (parent, parent.loop_report))


def report(consumer: Any, loop: Loop) -> None:
    """Say that the event loop came round, and whether it consumes from every queue."""
    loop.tick()
    cancelled = [
        queue.name
        for queue in consumer.app.conf.task_queues
        if not consumer.task_consumer.consuming_from(queue.name)
    ]
    loop.ready(is_ready=not cancelled)
    for name in cancelled:
        _log.warning(f"RabbitMQ cancelled the consumer of queue {name}; subscribing again")
        consumer.add_task_queue(name)


class TaskConsumer(Consumer):
    """Celery's consumer as this platform runs it.

    It goes without delayed delivery, for no task here has an ETA and its 28 queues stay away, and it reports.
    """

    loop_report: ClassVar[Loop]

    class Blueprint(Consumer.Blueprint):  # type: ignore[valid-type, misc]
        """The start steps of the consumer."""

        default_steps: ClassVar = [
            step for step in Consumer.Blueprint.default_steps if not step.endswith(":DelayedDelivery")
        ]

    def create_task_handler(self, *arguments: Any, **named: Any) -> Callable[[Any], None]:
        """Take tasks as Celery does; what can't be read, or is not due yet, is a dead letter at once."""
        receive = super().create_task_handler(*arguments, **named)

        passing: tuple[type[Exception], ...] = (DependencyUnavailable, *self.broker_errors())

        def receive_or_refuse(message: Any) -> None:
            try:
                fault = fault_of(message.headers) or fault_of_body(message.payload)
                if fault is None:
                    receive(message)
            except passing:
                raise
            except Exception as error:  # noqa: BLE001 - one message must not end the worker
                fault = f"{type(error).__name__}: {error}"
            if fault is not None:
                self.refuse(message, fault)

        return receive_or_refuse

    def broker_errors(self) -> tuple[type[Exception], ...]:
        """Return what says that the connection broke, not that a message is wrong."""
        errors: tuple[type[Exception], ...] = (*self.connection_errors, *self.channel_errors)  # type: ignore[attr-defined]
        return errors

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Refuse what Celery would acknowledge into nothing."""
        self.refuse(message, f"{type(exc).__name__}: {exc}")

    def on_unknown_task(self, _body: Any, message: Any, exc: Exception) -> None:
        """Refuse without a word to a result backend that nobody reads."""
        self.refuse(message, f"unknown task {str(exc)[:100]}")

    def refuse(self, message: Any, reason: str) -> None:
        """Send a message to the dead letters and log why."""
        TASKS_REFUSED.labels("malformed").inc()
        _log.error(f"Message refused and sent to the queue dead-letters: {reason[:MAX_REASON_LENGTH]}")
        if not message.acknowledged:
            message.reject_log_error(_celery_log, self.broker_errors())

    def connect(self) -> Any:
        """Connect, however long that takes while RabbitMQ is unavailable."""
        self.loop_report.hold(BROKER)
        connection = super().connect()
        self.loop_report.tick()
        return connection


def fault_of(headers: Any) -> str | None:
    """Say why a message is no task for now, judging by its headers; None for one that is.

    A time to start or an end of validity would hold one of the few slots, or let a task go without a trace.
    """
    if not isinstance(headers, Mapping) or not isinstance(headers.get("task"), str):
        return "the headers name no task"
    if not isinstance(headers.get("id"), str):
        return "the headers name no task id"
    if any(headers.get("timelimit") or ()):
        return "timelimit is not supported: a model call has its own"
    for name in DELAYING_HEADERS:
        if headers.get(name):
            return f"{name} is not supported: send the task when it is due"
    return None


def fault_of_body(body: Any) -> str | None:
    """Say why a body is not that of a task of ours: arguments, named arguments, and nothing that follows."""
    if not isinstance(body, list | tuple) or len(body) != BODY_PARTS:
        return "the body is not [arguments, named arguments, options]"
    arguments, named, options = body
    if not isinstance(arguments, list | tuple) or not isinstance(named, dict):
        return "the body holds no list of arguments and object of named ones"
    if not isinstance(options, dict | None) or any((options or {}).values()):
        return "callbacks, chains and chords are not supported: send each task by itself"
    return None


def supervise(app: Celery, liveness: Liveness) -> None:
    """Let the application's worker run the consumer that reports to `liveness`."""
    backlog = Backlog(server=BROKER, ask=QueueQuestion(app))
    TaskConsumer.loop_report = liveness.loop("task consumer", backlog=backlog)
    app.conf.worker_consumer = f"{TaskConsumer.__module__}:{TaskConsumer.__qualname__}"
    app.steps["consumer"].add(Reporting)


class QueueQuestion:
    """Asks RabbitMQ, over a connection of its own, how many tasks wait while this worker has none."""

    def __init__(
        self, app: Celery, *, is_busy: Callable[[], bool] = lambda: bool(state.active_requests)
    ) -> None:
        self._app = app
        self._is_busy = is_busy
        self._connection: Any = None

    def __call__(self) -> Work:
        """Ask; a queue that is missing is one that the worker lost."""
        try:
            ready = sum(self._ready(queue.name) for queue in self._app.conf.task_queues)
        except Exception as error:
            if self._connection is None or not isinstance(
                error,
                (KombuError, OSError, *self._connection.connection_errors, *self._connection.channel_errors),
            ):
                raise
            self._connection.collect(socket_timeout=ANSWER_S)
            self._connection = None
            raise DependencyUnavailable(BROKER, str(error)) from error
        return Work(waiting=0 if self._is_busy() else ready, position=state.all_total_count[0])

    def _ready(self, queue: str) -> int:
        if self._connection is None:
            self._connection = self._app.connection_for_read(
                connect_timeout=ANSWER_S,
                transport_options={"read_timeout": ANSWER_S, "write_timeout": ANSWER_S},
            )
        with self._connection.channel() as channel:
            try:
                return int(channel.queue_declare(queue, passive=True).message_count)
            except NotFound:
                return 1

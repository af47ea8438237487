"""The worker's consumer of tasks as it reports of itself, and RabbitMQ's word on what waits for it."""

from collections.abc import Callable
from typing import Any, ClassVar, Final

import structlog
from amqp.exceptions import NotFound
from celery import Celery, bootsteps
from celery.worker import state
from celery.worker.consumer import Consumer
from kombu.exceptions import KombuError

from telemetry_core.errors import DependencyUnavailable
from telemetry_core.liveness import Backlog, Liveness, Loop, Work

BROKER: Final = "rabbitmq"
TICK_S: Final = 1.0
ANSWER_S: Final = 5.0

_log = structlog.get_logger(__name__)


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
        _log.warning(f"Consuming from queue {name} was cancelled; it is taken up again")
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

    def connect(self) -> Any:
        """Connect, however long that takes while RabbitMQ is away."""
        self.loop_report.hold(BROKER)
        connection = super().connect()
        self.loop_report.tick()
        return connection


def supervise(app: Celery, liveness: Liveness) -> None:
    """Let the application's worker run the consumer that reports to `liveness`."""
    backlog = Backlog(server=BROKER, ask=QueueQuestion(app))
    TaskConsumer.loop_report = liveness.loop("task consumer", backlog=backlog)
    app.conf.worker_consumer = f"{TaskConsumer.__module__}:{TaskConsumer.__qualname__}"
    app.steps["consumer"].add(Reporting)


class QueueQuestion:
    """Asks RabbitMQ, over a connection of its own, for the tasks that wait while this worker has none."""

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
                error, (KombuError, OSError, *self._connection.connection_errors)
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

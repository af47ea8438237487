"""The housekeeping service: no job stays pending, no table grows forever."""

import signal
import threading
from typing import Final

import structlog

from housekeeping.chores import SERVICE, keep_house
from housekeeping.declarations import queues_chore, topics_chore
from housekeeping.learning import learning_chore
from housekeeping.retention import retention_chores
from housekeeping.sweeper import Sweeper
from telemetry_core.contract.tasks import SubmittedTask
from telemetry_core.postgres.database import open_pool
from telemetry_core.postgres.roles import as_service
from telemetry_core.rabbitmq import celery_app, definitions, publish, queue_listing
from telemetry_core.service.liveness import Liveness
from telemetry_core.service.observability import configure_logging, serve_metrics, start_tracing
from telemetry_core.service.settings import Settings

ANSWER_TIMEOUT_S: Final = 5.0

_log = structlog.get_logger(SERVICE)


def main() -> None:
    """Run until SIGTERM."""
    configure_logging(SERVICE)
    start_tracing(SERVICE, "requests")
    settings = Settings()
    pool = open_pool(as_service(settings, SERVICE), max_connections=2, application_name=SERVICE)
    liveness = Liveness()
    serve_metrics(settings, liveness.problems)
    app = celery_app(SERVICE, settings)

    def send(task: SubmittedTask) -> None:
        publish(app, task.name, args=task.arguments, task_id=task.task_id, summary=task.task_id)

    sweeper = Sweeper(pool, queue_listing(app, timeout_s=ANSWER_TIMEOUT_S), send)
    chores = [
        queues_chore(*definitions(app, timeout_s=ANSWER_TIMEOUT_S)),
        topics_chore(settings),
        sweeper.chore(),
        learning_chore(send),
        *retention_chores(pool, settings),
    ]
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _log.info(f"Running the chores {', '.join(chore.name for chore in chores)}")
    liveness.start()
    keep_house(chores, stop, liveness.loop("chores"))


if __name__ == "__main__":
    main()

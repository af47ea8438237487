"""A task put aside stays the same task, and its log stays short."""

from types import SimpleNamespace
from typing import Any

from celery.app.task import Context
from kombu import Connection, Queue
from structlog.testing import capture_logs

from analysis_server.delivery.parking import PARKED_HEADER, park
from telemetry_core.contract.tasks import PARKED_QUEUE, RUN_INFERENCE
from telemetry_core.rabbitmq import celery_app
from telemetry_core.service.settings import Settings

TASKS = 12


def test_parked_tasks_keep_id_and_arguments_and_count_how_often_and_few_are_logged() -> None:
    settings = Settings(celery_broker_url="memory://parking")
    app = celery_app("test", settings)
    with capture_logs() as lines:
        for number in range(TASKS):
            header = {"id": f"task-{number}", "args": ["j1"], "kwargs": {"a": 1}, PARKED_HEADER: number}
            task: Any = SimpleNamespace(name=RUN_INFERENCE, request=Context(header))
            park(app, task, "gone is not served")
    with Connection(settings.celery_broker_url) as connection, connection.channel() as channel:
        queue = Queue(PARKED_QUEUE, channel=channel)
        found: list[Any] = [queue.get() for _ in range(TASKS)]
    assert [(one.headers["id"], one.headers[PARKED_HEADER]) for one in found] == [
        (f"task-{number}", number + 1) for number in range(TASKS)
    ]
    assert [one.decode()[:2] for one in found] == [[["j1"], {"a": 1}]] * TASKS
    told = [line["event"] for line in lines if line["event"].startswith("gone is not served")]
    assert 1 <= len(told) < TASKS

"""Messages on the worker's queue that are no task: all are dead letters, and tasks behind them are judged."""

import uuid

import pytest
import requests

from telemetry_core.contract.tasks import PARKED_QUEUE, RUN_SUBSYSTEM_INFERENCE
from telemetry_core.rabbitmq import celery_app, parked_queue, publish
from telemetry_core.service.settings import Settings
from testbed.running_platform import HTTP_TIMEOUT_S, Platform
from testbed.supervised import WORKER, wait_until
from tests.e2e.failures.hostile_tasks import MODEL, dead_marks, send_hostile_tasks

pytestmark = pytest.mark.e2e

WITHIN_S = 60


def test_what_is_no_task_is_a_dead_letter_and_stops_nothing(platform: Platform) -> None:
    pid = platform.supervised.pid(WORKER)
    marks = send_hostile_tasks()
    answer = requests.post(
        f"{platform.api_url}/inference/submit",
        json={"model_name": MODEL, "data": [float(n % 7) for n in range(30)]},
        timeout=HTTP_TIMEOUT_S,
    )
    answer.raise_for_status()
    wait_until(
        lambda: platform.query(
            "SELECT 1 FROM inference_jobs WHERE job_id = %s AND status = 'completed'",
            answer.json()["job_id"],
        ),
        "the task behind them is judged",
        within_s=WITHIN_S,
        every_s=0.5,
    )
    wait_until(lambda: marks.keys() <= dead_marks(), f"all of {marks} are dead letters", within_s=WITHIN_S)
    assert platform.supervised.pid(WORKER) == pid


def test_batch_of_a_later_release_waits_for_a_worker_that_reads_it(platform: Platform) -> None:
    broker = celery_app("tests", Settings())
    with broker.connection_for_write() as connection, connection.channel() as channel:
        aside = parked_queue()(channel)
        aside.declare()
        aside.purge()
        try:
            publish(
                broker, RUN_SUBSYSTEM_INFERENCE, kwargs={"batch": {"schema": 99}}, task_id=str(uuid.uuid4())
            )
            wait_until(lambda: platform.tasks_in(PARKED_QUEUE) == 1, "it waits aside", within_s=30)
        finally:
            aside.purge()

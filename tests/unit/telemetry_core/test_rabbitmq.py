"""Where a task goes, by its name or aside; and what is not even unpacked."""

import zlib
from typing import Any

import pytest
from kombu import Connection, Queue
from kombu.exceptions import DecodeError
from kombu.message import Message

from telemetry_core.contract.tasks import INFERENCE_QUEUE, PARKED_QUEUE, RUN_INFERENCE
from telemetry_core.rabbitmq import celery_app, parked_queue, publish
from telemetry_core.service.settings import Settings


@pytest.mark.parametrize(("queue", "expected"), [(None, INFERENCE_QUEUE), (parked_queue(), PARKED_QUEUE)])
def test_parked_task_goes_aside_and_not_to_the_queue_of_its_name(queue: Any, expected: str) -> None:
    settings = Settings(celery_broker_url=f"memory://{expected}")
    app = celery_app("test", settings)
    publish(app, RUN_INFERENCE, args=["job"], task_id="one", queue=queue, headers={"parked": 1})
    with Connection(settings.celery_broker_url) as connection, connection.channel() as channel:
        message = Queue(expected, channel=channel).get()
    assert message is not None
    headers: dict[str, Any] = message.headers
    assert (headers["id"], headers["parked"]) == ("one", 1)


@pytest.mark.parametrize("compression", ["application/x-gzip", "zlib", "bzip2", "lzma"])
def test_compressed_body_is_refused_before_it_is_unpacked(compression: str) -> None:
    celery_app("tests", Settings())
    packed: Any = zlib.compress(b"0" * 1_000_000)
    message = Message(body=packed, content_type="application/json", headers={"compression": compression})
    assert message.body == packed
    errors: Any = message.errors
    ((_, error, _),) = errors
    assert isinstance(error, DecodeError)

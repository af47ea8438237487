"""Where a task goes, by its name or aside; and what is not even unpacked."""

import json
import zlib
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

import pytest
from kombu import Connection, Queue
from kombu.exceptions import DecodeError
from kombu.message import Message

from telemetry_core import rabbitmq as broker
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.tasks import INFERENCE_QUEUE, PARKED_QUEUE, RUN_INFERENCE
from telemetry_core.rabbitmq import celery_app, definitions, parked_queue, publish, queue_listing
from telemetry_core.service.settings import Settings
from tests.http_server import serving


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


def test_management_is_asked_for_the_queues_of_the_brokers_virtual_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, str, bytes]] = []
    answers = [b"[]", b"{}", b"", b"no JSON"]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append((self.command, self.path, content))
            body = answers.pop(0)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the handler's name

        def log_message(self, *_: object) -> None: ...

    with serving(Handler) as url:
        monkeypatch.setattr(broker, "MANAGEMENT_PORT", urlsplit(url).port)
        app = celery_app("test", Settings(celery_broker_url="amqp://guest:guest@127.0.0.1:1//a/b"))
        queues = queue_listing(app, timeout_s=5)
        held, declare = definitions(app, timeout_s=5)
        assert (queues(), held()) == ([], {})
        declare({"queues": []})
        with pytest.raises(DependencyUnavailable, match="management API"):
            queues()
    assert [(method, path) for method, path, _ in asked] == [
        ("GET", "/api/queues/%2Fa%2Fb"),
        ("GET", "/api/definitions/%2Fa%2Fb"),
        ("POST", "/api/definitions/%2Fa%2Fb"),
        ("GET", "/api/queues/%2Fa%2Fb"),
    ]
    assert json.loads(asked[2][2]) == {"queues": []}


def test_task_without_a_broker_is_rabbitmq_away() -> None:
    app = celery_app("test", Settings(celery_broker_url="amqp://guest:guest@127.0.0.1:1//"))
    with pytest.raises(DependencyUnavailable, match="rabbitmq unavailable"):
        publish(app, RUN_INFERENCE, args=["job"], task_id="one")

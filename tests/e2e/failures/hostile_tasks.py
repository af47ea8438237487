"""Task bodies that no worker can read, in the queue of the worker: each must end as a dead letter."""

import json
import secrets
import zlib
from collections.abc import Mapping
from typing import Any, Final

from kombu import Connection, Exchange
from kombu.pools import producers

from testbed.running_platform import Platform
from testbed.supervised import Supervised, address

EXCHANGE: Final = "analysis"
ROUTING_KEY: Final = "inference"
DEAD_LETTER_QUEUE: Final = "dead-letters"
TASK: Final = "analysis_server.tasks.run_inference"
BATCH_TASK: Final = "analysis_server.tasks.run_subsystem_inference"
MODEL: Final = "lstm_timeseries"
MARK: Final = "chaos-mark"
SEVERAL: Final = 2_000


def hostile_tasks() -> dict[str, tuple[bytes, dict[str, Any]]]:
    """Name to body and properties of a message."""
    headers = {"task": TASK, "id": "chaos", "lang": "py"}
    plain = {"content_type": "application/json", "content_encoding": "utf-8"}
    batch = {**plain, "headers": {**headers, "task": BATCH_TASK}}

    def arguments(*values: Any, **named: Any) -> bytes:
        return json.dumps([values, named, {}]).encode()

    return {
        "no content type": (b"{}", {"content_type": "", "content_encoding": "", "headers": {}}),
        "no json": (b"{broken", {**plain, "headers": headers}),
        "bad utf-8": (b"\xff\xfe\x00", {**plain, "headers": headers}),
        "pickle": (b"\x80\x04.", {"content_type": "application/x-python-serialize", "headers": headers}),
        "unknown task": (arguments(), {**plain, "headers": {**headers, "task": "nobody.knows"}}),
        "no arguments": (arguments(), {**plain, "headers": headers}),
        "no headers": (arguments(), {**plain, "headers": {}}),
        "due in 2099": (arguments(), {**plain, "headers": {**headers, "eta": "2099-01-01T00:00:00+00:00"}}),
        "data a string": (arguments("chaos", MODEL, "abc"), {**plain, "headers": headers}),
        "id with NUL": (arguments("chaos\0", MODEL, [1.0] * 12), {**plain, "headers": headers}),
        "20 MB": (arguments("chaos", MODEL, [1] * 7_000_000), {**plain, "headers": headers}),
        "compressed": (
            zlib.compress(b"\0" * 200_000_000),
            {**plain, "headers": {**headers, "compression": "application/x-gzip"}},
        ),
        "batch without jobs": (arguments(batch={"schema": 2, "jobs": []}), batch),
        "batch of no schema": (arguments(batch={}), batch),
        "batch that is a list": (arguments(batch=[1, 2]), batch),
    }


def send_hostile_tasks() -> dict[str, str]:
    """Put one of each into the worker's queue; return mark to name."""
    marks: dict[str, str] = {}
    with Connection(address("CELERY_BROKER_URL", "amqp://guest:guest@localhost:5672//")) as connection:
        for name, (body, properties) in hostile_tasks().items():
            mark = secrets.token_hex(8)
            _publish(connection, body, {**properties, "headers": {**properties["headers"], MARK: mark}})
            marks[mark] = name
    return marks


def dead_marks() -> set[str]:
    """Return the marks of dead letters: those in the queue, which stay there, and those gathered already."""
    # In this order: what is gathered in between is in both.
    in_the_queue = _marks_in_the_queue()
    gathered = Platform(supervised=Supervised()).query(
        "SELECT headers->>%s FROM ops.dead_letters WHERE headers ? %s", MARK, MARK
    )
    return in_the_queue | {mark for (mark,) in gathered}


def _marks_in_the_queue() -> set[str]:
    with Connection(address("CELERY_BROKER_URL", "amqp://guest:guest@localhost:5672//")) as connection:
        channel: Any = connection.default_channel
        found: set[str] = set()
        # What is not acknowledged goes back when the channel closes.
        for _ in range(SEVERAL):
            message = channel.basic_get(DEAD_LETTER_QUEUE, no_ack=False)
            if message is None:
                break
            found |= {value for name, value in (message.headers or {}).items() if name == MARK}
        return found


def _publish(connection: Connection, body: bytes, properties: Mapping[str, Any]) -> None:
    with producers[connection].acquire(block=True) as producer:
        producer.publish(
            body,
            exchange=Exchange(EXCHANGE, type="topic", passive=True),
            routing_key=ROUTING_KEY,
            serializer=None,
            **properties,
        )

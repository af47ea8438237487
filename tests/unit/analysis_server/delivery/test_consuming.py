"""Which messages are no tasks for now, judged by headers and body; and what waits while a worker has none."""

from functools import partial
from types import SimpleNamespace
from typing import Any, Self

import pytest
from amqp.exceptions import NotFound
from kombu.exceptions import OperationalError

from analysis_server.delivery.consuming import QueueQuestion, TaskConsumer, fault_of, fault_of_body, report
from analysis_server.delivery.parking import header_count
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.service.liveness import Liveness

TASK = {"task": "tasks.run", "id": "1", "eta": None, "timelimit": [None, None]}


def test_task_for_now_is_taken() -> None:
    assert fault_of(TASK) is None
    assert fault_of({"task": "tasks.run", "id": "1"}) is None
    assert fault_of_body([[], {}, None]) is None
    assert fault_of_body(((), {"batch": {}}, {"chain": None, "callbacks": None})) is None


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (None, "name no task"),
        ({"task": 7, "id": "1"}, "name no task"),
        ({"task": "tasks.run", "id": 1}, "no task id"),
        (TASK | {"timelimit": [None, 5]}, "timelimit is not supported"),
        (TASK | {"eta": "2036-01-01T00:00:00"}, "eta is not supported"),
        (TASK | {"expires": 5}, "expires is not supported"),
    ],
)
def test_headers_of_no_task_for_now_are_refused_with_what_is_wrong(headers: Any, reason: str) -> None:
    assert reason in (fault_of(headers) or "")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, "not [arguments"),
        ([[], {}], "not [arguments"),
        (["a", {}, None], "no list of arguments"),
        ([[], [], None], "no list of arguments"),
        ([[], {}, []], "are not supported"),
        ([[], {}, {"chain": [1]}], "are not supported"),
    ],
)
def test_body_that_holds_more_or_less_than_arguments_is_refused(body: Any, reason: str) -> None:
    assert reason in (fault_of_body(body) or "")


@pytest.mark.parametrize(("value", "count"), [(3, 3), (None, 0), (-1, 0), (True, 0), ("3", 0)])
def test_header_that_is_no_count_counts_as_none(value: Any, count: int) -> None:
    task: Any = SimpleNamespace(request={"parked": value})
    assert header_count(task, "parked") == count


class Broker:
    """An application with two queues, of which `missing` is not there; `error` comes instead of an answer."""

    connection_errors = (ConnectionError,)
    channel_errors = ()

    def __init__(self, *, missing: str = "", error: Exception | None = None) -> None:
        queues = [SimpleNamespace(name=name) for name in ("inference", "recording")]
        self.conf = SimpleNamespace(task_queues=queues)
        self.error = error
        self._missing = missing
        self.collected = 0

    def connection_for_read(self, **_: Any) -> "Broker":
        return self

    def collect(self, *, socket_timeout: float) -> None:
        self.collected += 1

    def channel(self) -> "Broker":
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def queue_declare(self, queue: str, *, passive: bool) -> Any:
        assert passive
        if self.error is not None:
            raise self.error
        if queue == self._missing:
            raise NotFound
        return SimpleNamespace(message_count=5)


@pytest.mark.parametrize(
    ("missing", "is_busy", "waiting"), [("", False, 10), ("recording", False, 6), ("", True, 0)]
)
def test_tasks_wait_for_an_idle_worker_and_a_lost_queue_counts(
    missing: str, waiting: int, *, is_busy: bool
) -> None:
    app: Any = Broker(missing=missing)
    assert QueueQuestion(app, is_busy=lambda: is_busy)().waiting == waiting


@pytest.mark.parametrize("error", [OperationalError("gone"), OSError("gone"), ConnectionError("gone")])
def test_broker_that_does_not_answer_is_away_and_asked_anew_later(error: Exception) -> None:
    app: Any = Broker(error=error)
    question = QueueQuestion(app, is_busy=lambda: False)
    with pytest.raises(DependencyUnavailable, match="gone"):
        question()
    assert app.collected == 1
    app.error = None
    assert question().waiting == 10


def test_error_of_our_own_is_no_broker_away() -> None:
    app: Any = Broker(error=KeyError("ours"))
    with pytest.raises(KeyError):
        QueueQuestion(app, is_busy=lambda: False)()


def test_queue_from_which_consuming_was_cancelled_is_taken_up_again() -> None:
    taken_up: list[str] = []
    loop = Liveness(end=lambda _: None).loop("task consumer")
    queues = [SimpleNamespace(name="inference"), SimpleNamespace(name="recording")]
    consumer = SimpleNamespace(
        app=SimpleNamespace(conf=SimpleNamespace(task_queues=queues)),
        task_consumer=SimpleNamespace(consuming_from=lambda name: name == "inference" or name in taken_up),
        add_task_queue=taken_up.append,
    )
    report(consumer, loop)
    assert (taken_up, loop.report.is_ready) == (["recording"], False)
    report(consumer, loop)
    assert (taken_up, loop.report.is_ready) == (["recording"], True)


class Received:
    """A message of which the broker knows, or no longer knows, that it is not acknowledged yet."""

    def __init__(self, *, acknowledged: bool) -> None:
        self.acknowledged = acknowledged
        self.rejected = 0

    def reject_log_error(self, *_: object) -> None:
        self.rejected += 1


@pytest.mark.parametrize(("acknowledged", "rejected"), [(False, 1), (True, 0)])
def test_message_of_an_unknown_task_or_that_can_not_be_decoded_is_rejected_once(
    rejected: int, *, acknowledged: bool
) -> None:
    consumer: Any = TaskConsumer.__new__(TaskConsumer)
    consumer.connection_errors, consumer.channel_errors = (ConnectionError,), ()
    for refuse in (consumer.on_decode_error, partial(consumer.on_unknown_task, None)):
        message = Received(acknowledged=acknowledged)
        refuse(message, KeyError("tasks.other"))
        assert message.rejected == rejected

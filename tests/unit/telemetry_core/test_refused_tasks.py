"""Which errors of a broker say that it is away, and which that the task is wrong."""

from typing import Any

import pytest
from amqp.exceptions import ConnectionForced, NotFound
from kombu.exceptions import EncodeError, OperationalError

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.tasks import RUN_INFERENCE
from telemetry_core.rabbitmq import celery_app, publish
from telemetry_core.service.settings import Settings


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OperationalError("refused"), DependencyUnavailable),
        (ConnectionResetError("reset"), DependencyUnavailable),
        (ConnectionForced("the node stops"), DependencyUnavailable),
        (NotFound("no exchange"), DependencyUnavailable),
        (ValueError("not a task"), ValueError),
    ],
)
def test_error_of_the_connection_is_rabbitmq_away_and_one_of_ours_is_not(
    error: Exception, raised: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise error

    app = celery_app("test", Settings(celery_broker_url="amqp://guest:secret@127.0.0.1:1//"))
    monkeypatch.setattr(app, "send_task", refuse)
    with pytest.raises(raised) as found:
        publish(app, RUN_INFERENCE, args=["job"], task_id="one")
    assert "secret" not in str(found.value)


def test_task_that_can_not_be_encoded_is_no_broker_away() -> None:
    app = celery_app("test", Settings(celery_broker_url="memory://encoding"))
    with pytest.raises(EncodeError):
        publish(app, RUN_INFERENCE, args=[object()], task_id="one")

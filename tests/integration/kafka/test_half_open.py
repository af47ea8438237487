"""A network that loses packets leaves connections half open: nobody may wait on one for ever."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from celery import Celery
from kombu import Connection

from benchmarks.platform.stream.trigger import own_vhost
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.tasks import RUN_INFERENCE
from telemetry_core.rabbitmq import ANSWER_TIMEOUT_S, CONFIRM_TIMEOUT_S, celery_app, publish
from telemetry_core.service.settings import Settings
from tests.integration.servers.silent_proxy import SilentProxy, silent_proxy

pytestmark = pytest.mark.integration

ENOUGH_S: Final = 4 * (CONFIRM_TIMEOUT_S + ANSWER_TIMEOUT_S)


@pytest.fixture
def settings() -> Iterator[Settings]:
    with own_vhost(Settings()) as private:
        yield private


@pytest.fixture
def proxy(settings: Settings) -> Iterator[SilentProxy]:
    server = urlsplit(settings.celery_broker_url)
    with silent_proxy(server.hostname or "", server.port or 5672) as opened:
        yield opened


def app_behind(proxy: SilentProxy, settings: Settings) -> Celery:
    server = urlsplit(settings.celery_broker_url)
    login, _, _ = server.netloc.rpartition("@")
    url = server._replace(netloc=f"{login}@127.0.0.1:{proxy.port}").geturl()
    return celery_app("half-open", settings.model_copy(update={"celery_broker_url": url}))


def send(app: Celery) -> None:
    publish(app, RUN_INFERENCE, args=["job"], task_id=str(uuid.uuid4()))


def outcome_of(action: Callable[[], None]) -> BaseException | None:
    """Return what it raised, or fail if it does not end."""
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(action).exception(ENOUGH_S)
    finally:
        pool.shutdown(wait=False)


def test_publisher_drops_a_silent_connection_and_resumes_once_it_works(
    settings: Settings, proxy: SilentProxy
) -> None:
    app = app_behind(proxy, settings)
    send(app)
    proxy.is_silent = True
    assert isinstance(outcome_of(lambda: send(app)), DependencyUnavailable)
    assert isinstance(outcome_of(lambda: send(app)), DependencyUnavailable)
    proxy.is_silent = False
    assert outcome_of(lambda: send(app)) is None


def test_way_that_is_silent_from_the_beginning_is_an_outage(settings: Settings, proxy: SilentProxy) -> None:
    proxy.is_silent = True
    assert isinstance(outcome_of(lambda: send(app_behind(proxy, settings))), DependencyUnavailable)


@pytest.mark.parametrize("answers", [3, 4], ids=["no channel", "no confirm mode"])
def test_connection_that_goes_silent_before_it_is_of_use_is_an_outage(
    settings: Settings, proxy: SilentProxy, answers: int
) -> None:
    proxy.most_answers = answers
    assert isinstance(outcome_of(lambda: send(app_behind(proxy, settings))), DependencyUnavailable)


def hear_commands(app: Celery, connection: Connection) -> None:
    """Open the control queue of a worker, as Celery's worker does when it connects."""
    control: Any = app.control
    control.mailbox.Node("celery@analysis-worker").listen(connection.channel(), callback=lambda *_: None)


def test_worker_that_connects_again_is_not_locked_out_by_its_half_open_connection(
    settings: Settings, proxy: SilentProxy
) -> None:
    with app_behind(proxy, settings).connection_for_read() as former:
        hear_commands(app_behind(proxy, settings), former)
        proxy.is_silent = True
        direct = celery_app("worker", settings)
        with direct.connection_for_read() as connection, pytest.warns(UserWarning, match="already using"):
            hear_commands(direct, connection)

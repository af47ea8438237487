"""RabbitMQ as both ends see it: queues, the Celery application, the confirmed publish."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import requests
from celery import Celery
from kombu import Exchange, Queue, compression
from kombu.exceptions import DecodeError, EncodeError, KombuError
from requests.auth import HTTPBasicAuth

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.tasks import (
    DEFAULT_QUEUE,
    INFERENCE_QUEUE,
    PARKED_QUEUE,
    RUN_INFERENCE,
    RUN_SUBSYSTEM_INFERENCE,
    TASK_EXCHANGE,
)
from telemetry_core.service.settings import Settings

MANAGEMENT_PORT: Final = 15672
CONFIRM_TIMEOUT_S = 10
"""A broker that runs out of memory or disk stops confirming instead of refusing."""
ANSWER_TIMEOUT_S: Final = 5
"""Any other answer on an open connection: a network that loses packets may leave it half open for ever."""

PARKED_S: Final = 20
"""A parked task is tried again after this time."""


def refuse_compressed_bodies() -> None:
    """Let kombu unpack nothing: a few KB may hold gigabytes, and nobody here compresses a task."""

    def refuse(_body: bytes) -> bytes:
        raise DecodeError("compressed bodies are not accepted")

    for content_type in compression.encoders():
        compression.register(refuse, refuse, content_type)


def celery_app(connection_name: str, settings: Settings) -> Celery:
    """Build an application, not yet connected, whose connections are named `connection_name` in RabbitMQ."""
    refuse_compressed_bodies()
    app = Celery("analysis_server", backend=settings.celery_result_backend)
    app.conf.update(
        # Not broker_url: Celery lets the environment overrule it, and `settings` has read that already.
        broker_read_url=settings.celery_broker_url,
        broker_write_url=settings.celery_broker_url,
        task_queues=_queues(),
        task_default_queue=DEFAULT_QUEUE,
        task_default_exchange=TASK_EXCHANGE,
        task_default_exchange_type="topic",
        task_default_routing_key=DEFAULT_QUEUE,
        task_routes={
            name: {"queue": INFERENCE_QUEUE, "routing_key": INFERENCE_QUEUE}
            for name in (RUN_INFERENCE, RUN_SUBSYSTEM_INFERENCE)
        },
        task_serializer="json",
        accept_content=["json"],
        enable_utc=True,
        # Verdicts live in PostgreSQL; a result backend would only pile up replies that nobody reads.
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_track_started=True,
        task_send_sent_event=True,
        worker_send_task_events=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        # An exclusive control queue belongs to one connection: after a lossy network a worker was locked out
        # until the heartbeat gave its former, half-open connection up. A durable one expires when unused.
        control_queue_exclusive=False,
        control_queue_durable=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_heartbeat=20,
        broker_transport_options={
            "confirm_publish": True,
            "read_timeout": ANSWER_TIMEOUT_S,
            "write_timeout": ANSWER_TIMEOUT_S,
            "client_properties": {"connection_name": connection_name},
        },
    )
    return app


def publish(  # noqa: PLR0913 - a task is its name, arguments and id
    app: Celery,
    task_name: str,
    *,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    task_id: str,
    summary: str = "",
    queue: Queue | None = None,
    headers: Mapping[str, Any] | None = None,
    confirm_timeout_s: float = CONFIRM_TIMEOUT_S,
) -> None:
    """Send one task and return once the broker has it on disk, or raise `DependencyUnavailable`.

    One that is no JSON raises `EncodeError`. `summary` is what Flower shows in place of arguments that may
    fill a megabyte.
    """
    # With the queue alone, Celery's routes would still give the message the routing key of its name.
    destination: dict[str, Any] = {"queue": queue, "routing_key": queue.routing_key} if queue else {}
    try:
        app.send_task(
            task_name,
            args=list(args),
            kwargs=dict(kwargs or {}),
            task_id=task_id,
            ignore_result=True,
            **destination,
            headers=dict(headers or {}),
            argsrepr=summary,
            kwargsrepr="",
            confirm_timeout=confirm_timeout_s,
            retry=True,
            retry_policy={"max_retries": 1, "interval_start": 0},
        )
    except EncodeError:
        raise
    except (KombuError, OSError) as error:
        address = app.connection_for_write().as_uri()
        raise DependencyUnavailable("rabbitmq", f"{address}: {error}") from error
    except Exception as error:
        connection = app.connection_for_write()
        if isinstance(error, connection.connection_errors + connection.channel_errors):
            raise DependencyUnavailable("rabbitmq", str(error)) from error
        raise


def parked_queue() -> Queue:
    """Describe the queue whose tasks RabbitMQ returns after `PARKED_S`; the first task declares it."""
    return Queue(
        PARKED_QUEUE,
        Exchange(TASK_EXCHANGE, type="topic", durable=True),
        routing_key=PARKED_QUEUE,
        durable=True,
        queue_arguments={
            "x-queue-type": "quorum",
            "x-message-ttl": PARKED_S * 1000,
            "x-dead-letter-exchange": TASK_EXCHANGE,
            "x-dead-letter-routing-key": INFERENCE_QUEUE,
            # Only with both does a quorum queue let go of a message no sooner than the next one has it.
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        },
    )


def queue_listing(app: Any, *, timeout_s: float) -> Callable[[], list[dict[str, Any]]]:
    """Ask RabbitMQ's management API, at the broker's host and with its login, for the queues of the host.

    These are the numbers of `rabbitmqctl list_queues`; the server counts them every five seconds.
    """
    call = _management(app, "queues", timeout_s)

    def ask() -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = call("GET", None)
        return listed

    return ask


def definitions(
    app: Any, *, timeout_s: float
) -> tuple[Callable[[], dict[str, Any]], Callable[[Mapping[str, Any]], None]]:
    """Ask RabbitMQ's management API what the host holds: exchanges, queues, bindings; and declare more."""
    call = _management(app, "definitions", timeout_s)

    def ask() -> dict[str, Any]:
        found: dict[str, Any] = call("GET", None)
        return found

    def declare(wanted: Mapping[str, Any]) -> None:
        call("POST", wanted)

    return ask, declare


def _management(app: Any, what: str, timeout_s: float) -> Callable[[str, Any], Any]:
    """Return a function that calls the management API; it returns the answer to a GET."""
    connection = app.connection_for_read()
    virtual_host = quote(connection.virtual_host, safe="")
    url = f"http://{connection.hostname}:{MANAGEMENT_PORT}/api/{what}/{virtual_host}"
    session = requests.Session()
    # As bytes: the client would encode text as Latin-1, which not every password fits.
    user, password = connection.userid or "", connection.password or ""
    session.auth = HTTPBasicAuth(user.encode(), password.encode())

    def call(method: str, body: Any) -> Any:
        try:
            answer = session.request(method, url, json=body, timeout=timeout_s)
            answer.raise_for_status()
            return answer.json() if method == "GET" else None
        except (requests.RequestException, ValueError) as error:
            raise DependencyUnavailable("rabbitmq", f"management API: {error}") from error

    return call


def _queues() -> list[Queue]:
    exchange = Exchange(TASK_EXCHANGE, type="topic", durable=True)
    return [
        Queue(
            name,
            exchange,
            routing_key=name,
            durable=True,
            queue_arguments={"x-queue-type": "quorum"},
        )
        for name in (INFERENCE_QUEUE, DEFAULT_QUEUE)
    ]

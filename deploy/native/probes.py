"""Is a server ready? Each probe answers None, or why not."""

import logging
from collections.abc import Callable
from typing import Any

import psycopg2
import requests
from celery import Celery
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from kombu.exceptions import OperationalError

Probe = Callable[[], str | None]

TIMEOUT_S = 3.0
_SILENT = logging.getLogger("deploy.native.librdkafka")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


def answers_http(url: str, auth: tuple[str, str] | None = None) -> Probe:
    """Ready when `url` answers with a status below 400."""

    def probe() -> str | None:
        try:
            response = requests.get(url, auth=auth, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            return f"{url}: {type(error).__name__}"
        return None if response.ok else f"{url}: status {response.status_code}"

    return probe


def answers_sql(dsn: dict[str, Any]) -> Probe:
    """Ready when the server takes a login and a query; a database still missing counts as ready."""

    def probe() -> str | None:
        try:
            connection = psycopg2.connect(**dsn, connect_timeout=int(TIMEOUT_S))
            connection.close()
        except psycopg2.OperationalError as error:
            return str(error).strip().splitlines()[-1]
        return None

    return probe


def serves_kafka(address: str) -> Probe:
    """Ready when the broker tells its topics."""

    def probe() -> str | None:
        try:
            _admin(address).list_topics(timeout=TIMEOUT_S)
        except KafkaException as error:
            return str(error.args[0].str())
        return None

    return probe


def consumes_in_group(address: str, group: str) -> Probe:
    """Ready when the consumer group has a member that owns partitions."""

    def probe() -> str | None:
        # Held until the answer is there: a client that is let go takes its futures with it.
        admin = _admin(address)
        try:
            future = admin.describe_consumer_groups([group], request_timeout=TIMEOUT_S)[group]
            description = future.result(timeout=TIMEOUT_S + 1)
        except (KafkaException, TimeoutError) as error:
            return f"group {group}: {str(error) or type(error).__name__}"
        state = description.state.name
        has_partitions = any(
            member.assignment and member.assignment.topic_partitions for member in description.members
        )
        return None if has_partitions else f"group {group}: {state}, no partition assigned"

    return probe


def answers_celery_ping(broker_url: str, node: str) -> Probe:
    """Ready when the worker named `node` answers over the broker."""

    def probe() -> str | None:
        with Celery(broker=broker_url, backend="rpc://", set_as_current=False) as app:
            app.conf.broker_connection_timeout = TIMEOUT_S
            try:
                with app.connection_for_write(transport_options={"max_retries": 1}) as connection:
                    connection.ensure_connection(max_retries=1, timeout=int(TIMEOUT_S))
                    replies = app.control.ping(
                        destination=[node], timeout=1.0, limit=1, connection=connection
                    )
            except (OperationalError, OSError) as error:
                return f"broker: {error}"
        return None if replies else f"{node} does not answer"

    return probe


def _admin(address: str) -> AdminClient:
    return AdminClient(
        {"bootstrap.servers": address, "socket.timeout.ms": int(TIMEOUT_S * 1000)}, logger=_SILENT
    )

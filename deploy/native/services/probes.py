"""Is a server ready? Each probe answers None, or why not."""

import logging
from collections.abc import Callable
from typing import Any

import psycopg2
import requests
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from telemetry_core.service.observability import HEALTH_PATH

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


def does_its_work(bind: str, metrics_port: int) -> Probe:
    """Ready when a service of ours says that its loops take work; otherwise it says why not."""

    def probe() -> str | None:
        url = f"http://{bind}:{metrics_port}{HEALTH_PATH}"
        try:
            response = requests.get(url, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            return f"{url}: {type(error).__name__}"
        return None if response.ok else "; ".join(response.text.splitlines())

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
    """Ready when the broker lists its topics."""

    def probe() -> str | None:
        try:
            _admin(address).list_topics(timeout=TIMEOUT_S)
        except KafkaException as error:
            return str(error.args[0].str())
        return None

    return probe


def _admin(address: str) -> AdminClient:
    return AdminClient(
        {"bootstrap.servers": address, "socket.timeout.ms": int(TIMEOUT_S * 1000)}, logger=_SILENT
    )

"""Whether the servers behind the API answer: each gets one second, answers are cached for two."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import grpc
from confluent_kafka import Consumer, KafkaException
from kombu.exceptions import KombuError

from operation_server.health.probes import Probes, Unavailable
from operation_server.health.triton import IndexedModel, not_ready, open_channel
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.kafka.consumer_group import observer_of
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.search import DEPENDENCY as SEARCH

TIMEOUT_S: Final = 1.0
CACHE_S: Final = 2.0

OPTIONAL: Final = frozenset({SEARCH})
"""What only its own routes need: shown, but without it the rest is ready."""

Check = Callable[[], str | None]
"""Returns what is worth knowing of a server that is there; raises `DependencyUnavailable` otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyState:
    """What the last question to a server brought."""

    is_up: bool
    detail: str
    latency_ms: float


class Readiness:
    """Asks all dependencies at once; a check that hangs is not started again until it ends."""

    def __init__(
        self, checks: Mapping[str, Check], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._checks = dict(checks)
        self._monotonic = monotonic
        probes = {name: partial(self._state_of, name) for name in self._checks}
        self._probes = Probes(probes, timeout_s=TIMEOUT_S)
        self._lock = threading.Lock()
        self._asked_at = -CACHE_S
        self._states: dict[str, DependencyState] = {}

    def states(self) -> dict[str, DependencyState]:
        """Return the state of every dependency, at most `CACHE_S` old."""
        with self._lock:
            if self._monotonic() - self._asked_at >= CACHE_S:
                self._states = self._ask()
                self._asked_at = self._monotonic()
            return self._states

    def close(self) -> None:
        """Start no further checks."""
        self._probes.close()

    def _ask(self) -> dict[str, DependencyState]:
        return {name: _outcome(answer) for name, answer in self._probes.results().items()}

    def _state_of(self, name: str) -> DependencyState:
        return _state(self._checks[name])


def _state(check: Check) -> DependencyState:
    started = time.perf_counter()
    try:
        detail = check()
    except DependencyUnavailable as error:
        return DependencyState(is_up=False, detail=str(error), latency_ms=_since_ms(started))
    return DependencyState(is_up=True, detail=detail or "", latency_ms=_since_ms(started))


def _outcome(answer: DependencyState | Unavailable) -> DependencyState:
    if isinstance(answer, Unavailable):
        return DependencyState(is_up=False, detail=answer.detail, latency_ms=TIMEOUT_S * 1000)
    return answer


def _since_ms(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)


def postgresql_check(pool: Pool) -> Check:
    """Ask PostgreSQL for one row of the schema."""

    def check() -> None:
        with transaction(pool) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM inference_jobs LIMIT 1")

    return check


def rabbitmq_check(app: Any) -> Check:
    """Log in to RabbitMQ as a publisher does."""

    def check() -> None:
        try:
            with app.connection_for_write(connect_timeout=TIMEOUT_S) as connection:
                # Not connect(): it tries twice and waits two seconds in between.
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=TIMEOUT_S / 2)
        except (OSError, KombuError) as error:
            raise DependencyUnavailable("rabbitmq", str(error)) from error
        except app.connection_for_write().connection_errors as error:
            raise DependencyUnavailable("rabbitmq", str(error)) from error

    return check


def triton_check(address: str, models: Callable[[], list[IndexedModel]]) -> Check:
    """Ask Triton's gRPC whether the server is ready, and which models it does not serve.

    A model that fails takes only its own tasks with it: it is told, and the rest is ready.
    """
    channel = open_channel(address)
    # ServerReadyRequest is empty; field 1 of ServerReadyResponse is the boolean `ready`.
    server_ready = channel.unary_unary("/inference.GRPCInferenceService/ServerReady")

    def check() -> str:
        try:
            answer = server_ready(b"", timeout=TIMEOUT_S)
        except grpc.RpcError as error:
            detail = error.details() if isinstance(error, grpc.Call) else str(error)
            raise DependencyUnavailable("triton", detail) from error
        if answer != b"\x08\x01":
            raise DependencyUnavailable("triton", "it answers, but is not ready")
        return "; ".join(not_ready(models()))

    return check


def kafka_check(bootstrap_servers: str) -> Check:
    """Ask Kafka for its cluster's metadata."""
    clients: list[Consumer] = []

    def check() -> None:
        if not clients:
            clients.append(observer_of(bootstrap_servers, "readiness", purpose="check"))
        try:
            clients[0].list_topics(timeout=TIMEOUT_S)
        except KafkaException as error:
            raise DependencyUnavailable("kafka", str(error)) from error

    return check

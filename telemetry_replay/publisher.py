"""Sending telemetry to Kafka: one idempotent producer whose deliveries are counted."""

import socket
import sys
from collections.abc import Callable
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from telemetry_core.contract.messages import REPLAYED_HEADER

CONNECT_TIMEOUT_S: Final = 15.0
CLOSE_TIMEOUT_S: Final = 60.0
COMPOSE_HOST: Final = "kafka"

OnDelivered = Callable[[int, int], None]
"""Called with partition and offset once the broker has stored the message."""


class PublishingError(Exception):
    """Kafka can't be reached or has refused; the text says what to do."""


def usable_bootstrap(address: str) -> str:
    """`localhost` instead of the Compose name `kafka` where that doesn't resolve, said on stderr."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise PublishingError(
            f"{address!r} is not a Kafka address: write HOST:PORT, for example localhost:9092"
        )
    if host != COMPOSE_HOST or _resolves(host):
        return address
    sys.stderr.write(f"{host} does not resolve here, using localhost:{port}\n")
    return f"localhost:{port}"


def _resolves(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True


def _report_outage(error: KafkaError) -> None:
    if error.code() == KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 - librdkafka's name for it
        sys.stderr.write("Kafka is unavailable; sending resumes as soon as it is back\n")


class TelemetryPublisher:
    """Publishes keyed messages and knows how many the broker has not confirmed."""

    def __init__(self, bootstrap_servers: str, topic: str, *, is_replay: bool = False) -> None:
        """Of a replay each message says so: then it may be old and is shown as if it were live."""
        self._topic = topic
        self._headers: dict[str, str | bytes | None] = {REPLAYED_HEADER: "1"} if is_replay else {}
        self._sent = 0
        self._delivered = 0
        self._failure: KafkaError | None = None
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap_servers,
                "client.id": "telemetry-source",
                "acks": "all",
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "linger.ms": 5,
                "log_level": 2,
                "error_cb": _report_outage,
            }
        )
        self._require_broker(bootstrap_servers)

    def _require_broker(self, bootstrap_servers: str) -> None:
        try:
            self._producer.list_topics(timeout=CONNECT_TIMEOUT_S)
        except KafkaException as error:
            raise PublishingError(
                f"no Kafka broker answers at {bootstrap_servers} ({error.args[0].str()}): "
                "start the platform (make up, or docker compose up -d) or name the right address with --kafka"
            ) from error

    def send(self, key: str, value: bytes, on_delivered: OnDelivered | None = None) -> None:
        """Queue one message; waits while the local queue is full."""

        def confirm(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                self._failure = error
                return
            self._delivered += 1
            if on_delivered is not None:
                on_delivered(message.partition() or 0, message.offset() or 0)

        while True:
            try:
                self._producer.produce(self._topic, value, key, headers=self._headers, on_delivery=confirm)
            except BufferError:
                self._producer.poll(0.5)
            else:
                break
        self._sent += 1
        self._producer.poll(0)

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> int:
        """Wait for the deliveries under way; the number of messages that the broker did not confirm."""
        self._producer.flush(timeout_s)
        return self._sent - self._delivered

    @property
    def failure(self) -> str:
        """Why the last undelivered message failed."""
        return self._failure.str() if self._failure else f"no answer within {CLOSE_TIMEOUT_S:.0f} s"

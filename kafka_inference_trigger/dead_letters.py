"""The topic of the messages that can never be used, each with its reason and origin."""

from collections.abc import Sequence

import structlog
from confluent_kafka import KafkaException, Producer

from kafka_inference_trigger.trigger import SERVICE, DeadLetter
from telemetry_core.errors import DependencyUnavailable
from telemetry_core.observability import MESSAGES_DEAD_LETTERED
from telemetry_core.producer import RenewedProducer
from telemetry_core.settings import Settings

FLUSH_TIMEOUT_S = 10
MAX_REQUEST_BYTES = 1_400_000
"""A message over the platform's limit, but not over the broker's, is kept whole."""

_log = structlog.get_logger(__name__)


class DeadLetterTopic:
    """Producer of dead letters."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.kafka_dead_letter_topic
        self._source_topic = settings.kafka_topic
        self._producer = RenewedProducer(
            {
                "bootstrap.servers": settings.kafka_bootstrap_servers,
                "client.id": SERVICE,
                "message.max.bytes": MAX_REQUEST_BYTES,
                "partitioner": "murmur2_random",
                "message.timeout.ms": FLUSH_TIMEOUT_S * 1000,
            }
        )

    def send(self, letters: Sequence[DeadLetter]) -> None:
        """Send the raw bytes with reason and position; return when the broker has them all."""
        with self._producer.attempt() as producer:
            self._send(producer, letters)
        for letter in letters:
            MESSAGES_DEAD_LETTERED.labels(SERVICE, letter.reason).inc()
            _log.warning(
                f"Message refused: {letter.reason}",
                detail=letter.detail,
                partition=letter.record.partition,
                offset=letter.record.offset,
            )

    def _send(self, producer: Producer, letters: Sequence[DeadLetter]) -> None:
        failures: list[str] = []
        try:
            for letter in letters:
                producer.produce(
                    self._topic,
                    key=letter.record.key,
                    value=letter.record.value,
                    headers=self._headers(letter),
                    on_delivery=lambda error, _: failures.append(error.str()) if error else None,
                )
            waiting = producer.flush(FLUSH_TIMEOUT_S)
        except (KafkaException, BufferError) as error:
            raise DependencyUnavailable("kafka", str(error)) from error
        if waiting or failures:
            raise DependencyUnavailable("kafka", failures[0] if failures else f"{waiting} unconfirmed")

    def _headers(self, letter: DeadLetter) -> list[tuple[str, str | bytes | None]]:
        return [
            ("reason", letter.reason),
            ("detail", letter.detail[:500]),
            ("topic", self._source_topic),
            ("partition", str(letter.record.partition)),
            ("offset", str(letter.record.offset)),
        ]

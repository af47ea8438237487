"""Sending to Kafka: the producer is replaced after every failure; rejections are not outages.

A fatal error leaves an idempotent producer of no use.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Producer

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.service.settings import Settings

RECORD_REFUSALS: Final = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.RECORD_LIST_TOO_LARGE,
        KafkaError.INVALID_MSG,
        KafkaError.INVALID_MSG_SIZE,
        KafkaError.INVALID_TIMESTAMP,
        KafkaError.INVALID_RECORD,
    }
)
"""Codes that speak of the record itself: it is refused again however often it is sent."""
TOPIC_REFUSALS: Final = frozenset(
    {
        KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001 - the client's own names
        KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
        KafkaError.TOPIC_EXCEPTION,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.POLICY_VIOLATION,
    }
)
"""Codes that speak of the topic: an operator has to act, waiting alone does not help."""


class RenewedProducer:
    """One producer after another; each lives until an attempt with it fails."""

    def __init__(
        self, configuration: Mapping[str, Any], *, create: Callable[[dict[str, Any]], Producer] = Producer
    ) -> None:
        self._configuration = {**configuration, "enable.idempotence": True, "acks": "all"}
        self._create = create
        self._current: Producer | None = None

    @contextmanager
    def attempt(self) -> Iterator[Producer]:
        """Lend the producer; what an attempt that raises left in its queue is not sent any more."""
        producer = self._current or self._create(self._configuration)
        self._current = producer
        try:
            yield producer
        except BaseException:
            self._current = None
            producer.purge()
            raise


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRecord:
    """One record to be appended."""

    key: bytes | None
    value: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)


class ConfirmedProducer:
    """Sends records to one topic and returns once the broker has them."""

    def __init__(  # noqa: PLR0913 - wiring
        self,
        settings: Settings,
        *,
        topic: str,
        service: str,
        flush_timeout_s: float,
        options: Mapping[str, Any],
        create: Callable[[dict[str, Any]], Producer] = Producer,
    ) -> None:
        self._topic = topic
        self._flush_timeout_s = flush_timeout_s
        self._producer = RenewedProducer(
            {
                "bootstrap.servers": settings.kafka_bootstrap_servers,
                "client.id": service,
                "partitioner": "murmur2_random",
                "message.timeout.ms": int(flush_timeout_s * 900),
                **options,
            },
            create=create,
        )

    def send(
        self, records: Sequence[OutgoingRecord], *, refusals: frozenset[int] = RECORD_REFUSALS
    ) -> dict[int, str]:
        """Return when the broker has all records but those it refused: their places and the reasons.

        Raises `DependencyUnavailable` for every failure whose code is not one of `refusals`.
        """
        outcomes: dict[int, KafkaError | None] = {}
        with self._producer.attempt() as producer:
            for place, record in enumerate(records):
                self._produce(producer, place, record, outcomes)
            producer.flush(self._flush_timeout_s)
            failures = {place: error for place, error in outcomes.items() if error is not None}
            passing = [error for error in failures.values() if error.code() not in refusals]
            if passing:
                raise DependencyUnavailable("kafka", passing[0].str())
            if len(outcomes) < len(records):
                raise DependencyUnavailable("kafka", f"{len(records) - len(outcomes)} unconfirmed")
        return {place: error.str() for place, error in failures.items()}

    def _produce(
        self,
        producer: Producer,
        place: int,
        record: OutgoingRecord,
        outcomes: dict[int, KafkaError | None],
    ) -> None:
        def record_outcome(error: KafkaError | None, _message: object) -> None:
            outcomes[place] = error

        try:
            producer.produce(
                self._topic,
                key=record.key,
                value=record.value,
                headers=list(record.headers.items()),
                on_delivery=record_outcome,
            )
        except BufferError as error:
            raise DependencyUnavailable("kafka", str(error)) from error
        except KafkaException as error:
            outcomes[place] = error.args[0]

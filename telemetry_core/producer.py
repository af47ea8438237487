"""A producer of Kafka, renewed after every failure: a fatal error leaves an idempotent one of no use."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Producer


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

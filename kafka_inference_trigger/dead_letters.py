"""The topic of the messages that can never be used, each with its reason and origin."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import structlog

from kafka_inference_trigger.trigger import SERVICE, DeadLetter
from telemetry_core.contract.messages import REPLAYED_HEADER
from telemetry_core.contract.values import storable_text
from telemetry_core.kafka.producer import RECORD_REFUSALS, TOPIC_REFUSALS, ConfirmedProducer, OutgoingRecord
from telemetry_core.service.observability import DEAD_LETTERS_REFUSED, MESSAGES_DEAD_LETTERED
from telemetry_core.service.settings import Settings

FLUSH_TIMEOUT_S: Final = 10
MAX_REQUEST_BYTES: Final = 1_400_000
MAX_LETTER_BYTES: Final = 1_200_000
"""A longer message is cut: the source topic takes what unpacks to any length, this one does not."""
CUT_BYTES: Final = 65_536
MAX_KEY_BYTES: Final = 1_000
MAX_DETAIL_LENGTH: Final = 500

_log = structlog.get_logger(__name__)


class Outlet(Protocol):
    """Confirmed sending, as `ConfirmedProducer` does it."""

    def send(self, records: Sequence[OutgoingRecord], *, refusals: frozenset[int]) -> Mapping[int, str]:
        """Return the places of refused records and why; raise `DependencyUnavailable` for an outage."""


class DeadLetterTopic:
    """Keeps dead letters; one that Kafka refuses is cut, and then only recorded, but never waited for."""

    def __init__(self, outlet: Outlet, *, source_topic: str) -> None:
        self._outlet = outlet
        self._source_topic = source_topic

    def send(self, letters: Sequence[DeadLetter]) -> None:
        """Send the raw bytes with reason and position; return when the broker has what it can take."""
        refused = self._send(letters, MAX_LETTER_BYTES)
        if refused:
            cut = [letters[place] for place in sorted(refused)]
            for place, reason in self._send(cut, CUT_BYTES).items():
                self._record_refusal(cut[place], reason)
        for letter in letters:
            MESSAGES_DEAD_LETTERED.labels(SERVICE, letter.reason).inc()
            _log.warning(
                f"Message refused: {letter.reason}",
                detail=letter.detail[:MAX_DETAIL_LENGTH],
                partition=letter.record.partition,
                offset=letter.record.offset,
            )

    def _send(self, letters: Sequence[DeadLetter], limit: int) -> Mapping[int, str]:
        return self._outlet.send(
            [outgoing(letter, source_topic=self._source_topic, limit=limit) for letter in letters],
            refusals=RECORD_REFUSALS | TOPIC_REFUSALS,
        )

    def _record_refusal(self, letter: DeadLetter, reason: str) -> None:
        DEAD_LETTERS_REFUSED.inc()
        _log.error(
            f"Kafka refused a dead letter; its message is kept in {self._source_topic} only: {reason}",
            partition=letter.record.partition,
            offset=letter.record.offset,
        )


def dead_letter_producer(settings: Settings) -> ConfirmedProducer:
    """Connect to the topic of dead letters."""
    return ConfirmedProducer(
        settings,
        topic=settings.kafka_dead_letter_topic,
        service=SERVICE,
        flush_timeout_s=FLUSH_TIMEOUT_S,
        options={"message.max.bytes": MAX_REQUEST_BYTES},
    )


def outgoing(letter: DeadLetter, *, source_topic: str, limit: int) -> OutgoingRecord:
    """Render a letter; over `limit` bytes only its beginning, with the length and SHA-256 of the whole."""
    record = letter.record
    headers = {
        "reason": letter.reason,
        "detail": storable_text(letter.detail)[:MAX_DETAIL_LENGTH],
        "topic": source_topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
    }
    if record.is_replayed:
        headers[REPLAYED_HEADER] = "1"
    value = record.value
    if value is not None and len(value) > limit:
        headers |= {"original_bytes": str(len(value)), "original_sha256": hashlib.sha256(value).hexdigest()}
        value = value[:CUT_BYTES]
    key = record.key if record.key is None else record.key[:MAX_KEY_BYTES]
    return OutgoingRecord(key=key, value=value, headers=headers)

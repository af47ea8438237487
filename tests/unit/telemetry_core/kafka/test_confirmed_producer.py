"""Which failures of Kafka speak of the record, and which of the broker."""

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.kafka.producer import RECORD_REFUSALS, TOPIC_REFUSALS, ConfirmedProducer, OutgoingRecord
from telemetry_core.service.settings import Settings

RECORDS = [OutgoingRecord(key=b"k", value=value) for value in (b"a", b"bad", b"c")]


class FakeProducer:
    """Answers one value with an error, at once or by callback."""

    def __init__(self, error: KafkaError | None, *, at_once: bool = False, confirms: bool = True) -> None:
        self.error = error
        self.at_once = at_once
        self.confirms = confirms
        self.waiting: list[tuple[bytes, Any]] = []

    def produce(self, _topic: str, *, value: bytes, on_delivery: Any, **_: Any) -> None:
        if value == b"bad" and self.at_once:
            raise KafkaException(self.error)
        self.waiting.append((value, on_delivery))

    def purge(self) -> None:
        self.waiting.clear()

    def flush(self, _timeout_s: float) -> int:
        for value, on_delivery in self.waiting if self.confirms else ():
            on_delivery(self.error if value == b"bad" else None, None)
        return 0


def producer(*fakes: FakeProducer) -> ConfirmedProducer:
    remaining = iter(fakes)
    return ConfirmedProducer(
        Settings(), topic="t", service="test", flush_timeout_s=1, options={}, create=lambda _: next(remaining)
    )


@pytest.mark.parametrize("code", sorted(RECORD_REFUSALS))
@pytest.mark.parametrize("at_once", [True, False])
def test_refused_record_is_named_and_its_neighbours_are_kept(code: int, *, at_once: bool) -> None:
    assert list(producer(FakeProducer(KafkaError(code), at_once=at_once)).send(RECORDS)) == [1]


@pytest.mark.parametrize(
    "code",
    [
        KafkaError._MSG_TIMED_OUT,
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        *sorted(TOPIC_REFUSALS),
    ],
)
def test_any_other_failure_is_an_outage(code: int) -> None:
    with pytest.raises(DependencyUnavailable):
        producer(FakeProducer(KafkaError(code))).send(RECORDS)


@pytest.mark.parametrize("code", sorted(TOPIC_REFUSALS))
def test_refusals_of_a_topic_are_named_to_who_asks_for_them(code: int) -> None:
    outlet = producer(FakeProducer(KafkaError(code)))
    assert list(outlet.send(RECORDS, refusals=RECORD_REFUSALS | TOPIC_REFUSALS)) == [1]


def test_record_without_confirmation_is_an_outage() -> None:
    with pytest.raises(DependencyUnavailable, match="3 unconfirmed"):
        producer(FakeProducer(None, confirms=False)).send(RECORDS)


def test_client_that_failed_for_good_is_followed_by_a_new_one() -> None:
    outlet = producer(FakeProducer(KafkaError(KafkaError._FATAL, fatal=True)), FakeProducer(None))
    with pytest.raises(DependencyUnavailable):
        outlet.send(RECORDS)
    assert outlet.send(RECORDS) == {}

"""A dead letter that Kafka refuses is cut, then recorded, and never waited for; an outage is."""

import hashlib
from collections.abc import Mapping, Sequence

import pytest

from kafka_inference_trigger.dead_letters import CUT_BYTES, MAX_LETTER_BYTES, DeadLetterTopic, outgoing
from kafka_inference_trigger.trigger import DeadLetter
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.kafka.producer import OutgoingRecord
from telemetry_core.kafka.records import Record


def letter(value: bytes | None, *, key: bytes | None = b"SAT-001", offset: int = 0) -> DeadLetter:
    record = Record(value=value, key=key, partition=2, offset=offset, received_us=0)
    return DeadLetter(record=record, reason="too_large", detail="x")


class Topic:
    """Takes records up to a size."""

    def __init__(self, *, limit: int, failures: int = 0) -> None:
        self.limit = limit
        self.failures = failures
        self.kept: list[OutgoingRecord] = []

    def send(self, records: Sequence[OutgoingRecord], *, refusals: frozenset[int]) -> Mapping[int, str]:
        assert refusals
        if self.failures:
            self.failures -= 1
            raise DependencyUnavailable("kafka", "no broker")
        refused = {}
        for place, record in enumerate(records):
            if len(record.value or b"") > self.limit:
                refused[place] = "MSG_SIZE_TOO_LARGE"
            else:
                self.kept.append(record)
        return refused


def send(topic: Topic, *letters: DeadLetter) -> None:
    DeadLetterTopic(topic, source_topic="satellite-telemetry").send(letters)


def test_letter_that_fits_is_kept_whole() -> None:
    topic = Topic(limit=2_000_000)
    send(topic, letter(b"{broken"))
    assert topic.kept[0].value == b"{broken"
    assert topic.kept[0].headers == {
        "reason": "too_large", "detail": "x", "topic": "satellite-telemetry", "partition": "2", "offset": "0",
    }  # fmt: skip


def test_letter_of_replayed_telemetry_says_so() -> None:
    record = Record(value=b"{", key=None, partition=0, offset=0, received_us=0, is_replayed=True)
    kept = outgoing(DeadLetter(record=record, reason="x", detail=""), source_topic="t", limit=10)
    assert kept.headers["replayed"] == "1"


@pytest.mark.parametrize("size", [MAX_LETTER_BYTES + 1, 1_400_000, 20_000_000])
def test_letter_that_unpacked_to_any_size_is_cut_with_length_and_hash(size: int) -> None:
    value = b"[" * size
    cut = outgoing(letter(value), source_topic="t", limit=MAX_LETTER_BYTES)
    assert cut.value == value[:CUT_BYTES]
    assert cut.headers["original_bytes"] == str(size)
    assert cut.headers["original_sha256"] == hashlib.sha256(value).hexdigest()


def test_letter_that_the_topic_can_not_hold_is_sent_again_cut_and_its_neighbours_once() -> None:
    topic = Topic(limit=100_000)
    send(topic, letter(b"a"), letter(b"b" * 200_000), letter(b"c"))
    assert [len(record.value or b"") for record in topic.kept] == [1, 1, CUT_BYTES]


def test_letter_that_is_refused_even_cut_does_not_stop_the_rest() -> None:
    topic = Topic(limit=10)
    send(topic, letter(b"a" * 200_000), letter(b"b"))
    assert [record.value for record in topic.kept] == [b"b"]


def test_outage_holds_the_letters() -> None:
    with pytest.raises(DependencyUnavailable):
        send(Topic(limit=10, failures=1), letter(b"a"))


def test_huge_key_is_cut_and_tombstone_and_null_key_stay() -> None:
    assert len(outgoing(letter(b"", key=b"k" * 900_000), source_topic="t", limit=10).key or b"") == 1_000
    record = outgoing(letter(None, key=None), source_topic="t", limit=10)
    assert (record.key, record.value) == (None, None)

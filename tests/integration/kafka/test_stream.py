"""The consumer against a real Kafka: offsets move only behind confirmed effects."""

import threading
from collections.abc import Iterator, Sequence

import pytest

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.kafka.look_back import read_before
from telemetry_core.kafka.records import MAX_BATCH, Record
from telemetry_core.service.settings import Settings
from testbed.kafka_topics import (
    RunningStream,
    add_partitions,
    committed_offset,
    create_topic,
    end_offset,
    send,
    settings_of_own_topic,
    wait_until,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def settings() -> Iterator[Settings]:
    with settings_of_own_topic() as own:
        yield own


@pytest.fixture
def group(settings: Settings) -> str:
    return f"group-{settings.kafka_topic}"


class Outage:
    """An action whose server is away until the test says otherwise."""

    def __init__(self) -> None:
        self.attempts = 0
        self.is_over = threading.Event()

    def __call__(self, _batch: Sequence[Record]) -> None:
        self.attempts += 1
        if not self.is_over.is_set():
            raise DependencyUnavailable("test", "away")


def newest(settings: Settings) -> Record:
    end = end_offset(settings)
    return list(read_before(settings, committed={0: end}, span_s=60))[-1]


def numbered(count: int, prefix: str = "m") -> list[bytes]:
    return [f"{prefix}{number:05d}".encode() for number in range(count)]


def test_new_group_commits_an_offset_before_the_first_message(settings: Settings, group: str) -> None:
    with RunningStream(settings, group) as stream:
        stream.wait_for_assignment()
        wait_until(lambda: committed_offset(settings, group) == 0, "lag is a number")


def test_new_group_reads_what_was_there_before_it(settings: Settings, group: str) -> None:
    send(settings, b"early")
    with RunningStream(settings, group) as stream:
        stream.wait_for(b"early")


def test_order_is_kept_over_many_batches(settings: Settings, group: str) -> None:
    values = numbered(3 * MAX_BATCH)
    send(settings, *values)
    with RunningStream(settings, group) as stream:
        stream.wait_for(*values)
    assert stream.done == values


def test_restart_goes_on_behind_what_was_done(settings: Settings, group: str) -> None:
    send(settings, b"one", b"two")
    with RunningStream(settings, group) as first:
        first.wait_for(b"one", b"two")
    assert committed_offset(settings, group) == 2
    send(settings, b"three")
    with RunningStream(settings, group) as second:
        second.wait_for(b"three")
    assert second.done == [b"three"]


def test_message_whose_effect_failed_is_read_again(settings: Settings, group: str) -> None:
    def crash(_batch: Sequence[Record]) -> None:
        raise RuntimeError("killed in the middle")

    send(settings, b"one")
    with RunningStream(settings, group, act=crash) as first:
        wait_until(lambda: first.failure, "the first one crashes")
    assert committed_offset(settings, group) == 0
    with RunningStream(settings, group) as second:
        second.wait_for(b"one")


def test_outage_holds_the_batch_and_plans_it_once(settings: Settings, group: str) -> None:
    outage = Outage()
    send(settings, b"one")
    with RunningStream(settings, group, act=outage) as stream:
        wait_until(lambda: outage.attempts >= 3, "it tries again")
        send(settings, b"two")
        assert stream.done == []
        assert committed_offset(settings, group) == 0
        outage.is_over.set()
        stream.wait_for(b"one", b"two")
    assert stream.planned == [b"one", b"two"]
    assert committed_offset(settings, group) == 2


def test_stop_during_an_outage_leaves_the_batch_to_the_next(settings: Settings, group: str) -> None:
    outage = Outage()
    send(settings, b"one")
    with RunningStream(settings, group, act=outage) as stream:
        wait_until(lambda: outage.attempts, "it meets the outage")
    assert committed_offset(settings, group) == 0
    with RunningStream(settings, group) as second:
        second.wait_for(b"one")
    assert stream.done == []


def test_look_back_holds_exactly_what_precedes_the_committed_offset(settings: Settings, group: str) -> None:
    early, late = numbered(700, "early"), numbered(3, "late")
    send(settings, *early)
    with RunningStream(settings, group, look_back_s=900) as first:
        first.wait_for(*early)
    assert first.earlier == []
    send(settings, *late)
    with RunningStream(settings, group, look_back_s=900) as second:
        second.wait_for(*late)
    assert second.earlier == early
    assert second.done == late


def test_look_back_does_not_move_the_group(settings: Settings, group: str) -> None:
    send(settings, b"one", b"two", b"three")
    with RunningStream(settings, group) as first:
        first.wait_for(b"three")
    found = [record.value for record in read_before(settings, committed={0: 2}, span_s=900)]
    assert found == [b"one", b"two"]
    assert committed_offset(settings, group) == 3


def test_look_back_ends_at_its_span(settings: Settings) -> None:
    send(settings, b"old")
    old = newest(settings)
    send(settings, b"filler")
    while newest(settings).received_us - old.received_us < 50_000:
        send(settings, b"filler")
    last = newest(settings)
    ages_s = [(last.received_us - old.received_us) / 1_000_000 + slack_s for slack_s in (-0.001, 0.001)]
    committed = {0: last.offset + 1}
    found = [
        {record.offset for record in read_before(settings, committed=committed, span_s=age_s)}
        for age_s in ages_s
    ]
    assert [old.offset in offsets for offsets in found] == [False, True]


def test_look_back_covers_the_other_partitions(settings: Settings) -> None:
    add_partitions(settings.kafka_topic, 2)
    send(settings, b"moved away", partition=0)
    send(settings, b"own", partition=1)
    found = [record.value for record in read_before(settings, committed={1: 1}, span_s=900)]
    assert found == [b"moved away", b"own"]


def test_added_partition_is_found_read_and_the_others_looked_back_over(
    settings: Settings, group: str
) -> None:
    with RunningStream(settings, group, look_back_s=900) as stream:
        send(settings, b"before")
        stream.wait_for(b"before")
        add_partitions(settings.kafka_topic, 2)
        send(settings, b"after", partition=1)
        stream.wait_for(b"after")
    assert stream.earlier == [b"before"]
    assert stream.done == [b"before", b"after"]


def test_topic_may_come_later_than_its_consumer() -> None:
    with settings_of_own_topic(exists=False) as settings:
        group = f"group-{settings.kafka_topic}"
        with RunningStream(settings, group) as stream:
            create_topic(settings.kafka_topic)
            send(settings, b"one")
            stream.wait_for(b"one")


def test_message_without_value_is_a_record(settings: Settings, group: str) -> None:
    send(settings, b"")
    with RunningStream(settings, group) as stream:
        wait_until(lambda: stream.done, "it is read")
    assert len(stream.done) == 1

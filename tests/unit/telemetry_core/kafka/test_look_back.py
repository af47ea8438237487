"""What a look-back reads: all before the committed offsets that is recent enough, and nothing twice."""

from collections.abc import Iterable

import pytest

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.kafka import look_back
from telemetry_core.kafka.look_back import read_before, read_newest, read_since
from telemetry_core.kafka.records import Record
from telemetry_core.service.settings import Settings
from tests.unit.telemetry_core.kafka.kafka_log import Log

SETTINGS = Settings()
SECOND_US = 1_000_000


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    """Two partitions: one message each second, and one each tenth second."""
    topic = Log({0: range(100), 1: range(0, 100, 10)})
    monkeypatch.setattr(look_back, "Consumer", lambda _: topic)
    return topic


def places(records: Iterable[Record]) -> list[tuple[int, int]]:
    return [(record.partition, record.offset) for record in records]


def test_what_was_appended_within_the_span_before_the_committed_offset_is_read() -> None:
    found = read_before(SETTINGS, committed={0: 50}, span_s=10)
    assert found.until_us == 50 * SECOND_US
    own = [place for place in places(found) if place[0] == 0]
    assert own == [(0, offset) for offset in range(40, 50)]


def test_other_partitions_are_read_to_their_ends_and_first() -> None:
    found = places(read_before(SETTINGS, committed={0: 50}, span_s=10))
    assert found[:6] == [(1, offset) for offset in range(4, 10)]


def test_without_others_only_what_precedes_the_committed_offsets_is_read() -> None:
    found = places(read_before(SETTINGS, committed={0: 50}, span_s=10, with_others=False))
    assert found == [(0, offset) for offset in range(40, 50)]


def test_work_begins_at_the_oldest_message_next_in_line() -> None:
    assert read_before(SETTINGS, committed={0: 90, 1: 3}, span_s=1).until_us == 30 * SECOND_US


def test_offset_at_the_end_counts_as_the_newest_message() -> None:
    assert read_before(SETTINGS, committed={0: 100}, span_s=1).until_us == 99 * SECOND_US


def test_empty_topic_has_nothing_before(log: Log) -> None:
    log.seconds = {0: []}
    found = read_before(SETTINGS, committed={0: 0}, span_s=10)
    assert (list(found), found.until_us) == ([], 0)


def test_all_since_a_time_is_read_partition_after_partition() -> None:
    assert places(read_since(SETTINGS, since_us=97 * SECOND_US)) == [(0, 97), (0, 98), (0, 99)]


def test_newest_messages_of_each_partition_are_read_with_where_it_ends() -> None:
    records, ends = read_newest(SETTINGS, count=2)
    assert places(records) == [(0, 98), (0, 99), (1, 8), (1, 9)]
    assert ends == {0: 100, 1: 10}


def test_offsets_that_compaction_left_out_are_not_waited_for(log: Log) -> None:
    log.lost = range(98, 100)
    assert places(read_since(SETTINGS, since_us=97 * SECOND_US)) == [(0, 97)]


def test_broker_that_gives_nothing_any_more_is_away(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_back, "LOOK_BACK_IDLE_S", 0.0)
    monkeypatch.setattr(log, "consume", lambda *_, **__: [])
    with pytest.raises(DependencyUnavailable, match="nothing from satellite-telemetry"):
        list(read_since(SETTINGS, since_us=97 * SECOND_US))


def test_reader_is_closed_and_its_failure_is_one_of_kafka(log: Log) -> None:
    log.fails = True
    with pytest.raises(DependencyUnavailable, match="kafka unavailable"):
        list(read_since(SETTINGS, since_us=0))
    assert log.closed == 1

"""What waits for a member is counted from offsets, from where it would go on."""

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.kafka.consumer_group import (
    GroupLag,
    PartitionState,
    begin_offsets,
    is_fatal,
    lag_of,
    why_moved,
    work_of,
)
from telemetry_core.service.settings import Settings
from tests.unit.telemetry_core.kafka.kafka_log import TOPIC, Log


def partition(*, low: int = 0, end: int = 100, committed: int = 100) -> PartitionState:
    return PartitionState(low=low, end=end, committed=committed)


@pytest.mark.parametrize(
    ("state", "lag"),
    [
        (partition(committed=90), 10),
        (partition(low=40, committed=-1001), 60),
        (partition(low=40, committed=10), 60),
        (partition(low=0, end=5, committed=90), 5),
        (partition(low=7, end=7, committed=-1001), 0),
    ],
)
def test_lag_begins_where_the_consumer_would_go_on(state: PartitionState, lag: int) -> None:
    assert lag_of(state) == lag


def test_offset_that_retention_overtook_tells_how_many_messages_nobody_read() -> None:
    assert why_moved(partition(low=40, committed=10)).startswith(
        "30 messages were deleted by the topic's retention"
    )


def test_offset_beyond_the_end_tells_that_the_topic_is_another_one() -> None:
    assert "recreated (committed 90, end 5); it is read from 0" in why_moved(partition(end=5, committed=90))


def test_work_of_a_member_is_the_lag_of_its_partitions() -> None:
    work = work_of({0: partition(committed=90), 2: partition(committed=99)})
    assert (work.waiting, work.position) == (11, ((0, 90), (2, 99)))


def test_fatal_event_is_recognised_by_its_code_even_if_its_flag_denies_it() -> None:
    event = KafkaError(KafkaError._FATAL)
    assert not event.fatal()
    assert is_fatal(KafkaException(event))
    assert not is_fatal(KafkaException(KafkaError(KafkaError._TRANSPORT)))


def test_partition_without_a_usable_offset_begins_at_its_first_message_and_says_so_to_kafka() -> None:
    log: Any = Log({0: range(5), 1: range(5), 2: range(5)})
    log.committed_at = {0: 3, 1: 90}
    assigned = [TopicPartition(TOPIC, number) for number in range(3)]
    assert begin_offsets(log, assigned) == {0: 3, 1: 0, 2: 0}
    assert log.commits == [(1, 0), (2, 0)]


@pytest.mark.parametrize(("owned", "waiting"), [([0], 2), (None, 7), ([], 0)])
def test_lag_is_that_of_the_partitions_owned_and_of_all_before_any_was_given(
    owned: list[int] | None, waiting: int
) -> None:
    log = Log({0: range(5), 1: range(5)})
    log.committed_at = {0: 3}
    assert group_lag(log).ask(owned).waiting == waiting


def test_lag_that_kafka_can_not_tell_is_kafka_away() -> None:
    with pytest.raises(DependencyUnavailable, match="kafka unavailable"):
        group_lag(Log({0: range(5)}, fails=True)).ask(None)


def group_lag(log: Log) -> GroupLag:
    lag = GroupLag(Settings(), "g")
    client: Any = log
    lag._client = client
    return lag

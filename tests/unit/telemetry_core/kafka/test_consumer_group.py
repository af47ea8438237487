"""What waits for a member is counted from offsets, from where it would go on."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from telemetry_core.kafka.consumer_group import PartitionState, is_fatal, lag_of, why_moved, work_of


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

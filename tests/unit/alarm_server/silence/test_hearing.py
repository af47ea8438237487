"""For how long all telemetry was heard, and when nobody can tell."""

from dataclasses import replace

from alarm_server.silence.hearing import CAUGHT_UP_US, Hearing
from telemetry_core.kafka.consumer_group import PartitionState
from tests.unit.alarm_server.messages import NOW_US, SECOND_US


class Topic:
    """Partitions as the group left them, and what `Hearing` makes of them."""

    def __init__(self, *partitions: int) -> None:
        self.hearing = Hearing()
        self.states = {number: PartitionState(low=0, end=100, committed=100) for number in partitions}

    def at(self, second: float) -> tuple[float, float] | None:
        self.hearing.update(self.states, NOW_US + round(second * SECOND_US))
        span = self.hearing.span
        if span is None:
            return None
        return (span.since_us - NOW_US) / SECOND_US, (span.until_us - NOW_US) / SECOND_US

    def sent(self, partition: int, count: int) -> None:
        state = self.states[partition]
        self.states[partition] = replace(state, end=state.end + count)

    def read(self, partition: int, count: int) -> None:
        state = self.states[partition]
        self.states[partition] = replace(state, committed=min(state.end, state.committed + count))


def test_nothing_is_heard_before_kafka_was_asked() -> None:
    assert Hearing().span is None


def test_all_is_heard_while_the_group_follows() -> None:
    topic = Topic(0, 1)
    assert topic.at(0) == (0, 0)
    for second in range(1, 100):
        topic.sent(0, 10)
        assert topic.at(second - 0.5) is not None
        topic.read(0, 10)
        found = topic.at(second)
        assert found is not None
        assert found[0] == 0
        assert found[1] >= second - 1.5


def test_what_was_not_read_yet_is_not_silence() -> None:
    topic = Topic(0)
    topic.at(0)
    topic.sent(0, 5)

    assert topic.at(1) == (0, 0)
    assert topic.at(4) == (0, 0)
    topic.read(0, 5)
    assert topic.at(5) == (0, 5)


def test_a_backlog_in_any_partition_says_nothing_until_it_is_read() -> None:
    topic = Topic(0, 1)
    topic.at(0)
    topic.sent(1, 1_000)
    topic.at(1)

    assert topic.at(1 + CAUGHT_UP_US / SECOND_US) is not None
    assert topic.at(1.1 + CAUGHT_UP_US / SECOND_US) is None
    topic.read(1, 999)
    assert topic.at(50) is None
    topic.read(1, 1)
    assert topic.at(100) == (100, 100)


def test_a_restart_into_a_backlog_hears_nothing() -> None:
    topic = Topic(0, 1)
    topic.sent(0, 1_000)

    assert topic.at(0) is None
    assert topic.at(60) is None
    topic.read(0, 1_000)
    assert topic.at(61) == (61, 61)


def test_kafka_out_of_reach_begins_anew() -> None:
    topic = Topic(0)
    topic.at(0)
    topic.hearing.clear()

    assert topic.hearing.span is None
    assert topic.at(300) == (300, 300)

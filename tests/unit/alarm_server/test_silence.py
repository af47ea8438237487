"""Which satellites fell silent, and when nobody can tell."""

from dataclasses import replace

from alarm_server.readings import Contact
from alarm_server.silence import CAUGHT_UP_US, Heard, Hearing, Span, heard_again, joined, silences
from telemetry_core.kafka.consumer_group import PartitionState
from tests.unit.alarm_server.messages import MISSION, NOW_US, SECOND_US

GAP_S = 60
"""As long as the default mission lets a channel pause."""


def heard(at_s: float = 0, *, interval_s: float = 0, is_replayed: bool = False) -> Heard:
    at_us = NOW_US + round(at_s * SECOND_US)
    return Heard(generated_us=at_us, received_us=at_us, is_replayed=is_replayed, interval_s=interval_s)


def contact(generated_s: float, received_s: float | None = None) -> Contact:
    return Contact(
        satellite_id="SAT-1",
        generated_us=NOW_US + round(generated_s * SECOND_US),
        received_us=NOW_US + round((generated_s if received_s is None else received_s) * SECOND_US),
        is_replayed=False,
    )


def silent(last: Heard, *, since_s: float = -1_000, until_s: float) -> bool:
    span = Span(since_us=NOW_US + round(since_s * SECOND_US), until_us=NOW_US + round(until_s * SECOND_US))
    return bool(list(silences({"SAT-1": last}, {}, MISSION.window, span)))


def test_a_satellite_is_silent_after_the_pause_that_its_mission_allows() -> None:
    assert not silent(heard(), until_s=GAP_S)
    assert silent(heard(), until_s=GAP_S + 0.001)


def test_one_that_is_rare_may_pause_three_of_its_intervals() -> None:
    assert not silent(heard(interval_s=600), until_s=1_800)
    assert silent(heard(interval_s=600), until_s=1_801)


def test_the_interval_is_that_of_its_newest_sample_sets() -> None:
    last = None
    for at_s in (0, 600, 1_200, 1_800):
        last = heard_again(last, contact(at_s))

    assert last is not None
    assert last.interval_s == 600
    assert heard_again(replace(last, times_us=()), contact(2_400)).interval_s == 600


def test_a_late_sample_set_is_heard_now_and_moves_no_generation_time_back() -> None:
    last = heard_again(heard_again(None, contact(0)), contact(-300, received_s=30))

    assert last.generated_us == NOW_US
    assert last.received_us == NOW_US + 30 * SECOND_US


def test_a_recording_that_ends_is_no_silence() -> None:
    assert not silent(heard(is_replayed=True), until_s=10_000)


def test_silence_counts_from_when_telemetry_is_heard_at_all() -> None:
    """After a restart, an outage of Kafka, a backlog."""
    assert not silent(heard(), since_s=500, until_s=500 + GAP_S)
    assert silent(heard(), since_s=500, until_s=501 + GAP_S)


def test_what_another_service_heard_since_counts() -> None:
    mine, saved = heard(0, interval_s=5), heard(100)

    assert joined(mine, saved).received_us == saved.received_us
    assert joined(mine, heard(-1)) == mine
    assert joined(None, saved) == saved


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

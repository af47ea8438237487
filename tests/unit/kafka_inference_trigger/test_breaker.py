import pytest

from kafka_inference_trigger.breaker import (
    LEAST_RECORDS,
    WINDOW_US,
    Breaker,
    IntakePaused,
    Probe,
    recent,
    share_of,
)
from kafka_inference_trigger.trigger import Outcome, Plan

GOOD, BAD = None, "not_json"


def outcome(
    offset: int, reason: str | None, sender: bytes | None = b"SAT-001", received_us: int = 0
) -> Outcome:
    return Outcome(sender=sender, partition=0, offset=offset, received_us=received_us, reason=reason)


def outcomes(count: int, reason: str | None, *senders: bytes, start: int = 0) -> list[Outcome]:
    return [
        outcome(start + n, reason, senders[n % len(senders)] if senders else b"SAT-001") for n in range(count)
    ]


def plan(seen: list[Outcome]) -> Plan:
    return Plan(record_count=len(seen), outcomes=list(seen))


class Topic:
    """The newest messages, as the tests want them."""

    def __init__(self, newest: list[Outcome]) -> None:
        self.newest = newest
        self.end = 10_000
        self.questions = 0

    def __call__(self) -> Probe:
        self.questions += 1
        return Probe(outcomes=self.newest, ends={0: self.end})


def breaker(topic: Topic, limit: float = 0.5) -> Breaker:
    return Breaker(limit=limit, probe=topic)


def test_input_that_is_mostly_invalid_waits_and_is_counted_once_however_often_it_is_tried() -> None:
    paused = breaker(Topic(outcomes(50, BAD)))
    held = plan(outcomes(LEAST_RECORDS, BAD))
    for _ in range(3):
        with pytest.raises(IntakePaused, match=r"100% of the last 200 messages.*not_json 200"):
            paused.check(held)


@pytest.mark.parametrize(
    "seen",
    [
        outcomes(LEAST_RECORDS - 1, BAD),
        outcomes(500, BAD) + outcomes(500, GOOD),
        outcomes(900, BAD, b"NOISY") + outcomes(100, GOOD, b"A", b"B", b"C"),
        outcomes(900, BAD, b"NOISY") + outcomes(10, GOOD, b"QUIET"),
        [],
    ],
    ids=["too few", "exactly half", "one noisy of four", "one noisy of two", "nothing"],
)
def test_input_that_is_usable_by_most_senders_goes_on(seen: list[Outcome]) -> None:
    topic = Topic([])
    breaker(topic).check(plan(seen))
    assert topic.questions == 0


def test_most_senders_failing_pauses_although_one_is_well() -> None:
    seen = outcomes(600, BAD, b"A", b"B", b"C") + outcomes(50, GOOD, b"WELL")
    with pytest.raises(IntakePaused, match="from 75% of the senders"):
        breaker(Topic(outcomes(50, BAD))).check(plan(seen))


def test_intake_resumes_once_the_newest_messages_are_valid_and_the_old_ones_pass() -> None:
    topic = Topic(outcomes(50, BAD))
    paused = breaker(topic)
    held = plan(outcomes(500, BAD))
    with pytest.raises(IntakePaused):
        paused.check(held)
    topic.newest, topic.end = outcomes(50, GOOD), 2_000
    paused.check(held)
    for start in (500, 1_000, 1_500):
        paused.check(plan(outcomes(500, BAD, start=start)))
    topic.newest = outcomes(50, BAD)
    with pytest.raises(IntakePaused):
        paused.check(plan(outcomes(500, BAD, start=2_000)))


def test_operator_lets_everything_pass() -> None:
    paused = breaker(Topic(outcomes(50, BAD)))
    held = plan(outcomes(500, BAD))
    with pytest.raises(IntakePaused):
        paused.check(held)
    paused.admit_all()
    paused.check(held)


def test_word_of_the_operator_holds_for_one_pause_only() -> None:
    paused = breaker(Topic(outcomes(50, BAD)))
    paused.admit_all()
    with pytest.raises(IntakePaused):
        paused.check(plan(outcomes(500, BAD)))


def test_limit_of_one_switches_the_breaker_off() -> None:
    breaker(Topic(outcomes(50, BAD)), limit=1.0).check(plan(outcomes(1_000, BAD)))


def test_what_was_received_long_before_counts_no_more() -> None:
    old = [outcome(0, BAD, received_us=0)]
    new = [outcome(1, GOOD, received_us=WINDOW_US + 1)]
    assert recent(old + new) == new


def test_messages_without_key_are_one_sender() -> None:
    share = share_of([outcome(n, BAD, sender=None) for n in range(100)] + outcomes(2, GOOD, b"A", b"B"))
    assert share.failing_senders == pytest.approx(1 / 3)

"""When a rate or a change is an alarm."""

import math
from collections.abc import Sequence
from itertools import permutations

import pytest

from alarms.delta_tracks import MAX_JUDGED, DeltaTrack, step_delta
from alarms.deltas import HISTORY, DeltaRule, Point
from alarms.limit_tracks import REACH_US, Occurrence, occurrences
from alarms.occurrence_changes import Event, changes
from telemetry_core.contract.mission import Window
from telemetry_core.contract.rules import Rule
from tests.unit.alarms.test_limit_tracks import SECOND_US, spans

WINDOW = Window(length=64, max_span_s=10_000, max_gap_s=60)


def measure(modulo: float | None = None, **settings: object) -> DeltaRule:
    rule = Rule.model_validate({"channel": "temp", "reason": "fast", "log": "", **settings})
    return DeltaRule(rule=rule, window=WINDOW, modulo=modulo)


def point(at_s: float, value: float, *, is_in_context: bool = True) -> Point:
    """NaN is not sent: the last value holds."""
    at_us = round(at_s * SECOND_US)
    return Point(at_us=at_us, value=value, is_sent=not math.isnan(value), is_in_context=is_in_context)


def track_of(rule: DeltaRule, samples: Sequence[tuple[float, float]]) -> DeltaTrack:
    track = DeltaTrack()
    for at_s, value in samples:
        track = step_delta(track, rule, point(at_s, value))
    return track


def alarms_of(rule: DeltaRule, samples: Sequence[tuple[float, float]]) -> list[Occurrence]:
    return occurrences(track_of(rule, samples).whole)


RISES = measure(rate={"rises": 1})
CHANGES = measure(change=True)


@pytest.mark.parametrize(
    ("rate", "samples", "value"),
    [
        ({"rises": 1}, [(0, 20), (10, 29)], None),
        ({"rises": 1}, [(0, 20), (10, 30)], None),
        ({"rises": 1}, [(0, 20), (10, 31)], 1.1),
        ({"rises": 1}, [(0, 31), (10, 20)], None),
        ({"falls": 1}, [(0, 31), (10, 20)], -1.1),
        ({"rises": 1, "falls": 2}, [(0, 31), (10, 20)], None),
        ({"rises": 60, "per": "minute"}, [(0, 20), (10, 31)], 66),
        ({"rises": 1, "over_s": 20}, [(0, 20), (10, 31)], None),
        ({"rises": 1, "over_s": 20}, [(0, 20), (10, 20), (20, 20), (30, 31)], None),
        ({"rises": 1, "over_s": 20}, [(0, 20), (10, 20), (20, 31), (30, 42)], 1.1),
    ],
)
def test_a_rate_beyond_its_limit_is_an_alarm(
    rate: dict[str, object], samples: list[tuple[float, float]], value: float | None
) -> None:
    found = alarms_of(measure(rate=rate), samples)

    assert [one.value for one in found] == ([] if value is None else [pytest.approx(value)])


def test_a_rate_returns_a_hold_after_the_last_violation() -> None:
    samples = [(0.0, 20.0), (10, 40), *((10.0 * place, 40.0) for place in range(2, 8))]

    assert spans(alarms_of(RISES, samples[:-1])) == [(10, 10, True)]
    assert spans(alarms_of(RISES, samples)) == [(10, 10, False)]


def test_there_is_no_rate_over_a_gap() -> None:
    assert alarms_of(RISES, [(0, 20), (10, 20), (200, 900)]) == []
    assert len(alarms_of(RISES, [(0, 20), (10, 20), (69, 900)])) == 1


def test_three_usual_intervals_are_no_gap() -> None:
    """At a sample every two minutes each pause is longer than max_gap_s."""
    samples = [(120.0 * place, 20.0) for place in range(6)]

    assert len(alarms_of(RISES, [*samples, (800, 900)])) == 1
    assert alarms_of(RISES, [*samples, (1000, 900)]) == []


def test_a_counter_that_wraps_around_rises_on() -> None:
    rule = measure(modulo=65536, rate={"rises": 5})

    assert alarms_of(rule, [(0, 65530), (10, 4)]) == []
    assert len(alarms_of(rule, [(0, 65530), (10, 65529)])) == 1


def test_a_late_sample_that_is_clear_itself_makes_the_one_behind_it_steep() -> None:
    slow = track_of(RISES, [(0, 20), (10, 20), (30, 35)])
    steep = step_delta(slow, RISES, point(20, 20))

    assert not slow.has_violations
    assert spans(occurrences(steep.whole)) == [(30, 30, True)]


def test_a_change_that_a_late_sample_tells_earlier_keeps_its_name() -> None:
    before = track_of(CHANGES, [(0, 1), (10, 2), (20, 2)])
    after = step_delta(before, CHANGES, point(5, 2))

    (one,) = occurrences(after.whole)
    assert (one.named_us, one.started_us, one.last_us) == (10 * SECOND_US, 5 * SECOND_US, 5 * SECOND_US)
    assert [change.event for change in changes(before.whole, after.whole)] == [None]


def test_a_standing_alarm_that_a_late_sample_refutes_is_withdrawn() -> None:
    rule = measure(rate={"rises": 1}, min_violations=2)
    before = track_of(rule, [(0, 0), (10, 11), (20, 22)])
    after = step_delta(before, rule, point(19, 11))

    assert len(occurrences(before.whole)) == 1
    assert occurrences(after.whole) == []
    assert [change.event for change in changes(before.whole, after.whole)] == [Event.WITHDRAWN]


def test_an_alarm_keeps_its_name_when_an_earlier_violation_comes_late() -> None:
    before = track_of(RISES, [(0, 0), (20, 0), (30, 50), (40, 50)])
    after = step_delta(before, RISES, point(10, 30))

    (one,) = occurrences(after.whole)
    assert (one.named_us, one.started_us) == (30 * SECOND_US, 10 * SECOND_US)
    assert [change.event for change in changes(before.whole, after.whole)] == [None]


@pytest.mark.parametrize("hold_s", [60, 5])
def test_each_change_is_told_with_old_and_new(hold_s: float) -> None:
    rule = measure(change=True, hold_s=hold_s)
    found = alarms_of(rule, [(0, 5), (10, 5), (20, 6), (30, 6), (50, 6), (60, 8), (70, 8)])

    told = [(one.started_us // SECOND_US, one.before, one.value, one.violations) for one in found]
    assert told == ([(20, 5, 8, 2)] if hold_s == 60 else [(20, 5, 6, 1), (60, 6, 8, 1)])


def test_a_change_is_seen_across_any_gap() -> None:
    assert spans(alarms_of(CHANGES, [(0, 5), (86_400, 6)])) == [(86_400, 86_400, True)]


def test_a_value_that_is_sent_on_change_holds_until_the_next_one() -> None:
    held = [(float(at_s), math.nan) for at_s in range(10, 200, 10)]
    samples = [(0.0, 5.0), *held, (200, 6), (210, math.nan)]

    assert spans(alarms_of(CHANGES, samples)) == [(200, 200, True)]
    assert spans(alarms_of(CHANGES, [*samples, *((at + 210, math.nan) for at, _ in held)])) == [
        (200, 200, False)
    ]


def test_held_values_follow_a_late_one() -> None:
    rows = [(0.0, 5.0), (10.0, math.nan), (20.0, 6.0), (30.0, math.nan), (40.0, math.nan)]

    found = {tuple(spans(alarms_of(CHANGES, order))) for order in permutations(rows)}
    assert found == {((20, 20, True),)}


def test_the_first_value_of_a_time_stands_but_one_that_was_sent_goes_before_one_that_holds() -> None:
    assert alarms_of(CHANGES, [(0, 5), (10, 5), (10, 6), (20, 5)]) == []
    assert spans(alarms_of(CHANGES, [(0, 5), (10, math.nan), (10, 6)])) == [(10, 10, True)]


def test_nothing_is_compared_across_the_end_of_its_context() -> None:
    for rule, jump in ((CHANGES, 6), (RISES, 90)):
        track = DeltaTrack()
        for one in (point(0, 5), point(10, jump, is_in_context=False), point(20, jump)):
            track = step_delta(track, rule, one)
        assert occurrences(track.whole) == []


def test_memory_is_bounded_and_what_is_settled_stays() -> None:
    samples = [(float(at_s), 20.0 + 5 * (at_s % 700 == 3)) for at_s in range(3 * MAX_JUDGED)]
    track = track_of(RISES, samples)

    assert len(track.points) == MAX_JUDGED + HISTORY
    assert [at_s for at_s, _, _ in spans(occurrences(track.whole))] == [3, 703, 1403, 2103, 2803]
    assert step_delta(track, RISES, point(1000.5, 900)) == track
    assert len(occurrences(step_delta(track, RISES, point(2300.5, 900)).whole)) == 6
    rare = track_of(RISES, [(20.0 * place, 20.0) for place in range(1000)])
    assert len(rare.points) == REACH_US // (20 * SECOND_US) + 1 + HISTORY


def test_of_a_rate_over_a_span_the_first_sample_of_each_part_counts() -> None:
    rule = measure(rate={"rises": 1, "over_s": 32})
    often = [(place / 10, 20 + place / 20) for place in range(2000)]

    track = track_of(rule, often)
    assert len(track.points) == 200
    assert track_of(rule, [*often[1::2], *often[::2]]).points == track.points

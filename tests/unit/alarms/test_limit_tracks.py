"""When a broken limit is an alarm."""

import math
from collections.abc import Sequence
from itertools import permutations

import pytest

from alarms.limit_tracks import (
    MAX_KEPT,
    MAX_PENDING,
    MAX_RUNS,
    REACH_US,
    Occurrence,
    Track,
    occurrences,
    step,
)
from alarms.violation_runs import Sample
from telemetry_core.contract.rules import Rule

SECOND_US = 1_000_000


def rule(**settings: object) -> Rule:
    return Rule.model_validate({"channel": "soc", "reason": "low_battery", "log": "", "below": 30} | settings)


def track_of(limit: Rule, samples: Sequence[tuple[float, float]]) -> Track:
    track = Track()
    for at_s, value in samples:
        track = step(track, limit, Sample(at_us=round(at_s * SECOND_US), value=value))
    return track


def alarms_of(limit: Rule, samples: Sequence[tuple[float, float]]) -> list[Occurrence]:
    return occurrences(track_of(limit, samples))


def spans(found: Sequence[Occurrence]) -> list[tuple[float, float, bool]]:
    """Begin and end of each alarm in seconds, and whether it stands."""
    return [(one.started_us / SECOND_US, one.last_us / SECOND_US, one.returned_us is None) for one in found]


def test_one_sample_beyond_the_limit_is_an_alarm() -> None:
    assert spans(alarms_of(rule(), [(0, 50), (1, 29), (2, 50)])) == [(1, 1, True)]


def test_the_limit_itself_breaks_only_an_inclusive_one() -> None:
    assert alarms_of(rule(), [(0, 30)]) == []
    assert spans(alarms_of(rule(inclusive=True), [(0, 30)])) == [(0, 0, True)]


def test_a_value_that_flaps_at_its_limit_for_a_minute_is_one_alarm() -> None:
    flapping = [(at_s, 29 if at_s % 2 else 31) for at_s in range(60)]

    assert spans(alarms_of(rule(), flapping)) == [(1, 59, True)]


def test_an_alarm_returns_with_a_clear_sample_a_hold_after_the_last_violation() -> None:
    samples = [(0, 29), *((at_s, 50) for at_s in range(1, 61))]

    assert spans(alarms_of(rule(), samples[:-1])) == [(0, 0, True)]
    (returned,) = alarms_of(rule(), samples)
    assert returned.returned_us == 60 * SECOND_US


def test_the_hold_is_three_usual_intervals_where_samples_are_far_apart() -> None:
    """At a sample every two minutes a value that toggles would otherwise be a new alarm each time."""
    toggling = [(at_s * 120, 29 if at_s % 2 else 31) for at_s in range(40)]

    assert len(alarms_of(rule(), toggling)) == 1


def test_silence_does_not_end_an_alarm() -> None:
    assert spans(alarms_of(rule(), [(0, 29), (3000, 28)])) == [(0, 3000, True)]


def test_two_breaches_with_clear_samples_between_are_two_alarms() -> None:
    samples = [(0, 29), *((at_s, 50) for at_s in range(1, 100)), (100, 28)]

    assert spans(alarms_of(rule(), samples)) == [(0, 0, False), (100, 100, True)]


def test_a_late_clear_sample_divides_what_went_on_through_silence() -> None:
    assert spans(alarms_of(rule(), [(0, 29), (3000, 28), (1000, 50)])) == [
        (0, 0, False),
        (3000, 3000, True),
    ]


def test_a_late_violation_joins_two_alarms_and_the_first_name_stays() -> None:
    clear = [(at_s, 50) for at_s in range(1, 99)]
    samples = [(0, 29), *clear, (100, 28)]

    (joined,) = alarms_of(rule(), [*samples, (50, 27)])

    assert (joined.named_us, joined.violations, joined.worst_value) == (0, 3, 27)


def test_a_late_violation_moves_the_start_and_the_name_stays() -> None:
    (found,) = alarms_of(rule(), [(10, 29), (5, 28)])

    assert (found.named_us, found.started_us) == (10 * SECOND_US, 5 * SECOND_US)


def test_a_sample_that_comes_twice_changes_nothing() -> None:
    samples = [(0, 50), (1, 29), (2, 28), (3, 50), (90, 50)]
    once = track_of(rule(), samples)

    assert track_of(rule(), [*samples, *samples]) == once


def test_a_missing_value_changes_nothing() -> None:
    track = track_of(rule(), [(0, 29)])

    assert step(track, rule(), Sample(at_us=SECOND_US, value=math.nan)) == track


def test_the_worst_value_is_the_one_furthest_beyond_on_either_side() -> None:
    both = rule(below=-30, above=50)

    (found,) = alarms_of(both, [(0, 51), (1, -60), (2, 55)])

    assert (found.worst_value, found.value) == (-60, 55)


def test_within_the_dead_band_an_alarm_neither_goes_on_nor_returns() -> None:
    limit = rule(dead_band=2, hold_s=0)

    assert spans(alarms_of(limit, [(0, 29), (10, 31), (20, 31.9)])) == [(0, 0, True)]
    assert spans(alarms_of(limit, [(0, 29), (10, 31), (30, 32)])) == [(0, 0, False)]


def test_fewer_violations_in_a_row_than_the_rule_wants_are_pending() -> None:
    limit = rule(min_violations=3)

    waiting = track_of(limit, [(0, 29), (1, 29), (2, 50), (3, 29), (4, 29)])

    assert occurrences(waiting) == []
    assert len(waiting.pending) == 4
    (found,) = occurrences(step(waiting, limit, Sample(at_us=5 * SECOND_US, value=29)))
    assert (found.started_us, found.raised_us, found.violations) == (3 * SECOND_US, 5 * SECOND_US, 3)


def test_a_late_sample_completes_a_row() -> None:
    (found,) = alarms_of(rule(min_violations=3), [(0, 29), (2, 29), (1, 29)])

    assert (found.started_us, found.raised_us) == (0, 2 * SECOND_US)


def test_a_breach_shorter_than_the_rule_wants_is_no_alarm() -> None:
    limit = rule(min_duration_s=10)

    assert alarms_of(limit, [(at_s, 29) for at_s in range(10)]) == []
    (found,) = alarms_of(limit, [(at_s, 29) for at_s in range(11)])
    assert found.raised_us == 10 * SECOND_US


def test_a_long_delay_is_kept_at_ten_samples_a_second() -> None:
    limit = rule(min_duration_s=600)

    (found,) = alarms_of(limit, [(tick / 10, 29) for tick in range(6_001)])

    assert (found.started_us, found.raised_us) == (0, 600 * SECOND_US)


def test_a_delay_may_be_longer_than_late_samples_reach() -> None:
    limit = rule(min_duration_s=7_200)

    (found,) = alarms_of(limit, [(at_s, 29) for at_s in range(0, 7_260, 60)])

    assert (found.started_us, found.raised_us) == (0, 7_200 * SECOND_US)


def test_so_many_clear_samples_may_be_needed_that_they_take_longer_than_late_samples_reach() -> None:
    samples = [(0, 29), *((at_s, 50) for at_s in range(600, 62_000, 600))]

    (returned,) = alarms_of(rule(min_clear=100), samples)

    assert returned.returned_us == 102 * 600 * SECOND_US


def test_a_late_violation_at_a_sample_a_second_ends_with_the_sample_that_ended_it() -> None:
    samples = [(at_s, 50) for at_s in range(1_000)]

    (found,) = alarms_of(rule(), [*samples, (120.5, 29)])

    assert found.returned_us == 181 * SECOND_US


def test_flapping_before_it_does_not_shorten_a_long_delay() -> None:
    limit = rule(min_duration_s=60)
    flapping = [(tick / 10, 29 if tick % 2 else 31) for tick in range(3_000)]
    broken = [(300 + tick / 10, 29) for tick in range(601)]

    (found,) = alarms_of(limit, flapping + broken)

    assert found.raised_us - found.started_us >= 60 * SECOND_US
    assert found.raised_us >= 359.9 * SECOND_US


def test_violations_apart_by_more_clear_samples_than_are_kept_are_no_row() -> None:
    limit = rule(min_violations=2)
    clear = [(1 + tick / 10, 50) for tick in range(2 * MAX_KEPT)]

    assert alarms_of(limit, [(0, 29), *clear, (40, 29)]) == []


def test_so_many_clear_samples_as_the_rule_wants_end_an_alarm() -> None:
    limit = rule(min_clear=3, hold_s=0)

    assert spans(alarms_of(limit, [(0, 29), (10, 50), (20, 50)])) == [(0, 0, True)]
    assert spans(alarms_of(limit, [(0, 29), (30, 50), (40, 50), (50, 50)])) == [(0, 0, False)]


def test_what_no_late_sample_reaches_is_dropped_but_a_standing_alarm_never() -> None:
    returned = [(0, 29), (100, 50), (7_000, 50)]

    assert not track_of(rule(), returned).has_violations
    assert track_of(rule(dead_band=30), returned).has_violations
    late = step(track_of(rule(), returned), rule(), Sample(at_us=7_000 * SECOND_US - REACH_US - 1, value=1))
    assert not late.has_violations


def test_an_alarm_whose_first_violations_are_beyond_reach_stays_the_same_alarm() -> None:
    through_silence = [(0, 29), (3_000, 28), (3_075, 50), (3_700, 50)]
    standing = [(0, 29), (3_000, 28), (3_020, 50), (3_700, 50)]

    assert spans(alarms_of(rule(), through_silence)) == [(0, 3_000, False)]
    assert spans(alarms_of(rule(), standing)) == [(0, 3_000, True)]


def test_an_alarm_that_is_over_stays_so_when_samples_become_rare_or_frequent() -> None:
    frequent = [(at_s, 50) for at_s in range(-60, 0, 10)]
    rare = [(at_s, 50) for at_s in range(-720, 0, 120)]
    over = [(0, 29), *((at_s, 50) for at_s in range(10, 100, 10))]
    over_later = [(0, 29), *((at_s, 50) for at_s in range(120, 500, 120))]

    (returned,) = alarms_of(rule(), [*frequent, *over, *((at_s, 50) for at_s in range(400, 3_000, 300))])
    (returned_later,) = alarms_of(rule(), [*rare, *over_later, *((at_s, 50) for at_s in range(490, 520))])

    assert returned.returned_us == 60 * SECOND_US
    assert returned_later.returned_us == 360 * SECOND_US


def test_a_late_clear_sample_ends_an_alarm_sooner() -> None:
    (returned,) = alarms_of(rule(), [(0, 29), (100, 50), (70, 50)])

    assert returned.returned_us == 70 * SECOND_US


def test_more_runs_of_one_alarm_than_are_kept_are_still_one_alarm() -> None:
    """Whoever breaks a limit again and again without a clear sample, at no steady interval."""
    apart = [(at_s + extra, 29) for at_s in range(0, 80 * (MAX_RUNS + 8), 80) for extra in (0, 1, 2, 3, 4, 5)]

    assert spans(alarms_of(rule(), apart)) == [(0, apart[-1][0], True)]


def test_memory_is_bounded_whatever_comes() -> None:
    limit = rule(min_violations=100)
    track = track_of(limit, [(tick / 10, 29 if tick % 90 else 31) for tick in range(20_000)])

    assert len(track.pending) <= MAX_PENDING
    assert len(track.clear_us) <= MAX_KEPT


def test_a_violation_after_silence_belongs_to_the_alarm_that_stands_however_long_the_delay() -> None:
    limit = rule(min_violations=2)

    assert spans(alarms_of(limit, [(0, 29), (1, 29), (100, 29), (110, 50)])) == [(0, 100, True)]


def test_a_late_violation_before_a_clear_sample_is_in_no_row_with_those_behind() -> None:
    limit = rule(min_violations=3)
    samples = [(0, 50), (20, 50), *((at_s, 29) for at_s in (30, 40, 50))]

    assert spans(alarms_of(limit, [*samples, (10, 29)])) == [(30, 50, True)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_three_samples_in_any_order_are_the_same_two_alarms(order: Sequence[int]) -> None:
    samples = [(0, 29), (100, 50), (200, 28)]

    assert spans(alarms_of(rule(), [samples[place] for place in order])) == [(0, 0, False), (200, 200, True)]

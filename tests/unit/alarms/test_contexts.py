"""What becomes of an alarm whose rule is compared in a context only."""

from collections.abc import Sequence
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from alarms.limit_tracks import Track, occurrences, step
from alarms.violation_runs import Sample
from telemetry_core.contract.rules import Rule
from tests.unit.alarms.test_limit_tracks import SECOND_US, rule, spans

Row = tuple[float, float, bool]
"""Seconds, value, whether it is in context."""


def alarms_of(limit: Rule, rows: Sequence[Row]) -> list[tuple[float, float, bool]]:
    track = Track()
    for at_s, value, is_in_context in rows:
        sample = Sample(at_us=round(at_s * SECOND_US), value=value)
        track = step(track, limit, sample, is_in_context=is_in_context)
    return spans(occurrences(track))


def test_outside_the_context_no_value_breaks_the_rule() -> None:
    assert alarms_of(rule(), [(0, 12, False), (1, 12, False)]) == []


def test_a_standing_alarm_returns_a_hold_after_its_context_ended() -> None:
    rows = [(0, 12, True), *((at_s, 12, False) for at_s in range(10, 60, 10))]

    assert alarms_of(rule(), rows) == [(0, 0, True)]
    assert alarms_of(rule(), [*rows, (60, 12, False)]) == [(0, 0, False)]


def test_violations_of_two_contexts_are_not_in_a_row() -> None:
    limit = rule(min_violations=2)

    assert alarms_of(limit, [(0, 12, True), (1, 12, False), (2, 12, True)]) == []
    assert alarms_of(limit, [(0, 12, True), (2, 12, True)]) == [(0, 2, True)]


def test_a_late_sample_is_compared_in_the_context_of_its_own_time() -> None:
    rows: list[Row] = [(0, 12, True), *((at_s, 12, False) for at_s in (30, 60, 90)), (120, 12, True)]

    assert {tuple(alarms_of(rule(), list(order))) for order in permutations(rows)} == {
        ((0, 0, False), (120, 120, True))
    }


values = st.sampled_from([20.0, 31.0])


@given(st.lists(st.tuples(values, st.booleans()), min_size=1, max_size=40))
def test_outside_its_context_any_value_is_like_a_clear_one(parts: list[tuple[float, bool]]) -> None:
    rows = [(10.0 * place, value, is_in_context) for place, (value, is_in_context) in enumerate(parts)]
    clear = [(at_s, value if is_in_context else 50.0, True) for at_s, value, is_in_context in rows]

    assert alarms_of(rule(), rows) == alarms_of(rule(), clear)
    assert alarms_of(rule(), [*rows, *rows]) == alarms_of(rule(), rows)

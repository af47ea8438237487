"""Alarms of any telemetry: what the definitions say, in any order and however often it comes."""

from hypothesis import given
from hypothesis import strategies as st

from alarms.limit_tracks import REACH_US
from telemetry_core.contract.rules import Rule
from testbed.alarm_ledger import spans as spans_by_definition
from tests.unit.alarms.test_limit_tracks import SECOND_US, alarms_of, rule, spans, track_of

values = st.sampled_from([20.0, 29.0, 31.0, 50.0])
series = st.lists(values, min_size=8, max_size=60).map(
    lambda found: [(10 * place, value) for place, value in enumerate(found)]
)


@given(series, st.data(), st.sampled_from([rule(), rule(dead_band=2), rule(hold_s=30)]))
def test_alarms_do_not_hang_on_the_order_of_late_samples(
    samples: list[tuple[float, float]], data: st.DataObject, limit: Rule
) -> None:
    late = set(data.draw(st.lists(st.sampled_from(samples[6:]), max_size=len(samples) // 5)))
    ordered = [sample for sample in samples if sample not in late]
    for sample in sorted(late):
        due = sum(known < sample for known in ordered)
        ordered.insert(data.draw(st.integers(due, len(ordered))), sample)

    assert spans(alarms_of(limit, ordered)) == spans(alarms_of(limit, samples))


RULES = [
    rule(),
    rule(dead_band=2),
    rule(min_clear=3),
    rule(min_violations=3),
    rule(min_duration_s=30),
    rule(min_violations=2, min_clear=2, dead_band=2),
    rule(hold_s=100),
]
parts = st.lists(
    st.tuples(values, st.integers(1, 12), st.sampled_from([0, 0, 70, 700, 6_000])), min_size=1, max_size=8
)


@given(parts, st.sampled_from(RULES))
def test_alarms_are_those_of_the_definitions(parts: list[tuple[float, int, int]], limit: Rule) -> None:
    """At a sample every ten seconds, with pauses."""
    samples, at_s = [], 0
    for value, count, pause_s in parts:
        for place in range(max(count, 6) if pause_s else count):
            at_s += 10 if place else 10 + pause_s
            samples.append((at_s, value))
    expected = spans_by_definition([(at_s * SECOND_US, value) for at_s, value in samples], limit)
    reached_us = samples[-1][0] * SECOND_US - REACH_US

    assert [(one.started_us, one.last_us, one.returned_us) for one in alarms_of(limit, samples)] == [
        (violations[0], violations[-1], returned_us)
        for violations, returned_us in expected
        if returned_us is None or returned_us >= reached_us
    ]


@given(series, st.data())
def test_a_second_delivery_of_any_part_changes_nothing(
    samples: list[tuple[float, float]], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(samples), max_size=20))

    assert track_of(rule(), [*samples, *again]) == track_of(rule(), samples)

"""Alarms of rates and changes of any telemetry: what the definitions say, in any order, however often."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from alarms.delta_tracks import DeltaTrack, step_delta
from alarms.deltas import DeltaRule
from alarms.limit_tracks import REACH_US, Occurrence, occurrences
from alarms.occurrence_changes import Event, changes
from testbed.alarm_ledger import spans as spans_by_definition
from tests.unit.alarms.test_delta_tracks import alarms_of, measure, point
from tests.unit.alarms.test_limit_tracks import SECOND_US, rule

MEASURES = [
    measure(rate={"rises": 1}),
    measure(rate={"rises": 1, "falls": 1.5}, min_violations=2, hold_s=30),
    measure(rate={"falls": 30, "per": "minute", "over_s": 40}, dead_band=3, min_clear=2),
    measure(modulo=64, rate={"rises": 2}),
    measure(change=True),
    measure(change=True, hold_s=25, min_clear=2),
]
Row = tuple[float, float, bool]
"""Seconds, value (NaN: the last one holds), whether it is in context."""

values = st.sampled_from([20.0, 20.0, 20.0, 31.0, 50.0, 52.0])
rows = st.lists(
    st.tuples(values, st.integers(1, 9), st.sampled_from([0, 0, 0, 90, 700]), st.booleans() | st.just(True)),
    min_size=1,
    max_size=12,
).map(lambda parts: list(_rows(parts)))


def _rows(parts: Sequence[tuple[float, int, int, bool]]) -> Iterator[Row]:
    at_s = 0
    for value, count, pause_s, is_in_context in parts:
        at_s += pause_s
        for _ in range(count):
            at_s += 10
            yield at_s, value, is_in_context


def track_of(measured: DeltaRule, found: Sequence[Row]) -> DeltaTrack:
    track = DeltaTrack()
    for at_s, value, is_in_context in found:
        track = step_delta(track, measured, point(at_s, value, is_in_context=is_in_context))
    return track


def unnamed(track: DeltaTrack) -> list[Occurrence]:
    return [replace(one, named_us=0) for one in occurrences(track.whole)]


@given(rows, st.sampled_from(MEASURES), st.data())
def test_alarms_do_not_hang_on_order_or_number_of_deliveries(
    found: list[Row], measured: DeltaRule, data: st.DataObject
) -> None:
    reached = [row for row in found if row[0] * SECOND_US >= found[-1][0] * SECOND_US - REACH_US]
    again = data.draw(st.lists(st.sampled_from(reached), max_size=20))
    delivered = data.draw(st.permutations([*reached, *again]))

    assert unnamed(track_of(measured, delivered)) == unnamed(track_of(measured, reached))


@given(rows, st.data())
def test_held_values_do_not_hang_on_order(found: list[Row], data: st.DataObject) -> None:
    """Of a value that is sent with its first sample and whenever it changed."""
    sent = [
        (at_s, value if not place or value != found[place - 1][1] else math.nan, True)
        for place, (at_s, value, _) in enumerate(found)
        if at_s <= REACH_US / SECOND_US
    ]
    every = [(at_s, value, True) for at_s, value, _ in found[: len(sent)]]
    delivered = data.draw(st.permutations(sent))

    assert unnamed(track_of(measure(change=True), delivered)) == unnamed(
        track_of(measure(change=True), every)
    )


@given(rows)
def test_alarms_are_those_of_the_definitions(found: list[Row]) -> None:
    """A rate is that of neighbours a minute apart at most; a change is another value than before.

    What returned before the reach may be told still or not.
    """
    samples = [(at_s, value) for at_s, value, _ in found]
    steps = list(pairwise(samples))
    rates = [
        (round(at_s * SECOND_US), (value - was) / (at_s - was_s))
        for (was_s, was), (at_s, value) in steps
        if at_s - was_s <= 60
    ]
    moves = [(round(at_s * SECOND_US), float(value != was)) for (_, was), (at_s, value) in steps]
    reached_us = samples[-1][0] * SECOND_US - REACH_US
    for measured, series, limit in (
        (measure(rate={"rises": 1, "falls": 2}), rates, rule(below=-2, above=1)),
        (measure(change=True), moves, rule(below=None, above=0)),
    ):
        expected = [
            (violations[0], violations[-1], returned_us)
            for violations, returned_us in spans_by_definition(series, limit)
            if returned_us is None or returned_us >= reached_us
        ]
        told = [
            (one.started_us, one.last_us, one.returned_us)
            for one in alarms_of(measured, samples)
            if one.returned_us is None or one.returned_us >= reached_us
        ]
        assert told == expected


@given(rows, st.sampled_from(MEASURES), st.data())
def test_what_happens_on_the_way_adds_up(found: list[Row], measured: DeltaRule, data: st.DataObject) -> None:
    """The changes that are told one by one leave the alarms that stand at the end, by their names."""
    reached = [row for row in found if row[0] * SECOND_US >= found[-1][0] * SECOND_US - REACH_US]
    track, told = DeltaTrack(), dict[int, Occurrence]()
    for at_s, value, is_in_context in data.draw(st.permutations(reached)):
        after = step_delta(track, measured, point(at_s, value, is_in_context=is_in_context))
        for change in changes(track.whole, after.whole):
            if change.event is Event.WITHDRAWN:
                del told[change.occurrence.named_us]
            else:
                told[change.occurrence.named_us] = change.occurrence
        track = after
    assert told == {one.named_us: one for one in occurrences(track.whole)}

"""When an alarm chatters: three times within a minute, or within five intervals where these take longer."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarm_server.track_documents import document_of
from alarm_server.track_documents import track_of as read_track
from alarms.limit_tracks import Occurrence, Track, occurrences, step
from alarms.violation_runs import Sample
from telemetry_core.contract.rules import Rule
from tests.unit.alarms.test_delta_tracks import alarms_of as changes_of
from tests.unit.alarms.test_delta_tracks import measure
from tests.unit.alarms.test_limit_tracks import SECOND_US, alarms_of, rule, track_of

LOW, ENOUGH, BETWEEN = 29.0, 50.0, 31.0


def told(found: Sequence[Occurrence]) -> list[tuple[float | None, int]]:
    """Since when each alarm chatters, in seconds, and how often it came."""
    return [
        (None if one.chattering_us is None else one.chattering_us / SECOND_US, one.activations)
        for one in found
    ]


def flapping(interval_s: float, count: int) -> list[tuple[float, float]]:
    return [(place * interval_s, ENOUGH if place % 2 else LOW) for place in range(count)]


@pytest.mark.parametrize("interval_s", [0.1, 1, 10, 15, 20, 61, 120, 600])
def test_a_value_that_flaps_with_every_sample_chatters_at_any_cadence(interval_s: float) -> None:
    known = [(at_s * interval_s, ENOUGH) for at_s in range(-6, 0)]
    ((since_s, activations),) = told(alarms_of(rule(), [*known, *flapping(interval_s, 9)]))

    assert since_s == pytest.approx(4 * interval_s)
    assert activations == 5


def test_three_times_in_a_minute_chatter_and_in_more_do_not() -> None:
    clear = [(at_s, ENOUGH) for at_s in range(-6, 0)]

    def at(*violations_s: int) -> list[tuple[float, float]]:
        return [*clear, *((at_s, LOW if at_s in violations_s else ENOUGH) for at_s in range(90))]

    assert told(alarms_of(rule(), at(0, 30, 60))) == [(60, 3)]
    assert told(alarms_of(rule(), at(0, 30, 61))) == [(None, 3)]
    assert told(alarms_of(rule(), at(0, 60))) == [(None, 2)]


def test_one_long_breach_does_not_chatter_however_many_samples_it_has() -> None:
    assert told(alarms_of(rule(), [(at_s, LOW) for at_s in range(300)])) == [(None, 1)]


def test_within_the_dead_band_nothing_chatters() -> None:
    samples = [(at_s, BETWEEN if at_s % 2 else LOW) for at_s in range(60)]

    assert told(alarms_of(rule(dead_band=2), samples)) == [(None, 1)]
    assert told(alarms_of(rule(), samples)) == [(4, 30)]


def test_what_is_no_alarm_yet_does_not_chatter() -> None:
    assert told(alarms_of(rule(min_violations=2), [*flapping(1, 60), (60, LOW), (61, LOW)])) == [(None, 1)]


def test_an_alarm_that_returns_at_once_chatters_with_the_third() -> None:
    clear = [(at_s, ENOUGH) for at_s in range(-6, 0)]
    samples = [(at_s, ENOUGH if at_s % 20 else LOW) for at_s in range(90)]

    assert told(alarms_of(rule(hold_s=0), [*clear, *samples])) == [
        (None, 1),
        (None, 1),
        (40, 1),
        (60, 1),
        (80, 1),
    ]


def test_each_change_of_a_value_counts_for_itself() -> None:
    """A mode that toggles with every sample has no clear one between."""
    samples = [(at_s, float(at_s % 2)) for at_s in range(10)]

    assert told(changes_of(measure(change=True), samples)) == [(3, 9)]
    slow = [(at_s, float(at_s // 40 % 2)) for at_s in range(200)]
    assert told(changes_of(measure(change=True), slow)) == [(None, 4)]


def by_definition(samples: Sequence[tuple[float, float]], limit: Rule) -> Iterator[float]:
    """Times of the third of three violations within a minute that clear samples part."""
    ordered = sorted(samples)
    for place, (third_s, value) in enumerate(ordered):
        times, is_apart = 0, True
        for at_s, earlier in reversed(ordered[: place + 1]):
            if third_s - at_s > 60:
                break
            times += is_apart and limit.is_breached(earlier)
            is_apart = limit.is_clear(earlier) or (is_apart and not limit.is_breached(earlier))
        if limit.is_breached(value) and times >= 3:
            yield third_s


series = st.lists(st.sampled_from([LOW, BETWEEN, ENOUGH, ENOUGH]), min_size=8, max_size=90).map(
    lambda found: [(10.0 * place, value) for place, value in enumerate(found)]
)


@given(series, st.data(), st.sampled_from([rule(), rule(dead_band=2), rule(hold_s=30)]))
def test_what_chatters_is_what_the_definition_says_in_any_order_however_often(
    samples: list[tuple[float, float]], data: st.DataObject, limit: Rule
) -> None:
    """Some come five minutes late, some twice."""
    again = data.draw(st.lists(st.sampled_from(samples), max_size=20))
    due = {sample: sample[0] + data.draw(st.sampled_from([0, 0, 0, 0, 300])) for sample in samples[6:]}
    delivered = sorted(samples, key=lambda sample: due.get(sample, sample[0]))
    for sample in again:
        delivered.insert(data.draw(st.integers(delivered.index(sample), len(delivered))), sample)
    thirds = list(by_definition(samples, limit))

    for found in (alarms_of(limit, delivered), alarms_of(limit, samples)):
        for one in found:
            begin_s, end_s = one.started_us / SECOND_US, one.last_us / SECOND_US
            expected = min((at_s for at_s in thirds if begin_s <= at_s <= end_s), default=None)
            assert (None if one.chattering_us is None else one.chattering_us / SECOND_US) == expected


@given(series, st.integers(1, 89), st.integers(0, 89))
def test_a_restart_that_reads_part_of_it_again_changes_nothing(
    samples: list[tuple[float, float]], stop: int, read_again: int
) -> None:
    saved = read_track(document_of(track_of(rule(), samples[:stop])))
    assert isinstance(saved, Track)
    track = saved
    for at_s, value in samples[max(0, stop - read_again) :]:
        track = step(track, rule(), Sample(at_us=round(at_s * SECOND_US), value=value))

    assert occurrences(track) == alarms_of(rule(), samples)

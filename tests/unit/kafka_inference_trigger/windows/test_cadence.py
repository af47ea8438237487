"""What a window misses follows from each channel's own cadence."""

import numpy as np
import pytest

from kafka_inference_trigger.windows.channel_windows import SampleWindow, usual_interval_us
from tests.unit.kafka_inference_trigger.windows.packets import (
    LENGTH,
    NAN,
    SECOND_US,
    Satellite,
    microseconds,
    missing_of,
    samples_of,
)
from tests.unit.kafka_inference_trigger.windows.test_channel_windows import (
    IRREGULAR,
    JUDGED,
    NEVER_SEEN,
    TOO_OLD,
)


def test_channel_that_ceases_while_another_goes_on_misses_a_step_for_each_of_its_intervals() -> None:
    satellite = Satellite()
    satellite.send_all(range(40), [0, 1])
    windows = {second: satellite.after(second, [1]) for second in range(40, 60)}
    assert [missing_of(windows[second], 0) for second in (40, 41, 43, 50, 59)] == [0, 2, 4, 11, LENGTH]
    assert missing_of(windows[59], 1) == 0
    assert windows[43].end_us[0] == microseconds(43)


def test_ceased_channel_of_a_packet_of_its_own_misses_by_its_own_cadence() -> None:
    satellite = Satellite()
    for second in range(50):
        satellite.send(second, [0] if second % 2 else [1])
    windows = {second: satellite.after(second, [0]) for second in range(51, 60, 2)}
    assert [missing_of(windows[second], 1) for second in (51, 53, 59)] == [0, 2, 5]
    assert missing_of(windows[59], 0) == 0


def test_ceased_channel_is_evidence_while_windows_reach_back_to_it_and_then_is_absent() -> None:
    satellite = Satellite()
    satellite.send_all(range(40), [0, 1])
    windows = {second: satellite.after(second, [1]) for second in range(40, 260)}
    states = {second: int(windows[second].states[0]) for second in (69, 70, 229, 259)}
    assert states == {69: JUDGED, 70: TOO_OLD, 229: TOO_OLD, 259: NEVER_SEEN}
    assert windows[220].steps.tolist()[:2] == [LENGTH, LENGTH]
    assert samples_of(windows[220], 0) == []
    assert windows[259].steps.tolist()[:2] == [0, LENGTH]


def test_single_missing_samples_stand_where_they_belong() -> None:
    satellite = Satellite()
    for second in range(30):
        satellite.send(second, [1] if second in {20, 25} else [0, 1])
    row = satellite.window(29).values[0]
    assert np.flatnonzero(np.isnan(row)).tolist() == [LENGTH - 1 - 9, LENGTH - 1 - 4]


def steps_of(window: SampleWindow, channel: int) -> list[float]:
    """A channel's window with NaN where a step is missing, without padding."""
    row = window.values[channel] - channel / 10
    return list(map(float, np.round(row[LENGTH - int(window.steps[channel]) :], 6)))


def test_steps_follow_time_where_whole_messages_are_lost() -> None:
    satellite = Satellite()
    for second in range(40):
        if second not in {27, 30, 31, 36}:
            satellite.send(second, [0, 1])
    window = satellite.window(39)
    lost = {27, 30, 31, 36}
    expected = [NAN if second in lost else second for second in range(24, 40)]
    np.testing.assert_array_equal(steps_of(window, 0), expected)
    assert window.states.tolist()[:2] == [JUDGED, JUDGED]
    assert window.interval_us[0] == SECOND_US


def test_pause_of_all_channels_says_nothing_of_what_ceased() -> None:
    satellite = Satellite()
    for second in range(20):
        satellite.send(second, [0])
        satellite.send(second + 0.5, [1])
    assert missing_of(satellite.after(25, [0]), 1) == 1
    expected = [18.5, 19.5, *[NAN] * 5, 25.5]
    np.testing.assert_array_equal(steps_of(satellite.after(25.5, [1]), 1)[-8:], expected)


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_channel_that_loses_up_to_three_samples_in_ten_stays_regular(share: float) -> None:
    generator = np.random.default_rng(1)
    satellite = Satellite(length=64)
    sent = np.flatnonzero(generator.random(400) >= share).tolist()
    states = [int(satellite.after(second, [0]).states[0]) for second in sent]
    assert states[64:].count(JUDGED) >= 0.97 * len(states[64:])


def bursts() -> list[float]:
    return [second for second in range(300) if second % 60 < 10]


def at_random() -> list[float]:
    return list(map(float, np.cumsum(np.random.default_rng(2).exponential(1.0, 120))))


def drawn() -> list[float]:
    return list(map(float, np.cumsum(np.random.default_rng(3).choice([1, 2, 5, 20], 120))))


@pytest.mark.parametrize("seconds", [bursts(), at_random(), drawn()], ids=["bursts", "Poisson", "drawn"])
def test_a_window_of_uneven_intervals_says_so_and_misses_nothing(seconds: list[float]) -> None:
    satellite = Satellite(length=64, max_gap_s=60, max_span_s=1_000)
    satellite.send_all(seconds, [0])
    window = satellite.window(seconds[-1])
    assert window.states[0] == IRREGULAR
    assert missing_of(window, 0) == 0


def test_a_pause_that_is_longer_than_the_window_but_no_gap_leaves_no_interval_to_judge() -> None:
    satellite = Satellite(length=16, max_gap_s=60, max_span_s=1_000)
    satellite.send_all([*range(0, 100, 2), 157], [0])
    window = satellite.window(157)
    assert window.states[0] == IRREGULAR
    assert missing_of(window, 0) == 0


@pytest.mark.parametrize(("first_s", "then_s"), [(5, 1), (1, 10), (10, 1)])
def test_no_window_holds_two_cadences_unsaid(first_s: int, then_s: int) -> None:
    """But for a single interval; where a slower one begins its samples are as if others were lost."""
    satellite = Satellite(length=64, max_gap_s=60, max_span_s=10_000)
    change_s = 100 * first_s
    satellite.send_all(range(0, change_s, first_s), [0])
    for second in range(change_s, change_s + 100 * then_s, then_s):
        window = satellite.after(second, [0])
        row = window.values[0]
        times = row[np.isfinite(row)]
        is_shorter = np.diff(times) < window.interval_us[0] / SECOND_US
        assert window.states[0] == IRREGULAR or is_shorter.sum() <= 1
    assert window.states[0] == JUDGED


def test_jitter_of_a_tenth_of_the_interval_is_regular() -> None:
    generator = np.random.default_rng(4)
    satellite = Satellite(length=64)
    seconds = np.arange(150) + generator.uniform(-0.1, 0.1, 150)
    satellite.send_all(np.round(seconds + 1, 3).tolist(), [0])
    assert satellite.window(float(np.round(seconds + 1, 3)[-1])).states[0] == JUDGED


def test_channel_without_a_cadence_misses_nothing() -> None:
    satellite = Satellite()
    satellite.send_all(range(60), [0])
    irregular = [1, 2, 7, 9, 18, 19, 31, 34, 35, 44, 48]
    satellite.send_all([second + 0.5 for second in irregular], [1])
    assert missing_of(satellite.window(59), 1) == 0


def test_lost_messages_do_not_change_the_usual_interval() -> None:
    times = np.arange(0, 64 * 5_000_000, 5_000_000)
    assert usual_interval_us(np.delete(times, [7, 8, 30, 50])) == 5_000_000


def test_single_sample_has_no_interval() -> None:
    assert usual_interval_us(np.array([1])) == 0


@pytest.mark.parametrize("interval_s", [1, 29, 31, 61, 120])
def test_a_cadence_slower_than_the_gap_is_none(interval_s: int) -> None:
    satellite = Satellite(max_span_s=10_000)
    seconds = range(0, 20 * interval_s, interval_s)
    satellite.send_all(seconds, [0])
    window = satellite.window(seconds[-1])
    assert (window.states[0], window.steps[0]) == (JUDGED, LENGTH)
    assert window.interval_us[0] == interval_s * SECOND_US


@pytest.mark.parametrize(("first_s", "then_s", "samples"), [(1, 120, 9), (120, 1, 12)])
def test_a_window_holds_one_cadence_where_the_slower_one_is_a_gap_to_the_other(
    first_s: int, then_s: int, samples: int
) -> None:
    satellite = Satellite(max_span_s=10_000)
    slow_since = 20 * first_s
    satellite.send_all(range(0, slow_since, first_s), [0])
    for number in range(12):
        second = slow_since + number * then_s
        found = samples_of(satellite.after(second, [0]), 0)
        intervals = set(np.diff(found))
        assert len(intervals) <= 1, found
    assert len(found) == samples


def test_a_slow_channel_that_ceases_is_missing_until_ten_of_its_intervals_have_passed() -> None:
    satellite = Satellite(max_span_s=10_000)
    for second in range(0, 2_950, 50):
        satellite.send(second, [0, 1] if second < 2_000 and second % 100 == 0 else [1])
    window = satellite.window(2_900)
    assert (window.states[0], missing_of(window, 0)) == (JUDGED, 10)
    assert satellite.after(2_950, [1]).states[0] == TOO_OLD

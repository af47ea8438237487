"""A window belongs to a channel: its own last samples, whatever packets brought them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kafka_inference_trigger.windows.channel_windows import SampleWindow, unbroken, usual_interval_us
from kafka_inference_trigger.windows.telemetry_windows import look_back_s
from telemetry_core.contract.inferences import Lane
from telemetry_core.contract.messages import TelemetryMessage
from telemetry_core.contract.mission import Mission, Window
from telemetry_core.contract.tasks import ChannelState
from tests.unit.kafka_inference_trigger.windows.appended import AppendedWindows

SECOND_US = 1_000_000
START_US = 1_800_000_000 * SECOND_US
LENGTH = 16
GAPS = json.loads((Path(__file__).parents[3] / "examples/gaps.json").read_text())
CHANNELS = 4
NAN = float("nan")
JUDGED, TOO_FEW, TOO_OLD, NEVER_SEEN, IRREGULAR = ChannelState

Sample = tuple[float, int]
"""Second and channel."""


def mission(**window: float) -> Mission:
    channels = {f"c{number}": {"unit": "V"} for number in range(CHANNELS)}
    return Mission.model_validate(
        {
            "name": "test",
            "model": {"name": "lstm_timeseries"},
            "window": {"length": LENGTH, "max_span_s": 200, "max_gap_s": 30} | window,
            "periodic": {"share": 0},
            "subsystems": {"eps": {"horizon": 3, "channels": channels}},
        }
    )


def microseconds(second: float) -> int:
    return START_US + round(second * SECOND_US)


class Satellite:
    """Sends packets, received when they were generated; a value is its second and a tenth of the channel."""

    def __init__(self, **window: float) -> None:
        self.windows = AppendedWindows(mission(**window))

    def send(
        self,
        second: float,
        channels: Sequence[int],
        *,
        received: float | None = None,
        is_replayed: bool | None = None,
    ) -> Lane:
        """What is received at another time than generated is a replay unless told otherwise."""
        values = [second + number / 10 if number in channels else NAN for number in range(CHANNELS)]
        message = TelemetryMessage(
            satellite_id="SAT-001",
            generated_us=microseconds(second),
            samples={"eps": tuple(values)},
            bad_values=(),
        )
        received_us = microseconds(second if received is None else received)
        if is_replayed is None:
            is_replayed = received is not None
        return self.windows.append(message, received_us, is_replayed=is_replayed).lane

    def send_all(self, seconds: Sequence[float], channels: Sequence[int]) -> None:
        for second in seconds:
            self.send(second, channels)

    def after(self, second: float, channels: Sequence[int]) -> SampleWindow:
        self.send(second, channels)
        return self.window(second)

    def window(self, second: float, lane: Lane = Lane.LIVE) -> SampleWindow:
        return self.windows.window(lane, "eps", ending_us=microseconds(second))


def samples_of(window: SampleWindow, channel: int) -> list[float]:
    values = window.values[channel] - channel / 10
    return list(map(float, np.round(values[np.isfinite(values)], 6)))


def missing_of(window: SampleWindow, channel: int) -> int:
    """Missing steps of a channel's window."""
    return int(window.steps[channel]) - len(samples_of(window, channel))


def test_channels_that_come_by_turns_have_whole_windows_of_their_own() -> None:
    satellite = Satellite()
    for second in range(40):
        satellite.send(second, [0, 1] if second % 2 else [2, 3])
    window = satellite.window(39)
    assert samples_of(window, 0) == list(range(9, 40, 2))
    assert samples_of(window, 2) == list(range(8, 39, 2))
    assert window.states.tolist() == [JUDGED] * CHANNELS
    assert window.steps.tolist() == [LENGTH] * CHANNELS


def test_each_channel_has_its_own_end_and_interval() -> None:
    satellite = Satellite()
    for second in range(40):
        satellite.send(second, [0, 1, 2, 3] if second % 3 == 0 else [0, 1])
    window = satellite.window(38)
    assert [(end - START_US) / SECOND_US for end in window.end_us] == [38, 38, 36, 36]
    assert (window.interval_us / SECOND_US).tolist() == [1, 1, 3, 3]
    assert (window.sample_count, window.start_us) == (LENGTH, microseconds(38 - LENGTH + 1))


def test_window_counts_as_its_judged_channels_whichever_sample_ends_it() -> None:
    satellite = Satellite()
    satellite.send_all(range(40), [0])
    window = satellite.after(39.5, [1])
    assert window.states.tolist()[:2] == [JUDGED, TOO_FEW]
    assert (window.sample_count, window.start_us) == (LENGTH, microseconds(39 - LENGTH + 1))


def test_slow_channel_misses_nothing_and_warms_up_by_itself() -> None:
    satellite = Satellite()
    for second in range(60):
        satellite.send(second, [0, 1] if second % 6 == 0 else [0])
    window = satellite.window(58)
    assert window.states.tolist() == [JUDGED, JUDGED, NEVER_SEEN, NEVER_SEEN]
    assert samples_of(window, 1) == list(range(0, 60, 6))
    assert satellite.window(50).states.tolist()[:2] == [JUDGED, TOO_FEW]
    assert satellite.window(50).steps.tolist()[1] == 0


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


def test_gap_of_one_channel_cuts_no_other() -> None:
    satellite = Satellite()
    for second in range(60):
        satellite.send(second, [0] if 12 <= second < 50 else [0, 1])
    window = satellite.window(59)
    assert samples_of(window, 1) == list(range(50, 60))
    assert samples_of(window, 0) == list(range(60 - LENGTH, 60))
    assert window.states.tolist()[:2] == [JUDGED, JUDGED]


def test_late_packet_of_some_channels_is_put_in_order_of_these_alone() -> None:
    satellite = Satellite()
    for second in range(20):
        if second != 15:
            satellite.send(second, [0, 1])
        satellite.send(second, [2])
    satellite.send(15, [0, 1], received=19)
    window = satellite.window(19)
    assert samples_of(window, 0) == samples_of(window, 2) == list(range(4, 20))


def test_window_of_a_late_sample_set_knows_nothing_of_later_ones() -> None:
    satellite = Satellite()
    for second in range(30):
        satellite.send(second, [0, 1] if second % 2 else [2])
    window = satellite.window(20)
    assert samples_of(window, 0)[-1] == 19
    assert samples_of(window, 2)[-1] == 20


@pytest.mark.parametrize("max_span_s", [200, 1_800, 7 * 86_400])
def test_memory_of_a_satellite_is_bounded_by_18_bytes_a_channel_and_step(max_span_s: float) -> None:
    satellite = Satellite(length=64, max_span_s=max_span_s)
    for second in range(2_000):
        satellite.send(second, range(CHANNELS))
    assert satellite.windows.nbytes <= CHANNELS * 64 * 12 * 1.5
    assert len(samples_of(satellite.window(1_999), 0)) == 64


def test_times_stay_exact_over_more_than_four_bytes_of_microseconds() -> None:
    satellite = Satellite()
    times = [number * 10.000_001 for number in range(900)]
    satellite.send_all(times, [0])
    satellite.send(times[-2] + 0.000_001, [0], received=times[-1])
    window = satellite.window(times[-1])
    assert samples_of(window, 0)[-3:] == np.round([times[-2], times[-2] + 0.000_001, times[-1]], 6).tolist()
    assert window.end_us[0] == microseconds(times[-1])


@st.composite
def recordings(draw: st.DrawFn) -> list[Sample]:
    """Samples of channels of different cadence, phase and loss, in time order."""
    samples = set()
    for channel in range(draw(st.integers(1, CHANNELS))):
        interval, phase = draw(st.integers(1, 4)), draw(st.integers(0, 3))
        lost = draw(st.sets(st.integers(0, 60), max_size=8))
        first, last = draw(st.integers(0, 30)), draw(st.integers(30, 60))
        seconds = range(phase + first, last, interval)
        samples |= {(float(second), channel) for second in seconds if second not in lost}
    return sorted(samples)


CEASED_WITH_TOO_FEW = sorted(
    [(float(second), 0) for second in range(21, 30)] + [(float(second), 1) for second in range(60)]
)
"""Channel 0 has nine samples, all of them further back than the window's steps reach."""


def by_second(samples: Sequence[Sample]) -> Mapping[float, list[int]]:
    found: dict[float, list[int]] = {}
    for second, channel in samples:
        found.setdefault(second, []).append(channel)
    return found


def assert_equal(left: SampleWindow, right: SampleWindow) -> None:
    for name in ("values", "end_us", "interval_us", "steps", "states"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)
    assert (left.start_us, left.sample_count) == (right.start_us, right.sample_count)


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(recordings().filter(bool), st.data())
def test_windows_are_the_same_however_channels_are_split_into_packets(
    samples: list[Sample], data: st.DataObject
) -> None:
    together, apart = Satellite(), Satellite()
    for second, channels in by_second(samples).items():
        together.send(second, channels)
        order = data.draw(st.permutations(channels))
        cut = data.draw(st.integers(0, len(order)))
        for packet in (order[:cut], order[cut:]):
            if packet:
                apart.send(second, packet)
    newest = samples[-1][0]
    assert_equal(together.window(newest), apart.window(newest))


@settings(max_examples=80, deadline=None)
@given(recordings().filter(bool))
@example(CEASED_WITH_TOO_FEW)
def test_window_of_a_channel_holds_its_own_last_samples_in_order(samples: list[Sample]) -> None:
    satellite = Satellite(max_gap_s=1_000)
    for second, channels in by_second(samples).items():
        satellite.send(second, channels)
    window = satellite.window(samples[-1][0])
    for number in range(CHANNELS):
        own = [second for second, channel in samples if channel == number]
        found = samples_of(window, number)
        assert found == own[len(own) - len(found) :]
        assert len(found) + missing_of(window, number) in {0, *range(10)} or window.steps[number] >= 10
        if window.steps[number] and missing_of(window, number) == 0:
            assert found == own[-LENGTH:]


@settings(max_examples=60, deadline=None)
@given(recordings().filter(lambda samples: len(by_second(samples)) > 2), st.data())
def test_restart_with_a_look_back_equals_no_restart_for_split_packets(
    samples: list[Sample], data: st.DataObject
) -> None:
    """Replayed as fast as it was generated, or slower: then reception bounds what windows know."""
    gap_s, slowness = data.draw(st.sampled_from([1, 8])), data.draw(st.sampled_from([1.0, 1.7, 3.0]))
    window = {"max_span_s": 24, "max_gap_s": gap_s}
    undisturbed, restarted = Satellite(**window), Satellite(**window)
    packets = list(by_second(samples).items())
    cut = data.draw(st.integers(1, len(packets) - 1))
    reach_s = look_back_s(mission(**window).window)
    for second, channels in packets[:cut]:
        undisturbed.send(second, channels, received=second * slowness)
        if second * slowness >= packets[cut][0] * slowness - reach_s:
            restarted.send(second, channels, received=second * slowness)
    for second, channels in packets[cut:]:
        received = second * slowness
        for satellite in (undisturbed, restarted):
            satellite.send(second, channels, received=received)
        assert_equal(undisturbed.window(second), restarted.window(second))


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(-12, 12), st.integers(0, 1)), min_size=3, max_size=40),
    st.data(),
)
def test_restart_with_a_look_back_equals_no_restart_whatever_the_order(
    arrivals: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    """Each is received a while after the one before it and generated somewhere around that, in one lane.

    A replay is in order but for what live telemetry may be late.
    """
    is_replayed = data.draw(st.booleans())
    live = {} if is_replayed else data.draw(st.sampled_from([{}, {"live_age_s": 6}]))
    window = {"length": 64, "max_span_s": 24, "max_gap_s": data.draw(st.sampled_from([2, 16]))} | live
    undisturbed, restarted = Satellite(**window), Satellite(**window)
    received = np.cumsum([pause for pause, _, _ in arrivals]).tolist()
    cut = data.draw(st.integers(1, len(arrivals) - 1))
    reach_s = look_back_s(mission(**window).window)
    for now, (_, ahead, channel) in zip(received, arrivals, strict=True):
        lanes = {undisturbed.send(now + ahead, [channel], received=now, is_replayed=is_replayed)}
        if now < received[cut] - reach_s:
            continue
        lanes.add(restarted.send(now + ahead, [channel], received=now, is_replayed=is_replayed))
        if now >= received[cut]:
            (lane,) = lanes
            assert_equal(*(one.window(now + ahead, lane) for one in (undisturbed, restarted)))


def test_lane_is_told_by_age_though_the_clock_was_ahead_before_a_restart() -> None:
    window = {"length": 64, "max_span_s": 24, "max_gap_s": 16, "live_age_s": 6}
    undisturbed, restarted = Satellite(**window), Satellite(**window)
    undisturbed.send(17, [0], received=6, is_replayed=False)  # further back than a look-back from 40 s
    for second, received in ((10, 15), (20, 22), (29, 40)):
        lanes = {
            one.send(second, [0], received=received, is_replayed=False) for one in (undisturbed, restarted)
        }
        assert len(lanes) == 1
    (lane,) = lanes
    assert_equal(*(one.window(29, lane) for one in (undisturbed, restarted)))


def test_sample_is_in_its_window_though_a_later_one_came_long_before() -> None:
    satellite = Satellite()
    for second in range(100, 120):
        satellite.send(second, [0], received=second)
    for second in (220, 320):
        satellite.send(second / 2 + 20, [1], received=second)
    satellite.send(99, [0], received=400)
    assert samples_of(satellite.window(99), 0) == [99]


def test_packet_that_follows_with_the_same_time_is_not_missing_before_it_came() -> None:
    satellite = Satellite()
    satellite.send_all(range(30), [0, 1])
    first = satellite.after(30, [0])
    assert (missing_of(first, 0), missing_of(first, 1)) == (0, 0)
    assert first.end_us.tolist()[:2] == [microseconds(30), microseconds(29)]
    assert samples_of(satellite.after(30, [1]), 1)[-1] == 30


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


@pytest.mark.parametrize("example", GAPS["series"], ids=lambda example: example["what"])
def test_a_window_begins_where_a_chart_begins_its_last_line(example: dict[str, Any]) -> None:
    times = np.array(example["times_s"]) * SECOND_US
    limits = Window(length=64, max_span_s=10_000, max_gap_s=GAPS["max_gap_s"])
    first, last = example["lines_s"][-1]
    found = times[unbroken(times, times[-1], limits)]
    assert (found[0], found[-1]) == (first * SECOND_US, last * SECOND_US)


@pytest.mark.parametrize(("pause_s", "samples"), [(300, 12), (301, 2), (360, 2)])
def test_a_pause_is_a_gap_beyond_three_intervals(pause_s: int, samples: int) -> None:
    satellite = Satellite(max_span_s=10_000)
    satellite.send_all(range(0, 1_000, 100), [0])
    satellite.send_all((900 + pause_s, 1_000 + pause_s), [0])
    assert len(samples_of(satellite.window(1_000 + pause_s), 0)) == samples


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


def test_what_is_older_than_live_telemetry_may_be_is_stored_though_windows_reach_further_back() -> None:
    satellite = Satellite(max_span_s=10_000, live_age_s=900)
    satellite.send_all(range(0, 2_000, 100), [0])
    late = satellite.windows
    for second, lane in ((1_000, Lane.STORED), (1_050, Lane.LIVE)):
        message = TelemetryMessage(
            satellite_id="SAT-001",
            generated_us=microseconds(second + 0.5),
            samples={"eps": (1.0, NAN, NAN, NAN)},
            bad_values=(),
        )
        assert late.append(message, microseconds(1_950)).lane is lane


def test_live_telemetry_is_no_older_than_windows_reach_back() -> None:
    assert mission(max_span_s=100, live_age_s=900).window.live_s == 100
    assert mission(max_span_s=100).window.live_s == 100

"""Windows do not depend on packets, batches or restarts."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kafka_inference_trigger.windows.channel_windows import SampleWindow
from kafka_inference_trigger.windows.telemetry_windows import look_back_s
from tests.unit.kafka_inference_trigger.windows.packets import (
    CHANNELS,
    LENGTH,
    Satellite,
    missing_of,
    mission,
    samples_of,
)

Sample = tuple[float, int]
"""Second and channel."""


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

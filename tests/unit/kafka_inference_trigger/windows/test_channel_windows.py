"""A window belongs to a channel: its own last samples, whatever packets brought them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kafka_inference_trigger.windows.channel_windows import unbroken
from telemetry_core.contract.inferences import Lane
from telemetry_core.contract.messages import TelemetryMessage
from telemetry_core.contract.mission import Window
from telemetry_core.contract.tasks import ChannelState
from tests.unit.kafka_inference_trigger.windows.packets import (
    CHANNELS,
    LENGTH,
    NAN,
    SECOND_US,
    START_US,
    Satellite,
    microseconds,
    missing_of,
    mission,
    samples_of,
)

GAPS = json.loads((Path(__file__).parents[3] / "examples/gaps.json").read_text())
JUDGED, TOO_FEW, TOO_OLD, NEVER_SEEN, IRREGULAR = ChannelState


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

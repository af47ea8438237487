import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kafka_inference_trigger.windows.channel_windows import SampleWindow
from kafka_inference_trigger.windows.sample_sets import Arrival
from telemetry_core.contract.errors import InvalidTelemetryMessage
from telemetry_core.contract.inferences import Lane
from telemetry_core.contract.messages import TelemetryMessage
from telemetry_core.contract.mission import Mission
from tests.unit.kafka_inference_trigger.windows.appended import AppendedWindows

SECOND_US = 1_000_000
START_US = 1_800_000_000 * SECOND_US
LENGTH = 10


def mission(**window: float) -> Mission:
    return Mission.model_validate(
        {
            "name": "test",
            "model": {"name": "lstm_timeseries"},
            "window": {"length": LENGTH, "max_span_s": 100, "max_gap_s": 20} | window,
            "periodic": {"share": 0},
            "subsystems": {
                "eps": {"horizon": 3, "channels": {"volts": {"unit": "V"}, "amps": {"unit": "A"}}},
                "comm": {"horizon": 3, "channels": {"rssi": {"unit": "dBm"}}},
            },
        }
    )


def message(second: float, **samples: tuple[float, ...]) -> TelemetryMessage:
    return TelemetryMessage(
        satellite_id="SAT-001",
        generated_us=START_US + round(second * SECOND_US),
        samples=samples or {"eps": (second, -second)},
        bad_values=(),
    )


def received(second: float) -> int:
    return START_US + round(second * SECOND_US)


def window_at(
    windows: AppendedWindows, second: float, lane: Lane = Lane.LIVE, subsystem: str = "eps"
) -> SampleWindow:
    return windows.window(lane, subsystem, ending_us=received(second))


def seconds_of(windows: AppendedWindows, second: float, lane: Lane = Lane.LIVE) -> list[float]:
    """Times of the samples of `volts`, which is sent as its own second."""
    values = window_at(windows, second, lane).values[0]
    return list(map(float, values[np.isfinite(values)]))


def test_window_holds_the_last_samples_of_all_messages_in_time_order() -> None:
    windows = AppendedWindows(mission())
    for second in range(12):
        windows.append(message(second), received(second))
    assert seconds_of(windows, 11) == list(range(2, 12))


def test_late_sample_inside_the_rows_is_put_in_order() -> None:
    windows = AppendedWindows(mission())
    for second in (0, 1, 2, 4, 5):
        windows.append(message(second), received(second))
    placed = windows.append(message(3), received(5))
    assert placed.lane is Lane.LIVE
    assert seconds_of(windows, 5) == [0, 1, 2, 3, 4, 5]


def test_window_of_a_late_sample_ends_at_it() -> None:
    windows = AppendedWindows(mission())
    for second in (0, 1, 2, 4):
        windows.append(message(second), received(second))
    windows.append(message(3), received(4))
    assert seconds_of(windows, 3) == [0, 1, 2, 3]


def test_older_sample_goes_to_the_stored_lane_and_leaves_live_windows_alone() -> None:
    windows = AppendedWindows(mission())
    for second in range(200, 210):
        windows.append(message(second), received(second))
    placed = windows.append(message(5), received(210))
    assert placed.lane is Lane.STORED
    assert seconds_of(windows, 209) == list(range(200, 210))
    assert windows.append(message(6), received(210)).lane is Lane.STORED
    assert windows.append(message(211), received(211)).lane is Lane.LIVE


HOURS_6 = -6 * 3600


def arrivals(order: str) -> list[float]:
    dump, live = [HOURS_6 + second for second in range(20)], list(range(20))
    if order == "dump between":
        return [*live[:10], *dump, *live[10:]]
    if order == "interleaved":
        return [second for pair in zip(dump, live, strict=True) for second in pair]
    return [*dump, *live] if order == "dump first" else [*live, *dump]


@pytest.mark.parametrize("order", ["dump first", "dump between", "dump after", "interleaved"])
def test_dump_is_stored_whatever_the_order(order: str) -> None:
    windows = AppendedWindows(mission())
    lanes = {second: windows.append(message(second), received(20)).lane for second in arrivals(order)}
    assert {lane for second, lane in lanes.items() if second < 0} == {Lane.STORED}
    assert {lane for second, lane in lanes.items() if second >= 0} == {Lane.LIVE}
    assert seconds_of(windows, 19) == list(range(10, 20))


@pytest.mark.parametrize(("age_s", "lane"), [(0, Lane.LIVE), (100, Lane.LIVE), (101, Lane.STORED)])
def test_telemetry_is_live_as_long_as_windows_reach_back_at_its_reception(age_s: float, lane: Lane) -> None:
    assert AppendedWindows(mission()).append(message(0), received(age_s)).lane is lane


def test_only_its_order_counts_of_a_replayed_recording() -> None:
    windows = AppendedWindows(mission())
    lanes = [
        windows.append(message(second), received(86_400), is_replayed=True).lane for second in (500, 501, 5)
    ]
    assert lanes == [Lane.LIVE, Lane.LIVE, Lane.STORED]


def test_sample_before_full_rows_goes_to_the_stored_lane() -> None:
    windows = AppendedWindows(mission())
    for second in range(50, 50 + 2 * LENGTH):
        windows.append(message(second), received(second))
    assert windows.append(message(50 + LENGTH // 2 - 1), received(70)).lane is Lane.STORED


def test_duplicate_is_told_from_a_new_sample_and_changes_nothing() -> None:
    windows = AppendedWindows(mission())
    windows.append(message(1), received(1))
    assert windows.append(message(1), received(2)).arrival is Arrival.DUPLICATE
    assert seconds_of(windows, 2) == [1]


def test_contradicting_duplicate_is_refused_and_changes_nothing() -> None:
    windows = AppendedWindows(mission())
    windows.append(message(1, eps=(1.0, 2.0)), received(1))
    with pytest.raises(InvalidTelemetryMessage) as refusal:
        windows.append(message(1, comm=(-80.0,), eps=(1.0, 3.0)), received(2))
    assert refusal.value.reason == "conflicting_duplicate"
    repeated = windows.append(message(1, eps=(1.0, 2.0)), received(2))
    assert set(repeated.samples) == {"eps"}


def test_second_message_of_a_sample_set_completes_it() -> None:
    windows = AppendedWindows(mission())
    windows.append(message(1, eps=(1.0, float("nan"))), received(1))
    placed = windows.append(message(1, eps=(float("nan"), 2.0), comm=(-80.0,)), received(2))
    assert placed.arrival is Arrival.COMPLETING
    assert {name: row.tolist() for name, row in placed.samples.items()} == {
        "eps": [1.0, 2.0],
        "comm": [-80.0],
    }


def test_gap_cuts_the_window() -> None:
    windows = AppendedWindows(mission())
    for second in (0, 1, 2, 30, 31):
        windows.append(message(second), received(second))
    assert seconds_of(windows, 31) == [30, 31]


def test_samples_older_than_the_span_leave_the_window() -> None:
    windows = AppendedWindows(mission(max_span_s=4))
    for second in range(8):
        windows.append(message(second), received(second))
    assert seconds_of(windows, 7) == [3, 4, 5, 6, 7]


def test_satellite_that_fell_silent_starts_afresh_and_is_forgotten() -> None:
    windows = AppendedWindows(mission())
    windows.append(message(0), received(0))
    other = TelemetryMessage(
        satellite_id="SAT-002", generated_us=received(500), samples={"eps": (1.0, 1.0)}, bad_values=()
    )
    windows.append(other, received(500))
    assert len(windows) == 1


def test_only_features_reach_the_window() -> None:
    flagged = mission()
    channels = {"volts": {"unit": "V"}, "active": {"unit": "flag", "kind": "flag", "feature": False}}
    content = flagged.model_dump() | {"subsystems": {"eps": {"horizon": 1, "channels": channels}}}
    windows = AppendedWindows(Mission.model_validate(content))
    windows.append(message(1, eps=(3.5, 1.0)), received(1))
    values = window_at(windows, 1).values
    assert values.shape == (1, LENGTH)
    assert values[0, -1] == 3.5


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(14)), st.lists(st.integers(0, 13), max_size=5))
def test_shuffled_stream_with_duplicates_ends_in_the_same_window(order: list[int], again: list[int]) -> None:
    windows = AppendedWindows(mission())
    for second in (*order, *again):
        windows.append(message(second), received(20))
    assert seconds_of(windows, 20) == list(range(4, 14))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=5, max_size=60), st.data())
def test_restart_with_a_look_back_equals_no_restart(steps: list[int], data: st.DataObject) -> None:
    """The look-back holds what was appended within the span before the first unprocessed message."""
    seconds = np.cumsum(steps).tolist()
    cut = data.draw(st.integers(1, len(seconds) - 1))
    undisturbed, restarted = AppendedWindows(mission()), AppendedWindows(mission())
    for second in seconds[:cut]:
        undisturbed.append(message(second), received(second))
    for second in [second for second in seconds[:cut] if second >= seconds[cut] - 100]:
        restarted.append(message(second), received(second))
    for second in seconds[cut:]:
        undisturbed.append(message(second), received(second))
        restarted.append(message(second), received(second))
        assert seconds_of(undisturbed, second) == seconds_of(restarted, second)

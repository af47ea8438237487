"""A dump of older data has windows of its own: what continues them, and what is refused."""

import numpy as np
import pytest

from kafka_inference_trigger.windows.rings import ChannelRings, RingLayout
from telemetry_core.contract.errors import InvalidTelemetryMessage
from telemetry_core.contract.inferences import Lane
from telemetry_core.contract.messages import ConflictingDuplicate
from telemetry_core.contract.mission import Window
from tests.unit.kafka_inference_trigger.windows.appended import AppendedWindows
from tests.unit.kafka_inference_trigger.windows.test_telemetry_windows import (
    START_US,
    message,
    mission,
    received,
    seconds_of,
)

NOW_S = 10_000


def stored(windows: AppendedWindows, *seconds: float) -> None:
    for second in seconds:
        assert windows.append(message(second), received(NOW_S)).lane is Lane.STORED


def test_older_dump_begins_windows_anew_and_a_newer_one_continues() -> None:
    windows = AppendedWindows(mission())
    stored(windows, 5_000, 5_001, 5_003, 5_002)
    assert seconds_of(windows, 5_003, Lane.STORED) == [5_000, 5_001, 5_002, 5_003]
    stored(windows, 1_000, 1_001)
    assert seconds_of(windows, 1_001, Lane.STORED) == [1_000, 1_001]
    assert seconds_of(windows, 5_003, Lane.STORED) == []
    stored(windows, 1_010)
    assert seconds_of(windows, 1_010, Lane.STORED) == [1_000, 1_001, 1_010]


def test_contradiction_within_a_dump_says_nothing_of_the_clock() -> None:
    windows = AppendedWindows(mission())
    for lane, now_s in ((Lane.LIVE, 0), (Lane.STORED, NOW_S)):
        assert windows.append(message(0, eps=(1.0, 2.0)), received(now_s)).lane is lane
        with pytest.raises(InvalidTelemetryMessage) as refusal:
            windows.append(message(0, eps=(1.0, 3.0)), received(now_s))
        assert refusal.value.reason == "conflicting_duplicate"
        assert isinstance(refusal.value, ConflictingDuplicate) == (lane is Lane.LIVE)


def test_rings_know_no_sample_of_a_time_that_they_do_not_reach() -> None:
    layout = RingLayout.of(Window(length=10, max_span_s=100, max_gap_s=20))
    rings = ChannelRings(np.zeros(2, np.bool_), layout, first_us=START_US, received_us=START_US)
    both = np.arange(2)
    rings.insert(both, START_US, np.array([1.0, 2.0]))
    assert rings.at(START_US).tolist() == [1.0, 2.0]
    for out_of_reach_us in (-layout.reach_us - 1, -layout.reach_us - 2, layout.largest_offset_us):
        assert np.isnan(rings.at(START_US + out_of_reach_us)).all()

import bisect
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st

from operation_server.telemetry.routes import wanted_channels
from operation_server.telemetry.series import (
    SPAN_GROWTH,
    Series,
    grid_of,
    lines_of,
    span_of_newest,
    times_of,
    with_gaps,
)
from operation_server.telemetry.victoria import selector_of
from telemetry_core.contract.mission import Window, metrics_by_channel
from telemetry_core.service.settings import Settings, load_mission

MISSION = load_mission(Settings().mission_file)
YEAR_MS = 365 * 86_400_000
GAPS = json.loads((Path(__file__).parents[3] / "examples/gaps.json").read_text())
WINDOW = Window(length=64, max_span_s=10_000, max_gap_s=GAPS["max_gap_s"])


@given(start=st.integers(0, 7_258_118_400_000), span=st.integers(0, YEAR_MS), size=st.integers(2, 4000))
def test_grid_covers_the_range_with_no_more_intervals_than_asked_for(
    start: int, span: int, size: int
) -> None:
    grid = grid_of(start, start + span, size)
    assert grid.first_ms % grid.step_ms == grid.last_ms % grid.step_ms == 0
    assert grid.first_ms <= start < grid.first_ms + grid.step_ms
    assert grid.last_ms <= start + span < grid.last_ms + grid.step_ms
    assert (grid.last_ms - grid.first_ms) // grid.step_ms + 1 <= size


@given(span=st.integers(1_000_000, YEAR_MS), size=st.integers(2, 4000))
def test_interval_is_hardly_wider_than_the_size_asks_for(span: int, size: int) -> None:
    assert grid_of(0, span, size).step_ms <= 1.011 * span / (size - 1) + 1


def test_range_that_moves_keeps_its_grid() -> None:
    day = 86_400_000
    steps = {grid_of(start, start + day, 1000).step_ms for start in range(0, 1_000_000, 997)}
    assert steps == {86_500}


def of_times(*times_ms: int) -> Series:
    values = dict.fromkeys(times_ms, 1.0)
    return Series(low=values, high=values)


@pytest.mark.parametrize("example", GAPS["series"], ids=lambda example: example["what"])
def test_a_line_ends_at_a_gap(example: dict[str, Any]) -> None:
    times_ms = [1000 * time_s for time_s in example["times_s"]]
    lines = [
        (first_ms // 1000, last_ms // 1000) for first_ms, last_ms in lines_of(times_ms, WINDOW, step_ms=0)
    ]
    assert lines == [tuple(line) for line in example["lines_s"]]


def test_gap_is_one_time_without_values() -> None:
    series = [of_times(0, 1000, 2000, 90_000, 91_000)]
    assert with_gaps(series, WINDOW, step_ms=0) == [0, 1000, 2000, 32_000, 90_000, 91_000]
    assert with_gaps(series, WINDOW, step_ms=1000) == [0, 1000, 2000, 3000, 90_000, 91_000]


def test_intervals_wider_than_a_gap_are_joined() -> None:
    assert with_gaps([of_times(0, 100_000, 400_000)], WINDOW, step_ms=100_000) == [0, 100_000, 400_000]
    assert with_gaps([of_times(0, 100_000, 500_000)], WINDOW, step_ms=100_000) == [
        0,
        100_000,
        200_000,
        500_000,
    ]
    assert with_gaps([], WINDOW, step_ms=0) == []
    assert with_gaps([of_times()], WINDOW, step_ms=0) == []


def test_slow_packets_at_different_times_have_no_gap() -> None:
    packets = [of_times(*range(first_ms, 1_200_000, 120_000)) for first_ms in (0, 1000)]
    assert with_gaps(packets, WINDOW, step_ms=0) == times_of(packets)


def test_samples_missing_in_one_channel_are_no_gap() -> None:
    fast, slow = of_times(0, 1000, 2000, 300_000), of_times(*range(0, 600_000, 120_000))
    assert with_gaps([fast, slow], WINDOW, step_ms=0) == times_of([fast, slow])


def test_single_samples_beside_each_other_have_no_gap_between() -> None:
    assert with_gaps([of_times(0), of_times(60_000)], WINDOW, step_ms=0) == [0, 60_000]


def test_times_are_those_of_all_series_once_and_ascending() -> None:
    assert times_of([Series(low={3: 1.0}, high={3: 1.0}), Series(low={1: 1.0}, high={1: 2.0, 2: 2.0})]) == [
        1,
        2,
        3,
    ]


@given(
    ages=st.lists(st.integers(0, 100_000_000), unique=True, max_size=200).map(sorted),
    size=st.integers(1, 40),
    longest=st.integers(0, 100_000_000),
)
def test_span_holds_the_newest_samples_and_not_many_more(ages: list[int], size: int, longest: int) -> None:
    def count(span_ms: int) -> int:
        return bisect.bisect_right(ages, span_ms)

    span = span_of_newest(count, size=size, longest_ms=longest)
    assert span <= longest
    assert min(size, count(longest)) <= count(span) <= SPAN_GROWTH * size


def test_channel_of_several_metrics_has_the_one_that_the_mission_names_first() -> None:
    metrics = metrics_by_channel(MISSION)
    assert metrics["thermal", "obc_temp"] == "satellite_temperature"
    assert metrics["eps", "total_power_generation"] == "satellite_power_generation"


def test_field_that_is_no_channel_has_no_metric() -> None:
    assert not any(channel in {"heater_1_on", "*"} for _, channel in metrics_by_channel(MISSION))


def test_channels_of_a_wildcard_have_a_metric_each() -> None:
    mission = MISSION.model_copy(update={"metrics": {"satellite_comm_*": "comm.*"}})
    assert metrics_by_channel(mission) == {
        ("comm", name): f"satellite_comm_{name}" for name in MISSION.subsystems["comm"].channels
    }


def test_channels_are_chosen_in_the_order_of_the_mission() -> None:
    chosen = wanted_channels(MISSION, "thermal", ["obc_temp", "battery_temp"])
    assert [(item.channel, item.unit) for item in chosen] == [("battery_temp", "degC"), ("obc_temp", "degC")]
    assert {item.subsystem for item in wanted_channels(MISSION, None, None)} == set(MISSION.subsystems)


def test_what_the_mission_lacks_is_refused_with_what_there_is() -> None:
    with pytest.raises(HTTPException, match="unknown subsystem payload; known: eps, thermal"):
        wanted_channels(MISSION, "payload", None)
    with pytest.raises(HTTPException, match="no series of gyro_x; there are battery_temp"):
        wanted_channels(MISSION, "thermal", ["gyro_x"])


def test_satellite_cannot_leave_its_quotes() -> None:
    assert selector_of(["a", "b"], 'x"}') == '{__name__=~"a|b",satellite_id="x\\"}"}'

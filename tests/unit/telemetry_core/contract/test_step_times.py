"""A forecast goes on where a channel's own samples end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from telemetry_core.contract.step_times import channel_step_times, job_step_times

END_S = 1_761_802_496
END = datetime.fromtimestamp(END_S, UTC)


def row(**changes: Any) -> dict[str, Any]:
    return {
        "window_start": END - timedelta(seconds=27),
        "generated_at": END,
        "sample_count": 10,
        **changes,
    }


def test_steps_of_a_job_lie_its_mean_interval_apart() -> None:
    times = job_step_times(row())
    assert times is not None
    assert times.all_s(2) == [END_S + 3, END_S + 6]


def test_channel_with_times_of_its_own_goes_on_from_its_own_last_step() -> None:
    own = row(axes={"soc": {"end": "2025-10-30T05:34:50.5+00:00", "interval_s": 10.25}})
    soc, volts = channel_step_times(own, "soc"), channel_step_times(own, "volts")
    assert soc is not None
    assert soc.all_s(2) == [END_S - 5.5 + 10.25, END_S - 5.5 + 20.5]
    assert volts == job_step_times(own)


@pytest.mark.parametrize(
    "changes",
    [
        {"sample_count": 1},
        {"window_start": END},
        {"window_start": None, "generated_at": None, "sample_count": None},
    ],
)
def test_row_without_an_interval_tells_no_times(changes: dict[str, Any]) -> None:
    assert channel_step_times(row(**changes), "soc") is None

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarms.performance import FLOOD, TARGETS, Counts, IndicatorName, flood_share, indicators, is_met
from telemetry_core.contract.rules import Severity

HOUR = timedelta(hours=1)


def counts(*per_interval: int, critical: int = 0, top_ten: int = 0) -> Counts:
    return Counts(
        per_interval=per_interval, by_severity={Severity.CRITICAL: critical}, top_ten=[top_ten], standing=12,
        stale=3, chattering=0, acknowledged_median_s=30, acknowledged_p90_s=None,
    )  # fmt: skip


def test_every_indicator_has_a_target_or_says_that_there_is_none() -> None:
    assert indicators(counts(1), span=HOUR, operators=1).keys() == TARGETS.keys()


@given(st.lists(st.integers(0, 40), min_size=1, max_size=50), st.integers(1, 5))
def test_rates_are_those_of_one_operator_and_agree_with_each_other(
    per_interval: list[int], operators: int
) -> None:
    span = len(per_interval) * timedelta(minutes=10)
    found = indicators(counts(*per_interval), span=span, operators=operators)
    per_hour, average, peak = (
        found["alarms_per_operator_hour"], found["alarms_per_interval"], found["peak_per_interval"],
    )  # fmt: skip
    assert per_hour is not None
    assert average is not None
    assert peak is not None
    assert per_hour == pytest.approx(6 * average)
    assert per_hour * (span / HOUR) * operators == pytest.approx(sum(per_interval))
    assert peak >= average or peak == pytest.approx(average)
    assert (found["flood_share"] == 0) == (peak <= FLOOD)
    assert found["standing"] == 12 / operators


def test_ten_alarms_in_ten_minutes_are_no_flood_and_eleven_are() -> None:
    assert flood_share([10, 11, 0, 0], operators=1) == 0.25
    assert flood_share([20, 21, 0, 0], operators=2) == 0.25


@pytest.mark.parametrize(
    ("raised", "part", "share"), [(199, 10, None), (200, 10, 0.05), (200, 150, 0.75), (0, 0, None)]
)
def test_share_of_the_top_ten_is_told_from_so_many_alarms_on_that_it_can_be_good(
    raised: int, part: int, share: float | None
) -> None:
    found = indicators(counts(raised, top_ten=part), span=HOUR, operators=1)
    assert found["top_ten_share"] == share


@pytest.mark.parametrize(("raised", "critical", "share"), [(19, 1, None), (20, 1, 0.05), (20, 20, 1.0)])
def test_share_of_high_severity_likewise(raised: int, critical: int, share: float | None) -> None:
    found = indicators(counts(raised, critical=critical), span=HOUR, operators=1)
    assert found["high_severity_share"] == share


@pytest.mark.parametrize(
    ("name", "value", "met"),
    [
        ("flood_share", 0.01, True), ("flood_share", 0.011, False), ("stale", 0, True),
        ("top_ten_share", None, None), ("acknowledged_median_s", 1e9, None),
    ],
)  # fmt: skip
def test_indicator_is_met_up_to_its_target(
    name: IndicatorName, value: float | None, *, met: bool | None
) -> None:
    assert is_met(name, value) is met

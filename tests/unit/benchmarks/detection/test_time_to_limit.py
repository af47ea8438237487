"""The suite that foretells when limits break: its truth and what it counts."""

import math

import numpy as np
import pytest

from alarms.time_to_limit import WINDOW, TimeToLimit
from benchmarks.detection.time_to_limit import LIMITS, Outcomes, by_trend, crossed_s, told

BATTERY = LIMITS[0]


def test_the_truth_lies_between_samples() -> None:
    assert crossed_s(np.array([-2.0, -1.0, 3.0]), 0.5) == pytest.approx(0.625)
    assert crossed_s(np.array([-2.0, -1.0]), 0.5) == math.inf


def test_a_forecast_is_told_from_the_second_in_a_row_to_the_breach() -> None:
    one = TimeToLimit(likely_s=5, earliest_s=4, latest_s=6)
    answers = iter([one, None, one, one, None, one, one])
    values = np.zeros(WINDOW + 6)
    found = list(told(lambda *_: next(answers), values, 1.0, BATTERY, WINDOW + 5.0))
    assert [at_s - WINDOW + 1 for at_s, _ in found] == [3, 5]


def test_errors_are_shares_of_the_time_left() -> None:
    outcomes = Outcomes()
    outcomes.add([(10.0, TimeToLimit(likely_s=12, earliest_s=9, latest_s=11))], 20.0)
    outcomes.add([], 20.0)
    assert (outcomes.breaches, outcomes.told, outcomes.leads_s) == (2, 1, [10.0])
    assert outcomes.errors == pytest.approx([0.2])
    assert outcomes.held == [True]


def test_the_trend_foretells_a_draining_battery() -> None:
    values = 18 + 72 * np.exp(-np.maximum(np.arange(-52.0, 12.0), 0) / 12)
    found = by_trend(values, 1.0, BATTERY)
    assert found is not None
    assert found.likely_s == pytest.approx(12 * math.log(6) - 11, rel=0.05)

"""What a check on nominal telemetry vouches for."""

import math

import numpy as np
import pytest

from telemetry_core.contract.false_alarms import most_expected, rates_per_day


@pytest.mark.parametrize("count", [0, 1, 5, 300])
def test_a_poisson_count_is_larger_in_95_of_100_cases_at_the_bound(count: int) -> None:
    mean = most_expected(count)
    larger = 1 - sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))
    assert larger == pytest.approx(0.95, abs=0.002)


def test_few_verdicts_without_a_false_one_vouch_for_little() -> None:
    rates = rates_per_day(0, 435, (20.0, 20.0))
    assert rates.expected == 0
    assert rates.most_runs == pytest.approx(29.6, abs=0.3)
    assert rates_per_day(0, 4_350, (20.0, 20.0)).most_runs == pytest.approx(rates.most_runs / 10)


def test_the_bound_holds_for_runs_of_overlapping_windows_in_19_of_20_checks() -> None:
    rng = np.random.default_rng(5)
    verdicts, runs_per_day = 435, 20.0
    starts = rng.random((2_000, verdicts)) < runs_per_day * 20 / 86_400
    is_false = np.cumsum(starts, axis=1, dtype=np.int64)
    is_false[:, 64:] -= is_false[:, :-64].copy()
    bounds = [
        rates_per_day(int(count), verdicts, (20.0, 20.0)).most_runs for count in (is_false > 0).sum(axis=1)
    ]
    assert np.mean(np.array(bounds) >= runs_per_day) >= 0.95

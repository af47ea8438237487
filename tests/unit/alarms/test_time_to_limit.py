"""How long until a limit breaks, on curves whose answer is known."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random

import pytest

from alarms.time_to_limit import LEAST_SAMPLES, REACH, WINDOW, TimeToLimit, time_to_limit
from alarms.trends import noise_of
from alarms.violation_runs import Sample

NOISE = 0.03
LEAD = 40
"""Nominal samples before something changes."""


def samples(curve: Callable[[float], float], times_s: Sequence[float], seed: int = 1) -> list[Sample]:
    """A channel that is nominal until second 0, with noise."""
    random = Random(seed)
    return [
        Sample(
            at_us=round((LEAD + at_s) * 1e6), value=round(curve(max(at_s, 0.0)) + random.gauss(0, NOISE), 2)
        )
        for at_s in times_s
    ]


def left(newest: Sequence[Sample], limit: float, *, is_high: bool) -> TimeToLimit | None:
    """What the samples foretell."""
    return time_to_limit([one.at_us for one in newest], [one.value for one in newest], limit, is_high=is_high)


def seconds(last_s: float, interval_s: float = 1.0) -> list[float]:
    """Times of samples from LEAD of them before second 0 on."""
    return [interval_s * number for number in range(-LEAD, math.floor(last_s / interval_s) + 1)]


def drained(at_s: float) -> float:
    """A battery of 90 % with a shorted cell: 18 % in the end, 30 % after 21.5 s."""
    return 18 + 72 * math.exp(-at_s / 12)


def warmed(at_s: float) -> float:
    """A unit of 20 degrees that warms by .5 a second: 50 after a minute."""
    return 20 + 0.5 * at_s


def running_away(at_s: float) -> float:
    """One that warms ever faster: 50 after 48 s."""
    return 19 + math.exp(at_s / 14)


@pytest.mark.parametrize(
    ("curve", "limit", "breach_s", "now_s"),
    [
        (drained, 30.0, 12 * math.log(6), 10.0),
        (drained, 30.0, 12 * math.log(6), 18.0),
        (warmed, 50.0, 60.0, 30.0),
        (warmed, 50.0, 60.0, 50.0),
        (running_away, 50.0, 14 * math.log(31), 44.0),
    ],
)
def test_the_time_left_is_foretold_with_its_band(
    curve: Callable[[float], float], limit: float, breach_s: float, now_s: float
) -> None:
    left_s = breach_s - now_s
    found = [left(samples(curve, seconds(now_s), seed), limit, is_high=limit > 40) for seed in range(60)]
    told = [one for one in found if one is not None]
    assert len(told) >= 50
    errors = sorted(abs(one.likely_s - left_s) / left_s for one in told)
    assert errors[len(errors) // 2] < 0.1
    held = sum(one.earliest_s <= left_s <= one.latest_s for one in told) / len(told)
    assert 0.75 <= held <= 1
    assert all(one.earliest_s <= one.likely_s <= one.latest_s for one in told)


def likely_s(times_s: Sequence[float]) -> float:
    found = left(samples(drained, times_s), 30.0, is_high=False)
    assert found is not None
    return found.likely_s


@pytest.mark.parametrize("interval_s", [0.25, 0.5, 2.0])
def test_it_is_told_in_seconds_whatever_the_interval(interval_s: float) -> None:
    assert likely_s(seconds(12, interval_s)) == pytest.approx(12 * math.log(6) - 12, rel=0.1)


def test_samples_that_are_missing_or_late_by_a_little_matter_little() -> None:
    random = Random(3)
    times_s = [at_s + random.uniform(0, 0.3) for at_s in seconds(12) if at_s == 12 or random.random() > 0.2]
    assert likely_s(times_s) == pytest.approx(12 * math.log(6) - times_s[-1], rel=0.15)


@pytest.mark.parametrize(
    "curve",
    [
        lambda _at_s: 20.0,
        lambda at_s: 20 + 25 * (1 - math.exp(-at_s / 15)),  # settles at 45
        lambda at_s: 20 + 6 * math.sin(at_s / 40),
        lambda at_s: 20.0 if at_s < 10 else 35.0,
        lambda at_s: 45 - 0.2 * at_s,
    ],
    ids=["level", "settles within", "wanders", "steps", "goes away from it"],
)
def test_what_stays_within_its_limit_is_not_foretold_twice_in_a_row(curve: Callable[[float], float]) -> None:
    whole = samples(curve, seconds(90))
    found = [left(whole[:count], 50.0, is_high=True) for count in range(LEAST_SAMPLES, len(whole))]
    assert all(before is None or after is None for before, after in pairwise(found))


def test_a_spike_is_no_trend() -> None:
    values = samples(lambda _at_s: 20.0, seconds(30))
    values[-1] = Sample(at_us=values[-1].at_us, value=45.0)
    assert left(values, 50.0, is_high=True) is None


def test_no_further_ahead_than_twice_as_long_as_the_trend_has_lasted() -> None:
    """An eclipse drains a battery for half an hour; it would be empty after hours only."""
    found = [(at_s, left(samples(warmed, seconds(at_s)), 50.0, is_high=True)) for at_s in range(5, 60)]
    first_s = next(at_s for at_s, one in found if one is not None)
    assert 60 / (1 + REACH) - 2 <= first_s <= 60 / (1 + REACH) + 5


@pytest.mark.parametrize("count", [0, 1, LEAST_SAMPLES - 1])
def test_too_few_samples_tell_nothing(count: int) -> None:
    values = samples(warmed, seconds(30))[-count:] if count else []
    assert left(values, 36.0, is_high=True) is None


def test_samples_before_the_window_do_not_matter() -> None:
    values = samples(warmed, seconds(50))
    strange = [Sample(at_us=value.at_us - 1, value=-1000.0) for value in values[:-WINDOW]]
    assert left([*strange, *values[-WINDOW:]], 50.0, is_high=True) == left(values, 50.0, is_high=True)


def test_noise_is_that_of_the_sensor_and_not_of_a_bend() -> None:
    values = [sample.value for sample in samples(drained, seconds(20))]
    assert noise_of(values) == pytest.approx(NOISE, rel=0.35)
    assert noise_of([1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]) == pytest.approx(
        1 / math.sqrt(12)
    )

"""How far a measure may reach that few orbits showed, and that no measure pays for another."""

import numpy as np
import pytest
from numpy.typing import NDArray

from scoring.fitting.own_limits import (
    BLOCKS,
    GROWTH,
    UNBOUNDED,
    WHOLE_SPAN_S,
    growth_within,
    own_limits,
    reached,
)
from scoring.measures.windows import MEASURES

PLACES = {name: place for place, (_, name) in enumerate(MEASURES)}
HAS_LEVEL = np.array([True])
NOISE = np.array([0.01])


def blocks(*largest: float) -> NDArray[np.float64]:
    """Windows of which each block reaches one of these values, again and again."""
    return np.repeat([largest[number % len(largest)] for number in range(BLOCKS)], 20)


def measured(**values: NDArray[np.float64]) -> NDArray[np.float64]:
    found = np.zeros((20 * BLOCKS, 1, len(MEASURES)))
    for name, of_windows in values.items():
        found[:, 0, PLACES[name]] = of_windows
    return found


def test_what_every_block_reaches_is_no_more_than_that() -> None:
    assert reached(blocks(3.0)) == 3.0


def test_what_few_blocks_reach_may_go_further() -> None:
    once = np.where(np.arange(20 * BLOCKS) == 7, 5.0, 1.0)
    assert reached(once) == pytest.approx(5.0 + (5 + 1 + 1) / 3 - 1)
    assert reached(once, 2.0) > reached(once)


def test_blocks_without_a_value_say_nothing() -> None:
    values = blocks(3.0)
    values[:40] = np.nan
    assert reached(values) == 3.0
    assert np.isnan(reached(np.full(200, np.nan)))


def test_a_wide_measure_widens_no_other_one() -> None:
    usual = blocks(0.0, 1.0)
    alone = own_limits(measured(change=usual), NOISE, HAS_LEVEL, WHOLE_SPAN_S)
    beside = own_limits(measured(change=usual, deviation=50 * usual), NOISE, HAS_LEVEL, WHOLE_SPAN_S)
    for limit, other in zip(alone, beside, strict=True):
        assert limit[0, PLACES["change"]] == other[0, PLACES["change"]]
    assert beside[2][0, PLACES["deviation"]] > 50


def test_a_logarithm_may_grow_by_half_however_wide_it_is() -> None:
    for size in (1.0, 8.0):
        _, _, high = own_limits(measured(change=size * blocks(0.0, 1.0)), NOISE, HAS_LEVEL, WHOLE_SPAN_S)
        assert high[0, PLACES["change"]] == pytest.approx(size + np.log(1.5))


def test_one_side_says_nothing_of_the_other() -> None:
    low, usual, high = own_limits(
        measured(mean=np.minimum(blocks(0.0, -7.0, 0.0), 0)), NOISE, HAS_LEVEL, WHOLE_SPAN_S
    )
    mean = PLACES["mean"]
    assert usual[0, mean] - low[0, mean] > 7
    assert high[0, mean] - usual[0, mean] < 0.1


def test_no_shape_is_too_well_known_and_what_wanders_has_no_level() -> None:
    low, _, high = own_limits(measured(), NOISE, np.array([False]), WHOLE_SPAN_S)
    assert low[0, PLACES["farthest"]] == low[0, PLACES["mean"]] == -UNBOUNDED
    assert high[0, PLACES["newest_mean"]] == UNBOUNDED
    assert high[0, PLACES["farthest"]] < 1


def test_a_window_may_stand_still_as_long_as_shorter_ones_did() -> None:
    moving = measured(largest_rise=np.ones(200), newest_deviation=np.ones(200), mean=np.ones(200))
    still = measured(mean=-9 * np.ones(200))
    alone, of_days, beside = (
        own_limits(moving, NOISE, HAS_LEVEL, span_s, shorter)[0]
        for span_s, shorter in ((1.0, None), (WHOLE_SPAN_S, still), (WHOLE_SPAN_S - 1, still))
    )
    assert np.array_equal(of_days, alone)
    for name in ("largest_rise", "newest_deviation"):
        assert alone[0, PLACES[name]] == pytest.approx(1 - np.log(2))
        assert beside[0, PLACES[name]] == pytest.approx(0 - np.log(2))
    assert beside[0, PLACES["mean"]] == alone[0, PLACES["mean"]], "levels of shorter windows differ anyway"


def test_amplitudes_may_grow_the_more_the_less_time_they_were_seen() -> None:
    assert growth_within(2 * WHOLE_SPAN_S) == growth_within(WHOLE_SPAN_S) == GROWTH
    assert GROWTH < growth_within(WHOLE_SPAN_S / 2) < growth_within(WHOLE_SPAN_S / 3)
    assert growth_within(WHOLE_SPAN_S / 10) == growth_within(WHOLE_SPAN_S / 100) == 2 * GROWTH
    usual, wider = (
        own_limits(measured(change=blocks(0.0, 1.0)), NOISE, HAS_LEVEL, span_s)[2]
        for span_s in (WHOLE_SPAN_S, WHOLE_SPAN_S / 4)
    )
    assert (wider - usual)[0, PLACES["change"]] == pytest.approx(np.log(2))

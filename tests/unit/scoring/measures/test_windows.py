"""What is measured of a window."""

import numpy as np
import pytest

from scoring.measures.windows import MEASURES, Windows, highest_possible, largest_changes
from tests.unit.scoring.test_window_score import NAN


def test_largest_changes_tell_up_from_down() -> None:
    value = np.array([[[0.0, 1.0, 2.0, np.nan, 9.0, 3.0, 4.0]]])
    rise, fall = largest_changes(value, np.array([0.0]))
    assert (np.exp(rise).item(), np.exp(fall).item()) == (1.0, pytest.approx(6.0))


@pytest.mark.parametrize(
    ("values", "fall", "possible"),
    [
        ([0, 30, 30, 0, 0], 30, 30),
        ([0, 30, NAN, 0, 1], 0, 30),
        ([0, 30, 30, NAN, NAN, 1], 0, 29),
        ([1, NAN, 1, 1], 0, 0),
    ],
)
def test_change_between_the_samples_around_a_missing_step_is_possible(
    values: list[float], fall: float, possible: float
) -> None:
    window = np.array([[values]])
    windows = Windows.build(window, np.zeros_like(window), np.ones_like(window))
    measured = np.zeros((1, 1, len(MEASURES)))
    found = highest_possible(measured, windows, np.array([0.1]))
    place = MEASURES.index(("statistics", "largest_fall"))
    assert largest_changes(windows.value, np.array([0.1]))[1] == pytest.approx(np.log(fall + 0.01))
    assert found[..., place] == pytest.approx(np.log(possible + 0.01))

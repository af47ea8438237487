"""Levels of the judgement of a series against itself: `python -m training.series_levels`."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scoring.series.judgement import LEVEL_LENGTHS, TESTS, series_statistics
from training.data.nominal_series import NOMINAL
from training.data.posted_series import FITTING, nominal_examples

RARE = np.array([1e-2 if test == "noise" else 3e-3 for test in TESTS])
"""Share of the nominal series of a carrier that exceed the level of a test."""
SERIES = 1_200
"""Of each carrier and length."""
LEAST = 1.0


def fitted_levels(length: int, count: int = SERIES) -> npt.NDArray[np.float64]:
    """Level of each test, float64[test], for series of one length: that of the most demanding carrier."""
    examples = list(nominal_examples(FITTING[length], count, (length, length)))
    values = np.stack([example.values for example in examples])
    statistics = series_statistics(values, np.zeros(len(values), np.bool_))
    by_carrier = statistics.reshape(len(NOMINAL), count, len(TESTS))
    levels = [np.quantile(by_carrier[..., test], 1 - rare, axis=1).max() for test, rare in enumerate(RARE)]
    return np.maximum(levels, LEAST)


def table(levels: Sequence[npt.NDArray[np.float64]]) -> str:
    """The levels, float64[test] for each length, as they are written in `scoring/series/judgement.py`."""
    columns = {test: [round(float(row[number]), 2) for row in levels] for number, test in enumerate(TESTS)}
    return "\n".join(f'    "{test}": {tuple(values)},' for test, values in columns.items())


def main() -> None:
    """Print the table."""
    print(table([fitted_levels(length) for length in LEVEL_LENGTHS]))


if __name__ == "__main__":
    main()

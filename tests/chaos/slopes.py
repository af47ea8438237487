"""Growth of a measure under a steady load: a straight line through its second half."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import StatisticsError, linear_regression
from typing import Final

BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    # Measure: what it may grow in the second half, as a share of its mean and in its own unit.
    "pss_mb": (0.10, 20),
    "descriptors": (0.10, 10),
    "threads": (0.10, 4),
    "connections": (0.10, 4),
    "queue_depth": (0.10, 100),
    "lag": (0.10, 500),
}
"""A measure that is not named here (disk, WAL) grows with what is stored: its slope is reported only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """How a measure grew."""

    mean: float
    grown: float
    """Along the line from the middle to the end of the run."""
    per_million: float
    """Messages."""
    is_bounded: bool


def slope(measure: str, messages: Sequence[float], values: Sequence[float]) -> Slope:
    """Fit the second half of a measure: the first is warming up (caches, windows, pools)."""
    half = len(values) // 2
    sent, found = messages[half:], values[half:]
    mean = sum(found) / len(found)
    try:
        gradient = linear_regression(sent, found).slope
    except StatisticsError:
        gradient = 0.0
    grown = gradient * (sent[-1] - sent[0])
    return Slope(
        mean=mean,
        grown=grown,
        per_million=gradient * 1e6,
        is_bounded=measure not in BOUNDS or grown <= max(BOUNDS[measure][0] * mean, BOUNDS[measure][1]),
    )

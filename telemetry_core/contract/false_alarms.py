"""How many false alarms a check on nominal telemetry lets expect, and how many it can't rule out."""

import math
from dataclasses import dataclass
from typing import Final

_NORMAL_QUANTILE: Final = 1.6449
"""Of 95 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Of a day on which every sample set is judged."""

    expected: float
    """False verdicts."""
    most_runs: float
    """Runs of false verdicts, with 95 % certainty: those of neighbouring sample sets, whose windows overlap,
    are no independent events. Each false verdict of the check is taken for a run of its own."""


def rates_per_day(false_alarms: int, verdicts: int, intervals_s: tuple[float, float]) -> Rates:
    """Tell it of a check of verdicts on sample sets that lie so far apart."""
    verdicts_per_day = 86_400 / math.sqrt(intervals_s[0] * intervals_s[1])
    return Rates(
        expected=false_alarms / verdicts * verdicts_per_day,
        most_runs=most_expected(false_alarms) / verdicts * verdicts_per_day,
    )


def most_expected(count: int) -> float:
    """The mean of a Poisson count that exceeds this one in 95 % of cases: Wilson and Hilferty, within 1 %."""
    events = count + 1
    return events * float(1 - 1 / (9 * events) + _NORMAL_QUANTILE / (3 * math.sqrt(events))) ** 3

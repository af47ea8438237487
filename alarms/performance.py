"""How much alarms ask of operators: indicators of EEMUA 191 and ISA-18.2, and their targets. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from telemetry_core.contract.rules import Severity

ALARMS_PER_HOUR: Final = 6.0
"""EEMUA 191: one alarm in ten minutes is what an operator can act on."""
INTERVAL: Final = timedelta(minutes=10)
FLOOD: Final = 10
"""More alarms within one interval, for one operator, are a flood."""
STALE: Final = timedelta(hours=24)
"""An alarm that stands for longer."""
_HIGH: Final = frozenset({Severity.CRITICAL, Severity.SEVERE})

IndicatorName = Literal[
    "alarms_per_operator_hour",
    "alarms_per_interval",
    "peak_per_interval",
    "flood_share",
    "standing",
    "stale",
    "chattering",
    "top_ten_share",
    "high_severity_share",
    "acknowledged_median_s",
    "acknowledged_p90_s",
]
TARGETS: Final[Mapping[IndicatorName, float | None]] = {
    "alarms_per_operator_hour": ALARMS_PER_HOUR,
    "alarms_per_interval": 1.0,
    "peak_per_interval": FLOOD,
    "flood_share": 0.01,
    "standing": 10,
    "stale": 5,
    "chattering": 0,
    "top_ten_share": 0.05,
    "high_severity_share": 0.05,
    # The standards set no time: it depends on what an alarm asks for.
    "acknowledged_median_s": None,
    "acknowledged_p90_s": None,
}
"""The most that is acceptable; of standing alarms for one operator, of stale ones on any day."""
_LEAST: Final = 20
_LEAST_OF_TEN: Final = 200
"""Of fewer alarms a single one of high severity, or ten reasons with one each, exceed the target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What was counted of a span."""

    #: Alarms raised in each interval, in order, empty ones too.
    per_interval: Sequence[int]
    by_severity: Mapping[Severity, int]
    #: Of the reasons that raised the most.
    top_ten: Sequence[int]
    #: At the end of the span.
    standing: int
    stale: int
    #: Of those raised.
    chattering: int
    #: Seconds from raising to acknowledgement, of those that were acknowledged; None: none was.
    acknowledged_median_s: float | None
    acknowledged_p90_s: float | None


def indicators(counts: Counts, *, span: timedelta, operators: int) -> dict[IndicatorName, float | None]:
    """Return each indicator, rates for one of so many operators; None: too little was raised to tell."""
    raised = sum(counts.per_interval)
    each = raised / operators
    return {
        "alarms_per_operator_hour": each / (span / timedelta(hours=1)),
        "alarms_per_interval": each / (span / INTERVAL),
        "peak_per_interval": max(counts.per_interval) / operators,
        "flood_share": flood_share(counts.per_interval, operators=operators),
        "standing": counts.standing / operators,
        "stale": counts.stale,
        "chattering": counts.chattering,
        "top_ten_share": _share(sum(counts.top_ten), raised, least=_LEAST_OF_TEN),
        "high_severity_share": _share(
            sum(counts.by_severity.get(severity, 0) for severity in _HIGH), raised, least=_LEAST
        ),
        "acknowledged_median_s": counts.acknowledged_median_s,
        "acknowledged_p90_s": counts.acknowledged_p90_s,
    }


def flood_share(per_interval: Sequence[int], *, operators: int) -> float:
    """Return the share of intervals with more alarms than one operator can look at."""
    return sum(count > FLOOD * operators for count in per_interval) / len(per_interval)


def is_met(name: IndicatorName, value: float | None) -> bool | None:
    """Tell whether an indicator is acceptable; None: there is nothing to hold, or to hold it against."""
    target = TARGETS[name]
    return None if value is None or target is None else value <= target


def _share(part: int, whole: int, *, least: int) -> float | None:
    return part / whole if whole >= least else None

"""How much the alarms of a span asked of operators, read and put together."""

from math import ceil
from typing import Final

from alarms.life_cycle import State
from alarms.performance import INTERVAL, STALE, TARGETS, Counts, indicators, is_met
from operation_server.alarms.states import codes_of
from operation_server.http.parameters import TimeRange
from operation_server.shift import QUERIES
from operation_server.shift.schemas import Feedback, FrequentAlarm, Indicator, Performance, RaisedAlarms
from telemetry_core.contract.rules import Severity
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import Row, select

MOST_FREQUENT: Final = 10
MAX_PARTS: Final = 100
"""Rules, days, channels and models that feedback is counted by, of each."""
_CALLS_NOBODY: Final = {State.SHELVED, State.SUPPRESSED, State.OUT_OF_SERVICE}


def read_performance(connection: Connection, span: TimeRange, *, operators: int) -> Performance:
    """Read it for so many operators who share the alarms."""
    times = {"start": span.start, "end": span.end}
    groups = select(connection, QUERIES["raised_by_severity"], times)
    whole = next(row for row in groups if row["severity"] is None)
    by_severity = [_raised(row) for row in groups if row["severity"] is not None]
    frequent = select(connection, QUERIES["most_frequent"], {**times, "limit": MOST_FREQUENT})
    per_interval = _per_interval(connection, span)
    standing, stale = _standing(connection, span)
    median_s, p90_s = _waits(whole)
    counts = Counts(
        per_interval=per_interval,
        by_severity=_by_severity(by_severity),
        top_ten=[row["count"] for row in frequent],
        standing=standing,
        stale=stale,
        chattering=whole["chattering"],
        acknowledged_median_s=median_s,
        acknowledged_p90_s=p90_s,
    )
    values = indicators(counts, span=span.end - span.start, operators=operators)
    return Performance(
        start_time=span.start,
        end_time=span.end,
        operators=operators,
        count=whole["count"],
        indicators=[
            Indicator(name=name, value=value, target=TARGETS[name], is_met=is_met(name, value))
            for name, value in values.items()
        ],
        interval_s=int(INTERVAL.total_seconds()),
        per_interval=per_interval,
        by_severity=by_severity,
        most_frequent=[FrequentAlarm.model_validate(row) for row in frequent],
        feedback=_feedback(connection, span),
    )


def _feedback(connection: Connection, span: TimeRange) -> Feedback:
    asked = {"start": span.start, "end": span.end, "limit": MAX_PARTS}
    parts: dict[str, list[Row]] = {f"by_{name}": [] for name in ("rule", "day", "channel", "model")}
    for row in select(connection, QUERIES["feedback"], asked):
        parts[f"by_{row['part']}"].append(row)
    return Feedback.model_validate(parts)


def _per_interval(connection: Connection, span: TimeRange) -> list[int]:
    asked = {"start": span.start, "end": span.end, "interval_s": INTERVAL.total_seconds()}
    found = {row["place"]: row["count"] for row in select(connection, QUERIES["raised_per_interval"], asked)}
    return [found.get(place, 0) for place in range(ceil((span.end - span.start) / INTERVAL))]


def _standing(connection: Connection, span: TimeRange) -> tuple[int, int]:
    codes = codes_of(set(State) - _CALLS_NOBODY)
    asked = {"end": span.end, "stale_before": span.end - STALE, "codes": codes}
    (row,) = select(connection, QUERIES["standing"], asked)
    return row["standing"], row["stale"]


def _by_severity(groups: list[RaisedAlarms]) -> dict[Severity, int]:
    return {
        severity: sum(group.count for group in groups if group.severity is severity) for severity in Severity
    }


def _waits(row: Row) -> tuple[float | None, float | None]:
    """Return median and 90 %, in seconds."""
    median_s, p90_s = row["waits_s"] or (None, None)
    return median_s, p90_s


def _raised(row: Row) -> RaisedAlarms:
    median_s, p90_s = _waits(row)
    return RaisedAlarms.model_validate(
        {**row, "acknowledged_median_s": median_s, "acknowledged_p90_s": p90_s}
    )

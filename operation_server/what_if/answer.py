"""What a trial tells operators: rates, and which alarms come, go and are missed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alarms.limit_tracks import Occurrence
from alarms.occurrence_changes import alarm_id_of
from alarms.performance import ALARMS_PER_HOUR
from alarms.what_if.comparison import Comparison, stands_during
from alarms.what_if.trial import Span
from operation_server.what_if import QUERIES
from operation_server.what_if.schemas import (
    MAX_TOLD,
    AlarmRate,
    SatelliteTrial,
    TrialAnswer,
    TriedAlarm,
    TriedAlarms,
    TriedFeedback,
)
from telemetry_core.contract.messages import microseconds_of, time_of
from telemetry_core.limits.changes import RuleName
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import Row, select

TRUE_ALARM = "true_alarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """An alarm of which operators said what it was, and which of the two raises it."""

    row: Row
    is_before: bool
    is_after: bool


def answer(
    connection: Connection, rule: RuleName, span: Span, comparisons: Mapping[str, Comparison]
) -> TrialAnswer:
    """Put what was compared beside what operators know."""
    called = [_called(row, comparisons[row["satellite_id"]]) for row in _called_rows(connection, rule, span)]
    missed = [
        one.row for one in called if one.row["feedback"] == TRUE_ALARM and one.is_before and not one.is_after
    ]
    return TrialAnswer(
        start_time=time_of(span.start_ms * 1000),
        end_time=time_of(span.end_ms * 1000),
        satellites=[
            SatelliteTrial(
                satellite_id=satellite_id, samples=one.samples, before=len(one.before), after=len(one.after)
            )
            for satellite_id, one in comparisons.items()
        ],
        before=_rate(sum(len(one.before) for one in comparisons.values()), span),
        after=_rate(sum(len(one.after) for one in comparisons.values()), span),
        acceptable_per_operator_hour=ALARMS_PER_HOUR,
        appearing=_alarms(connection, rule, {name: one.appearing for name, one in comparisons.items()}),
        vanishing=_alarms(connection, rule, {name: one.vanishing for name, one in comparisons.items()}),
        feedback=_feedback(called),
        missed=TriedAlarms(
            count=len(missed), alarms=[TriedAlarm.model_validate(row) for row in missed[:MAX_TOLD]]
        ),
    )


def _rate(count: int, span: Span) -> AlarmRate:
    return AlarmRate(count=count, per_day=count / span.days, per_operator_hour=count / (span.days * 24))


def _alarms(connection: Connection, rule: RuleName, found: Mapping[str, Sequence[Occurrence]]) -> TriedAlarms:
    """Tell the oldest, each with its name if the platform raised it, too."""
    every = sorted(
        ((alarm, satellite_id) for satellite_id, alarms in found.items() for alarm in alarms),
        key=lambda one: (one[0].started_us, one[1]),
    )
    named = {
        alarm_id_of(*rule, alarm.named_us, satellite_id): (alarm, satellite_id)
        for alarm, satellite_id in every[:MAX_TOLD]
    }
    known = {
        row["alarm_id"] for row in select(connection, QUERIES["known_alarms"], {"alarm_ids": list(named)})
    }
    return TriedAlarms(
        count=len(every),
        alarms=[
            TriedAlarm(
                satellite_id=satellite_id,
                started_at=time_of(alarm.started_us),
                returned_at=None if alarm.returned_us is None else time_of(alarm.returned_us),
                worst_value=alarm.worst_value,
                alarm_id=alarm_id if alarm_id in known else None,
            )
            for alarm_id, (alarm, satellite_id) in named.items()
        ],
    )


def _called_rows(connection: Connection, rule: RuleName, span: Span) -> list[Row]:
    asked: dict[str, Any] = {
        "satellites": span.satellites,
        "subsystem": rule[0],
        "reason": rule[1],
        "start": time_of(span.start_ms * 1000),
        "end": time_of(span.end_ms * 1000),
    }
    return select(connection, QUERIES["called_alarms"], asked)


def _called(row: Row, comparison: Comparison) -> Called:
    start_us = microseconds_of(row["started_at"])
    end_us = microseconds_of(row["returned_at"]) if row["returned_at"] else float("inf")
    return Called(
        row=row,
        is_before=stands_during(comparison.before, start_us, end_us),
        is_after=stands_during(comparison.after, start_us, end_us),
    )


def _feedback(called: Iterable[Called]) -> list[TriedFeedback]:
    by_word: dict[str, list[Called]] = {}
    for one in called:
        by_word.setdefault(one.row["feedback"], []).append(one)
    return [
        TriedFeedback(
            feedback=word,
            count=len(some),
            before=sum(one.is_before for one in some),
            after=sum(one.is_after for one in some),
        )
        for word, some in sorted(by_word.items())
    ]

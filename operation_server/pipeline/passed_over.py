"""What was passed over so that the rest could continue: verdicts that a sink refused, samples, chores."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from operation_server.health.probes import Unavailable
from operation_server.http.responses import State
from operation_server.pipeline.databases import DatabaseNumbers
from operation_server.pipeline.metrics import Metrics
from operation_server.pipeline.schemas import PassedOver, PassedOverPart
from operation_server.pipeline.thresholds import Finding, state_and_detail, without_normal
from telemetry_core.postgres.store import Row

NEW_FOR: Final = timedelta(days=1)
"""So long what was passed over is a caution; verdicts stay listed longer, until they are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a counter of a service or server counts, and where its reasons stand."""

    what: str
    advice: str
    state: State = "caution"


COUNTERS: Final[Mapping[str, Counted]] = {
    "telemetry_samples_refused_total": Counted(
        what="samples that VictoriaMetrics refused",
        advice="the logs of telemetry_writer and verdict_relay name each",
    ),
    "telemetry_values_refused_total": Counted(
        what="values taken as missing samples",
        advice="each satellite's page names channels, reasons and the last values",
        state="standby",
    ),
    "telemetry_messages_failed_total": Counted(
        what="messages that telemetry_writer failed on",
        advice="their samples are missing in charts: its log names partition and offset",
    ),
    "vm_rows_invalid_total": Counted(
        what="lines that VictoriaMetrics could not read", advice="its log names them"
    ),
    "vm_rows_ignored_total": Counted(
        what="samples that VictoriaMetrics accepted but dropped",
        advice="the same counter on its /metrics names the reasons",
    ),
    "telemetry_samples_out_of_retention_total": Counted(
        what="samples too old or too new for VictoriaMetrics",
        advice="they are judged, and missing in charts only",
        state="standby",
    ),
    "telemetry_dead_letters_refused_total": Counted(
        what="dead letters that Kafka refused",
        advice="their messages stay in the source topic only: see the log of kafka_inference_trigger",
    ),
    "housekeeping_chores_failed_total": Counted(
        what="chores of housekeeping that failed", advice="they are retried: see its log"
    ),
    "alarm_notices_given_up_total": Counted(
        what="messages about alarms that were given up",
        advice="their targets were told nothing: ops.notifications names each and its last error",
    ),
    "live_events_passed_over_total": Counted(
        what="events that live views could not show", advice="see the log of operation_server"
    ),
}
PASSED_OVER_QUERY: Final = (
    f'sum(increase({{__name__=~"{"|".join(COUNTERS)}"}}[{NEW_FOR.days}d]) keep_metric_names) by (__name__)'
)


def passed_over_part(
    metrics: Metrics | Unavailable, database: DatabaseNumbers | Unavailable, *, now: datetime
) -> tuple[PassedOverPart, list[Finding]]:
    """List what was passed over; a tool that is unavailable leaves its lines out, and that is said."""
    items = [] if isinstance(database, Unavailable) else [_refused(row, now) for row in database.refused]
    if not isinstance(metrics, Unavailable):
        items += _counted(metrics.passed_over)
    findings = without_normal(*(Finding(state=item.state, message=_message(item)) for item in items))
    if isinstance(metrics, Unavailable) or isinstance(database, Unavailable):
        findings.append(Finding(state="standby", message="incomplete while a tool is unavailable"))
    return PassedOverPart(**state_and_detail(findings), items=items), findings


def _refused(row: Row, now: datetime) -> PassedOver:
    refused_at: datetime = row["refused_at"]
    return PassedOver(
        what=f"verdicts that {row['sink']} refused",
        count=row["count"],
        newest_at=refused_at,
        reason=f"{row['job_id']}/{row['subsystem']}: {row['reason']}",
        state="caution" if now - refused_at < NEW_FOR else "standby",
    )


def _counted(totals: Mapping[str, float]) -> Iterable[PassedOver]:
    for name, counted in COUNTERS.items():
        count = round(totals.get(name, 0.0))
        if count:
            yield PassedOver(
                what=counted.what, count=count, newest_at=None, reason=counted.advice, state=counted.state
            )


def _message(item: PassedOver) -> str:
    return f"{item.count} {item.what}: {item.reason}"

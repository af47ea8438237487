"""VictoriaMetrics: what it scraped of Triton, of the workers and of itself."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from operation_server.health.probes import Unavailable
from operation_server.pipeline.databases import DatabaseNumbers
from operation_server.pipeline.schemas import (
    RunningService,
    ServicesPart,
    VerdictsPart,
    VictoriaMetricsPart,
)
from operation_server.pipeline.thresholds import (
    ADVICE,
    Finding,
    alerts_state,
    latency_state,
    state_and_detail,
    success_state,
    unavailable,
    waiting_state,
    without_normal,
)
from operation_server.telemetry.victoria import Sample, VictoriaMetrics

TRITON_QUERY: Final = (
    '{job="triton-server",__name__=~"nv_inference_(count|request_(success|failure)|compute_infer_duration_us)'
    '|nv_gpu_(utilization|memory_(used|total)_bytes|power_usage)"}'
)
_LATENCY: Final = "sum by (le) (increase(inference_received_to_row_seconds_bucket[5m]))"
_RESTLESS: Final = 'sum(increase(inference_restless_sample_sets_total{{outcome="{}"}}[5m]))'
#: By name, each the query of one number.
NUMBER_QUERIES: Final = {
    "per_minute": "sum(increase(inference_verdicts_total[1m]))",
    "latency_p50_s": f"histogram_quantile(0.5, {_LATENCY})",
    "latency_p99_s": f"histogram_quantile(0.99, {_LATENCY})",
    "success_percent": (
        '100 - 100 * (sum(increase(inference_verdicts_total{verdict="failed"}[5m])) default 0) / '
        "sum(increase(inference_verdicts_total[5m]))"
    ),
    "restless_judged": _RESTLESS.format("judged"),
    "restless_left_out": _RESTLESS.format("left out"),
    "intake_paused": "max(telemetry_intake_paused)",
    "active_series": 'vm_cache_entries{type="storage/hour_metric_ids"}',
    "samples_per_s": "sum(rate(vm_rows_inserted_total[1m]))",
}


RUNNING_QUERY: Final = "max(up) by (job)"
SERVICES: Final = (
    "kafka-inference-trigger",
    "victoria-consumer",
    "verdict-relay",
    "alarm-server",
    "alarm-notifier",
    "housekeeping",
)
"""Those that nothing else asks whether they are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Triton's own series, and numbers by the names of `NUMBER_QUERIES`, None where there is no sample."""

    triton: list[Sample]
    numbers: Mapping[str, float | None]
    #: What each counter of `passed_over_query` counted.
    passed_over: Mapping[str, float] = field(default_factory=dict)
    #: Whether each scraped service answered; one that can't be found by its name is missing.
    running: Mapping[str, bool] = field(default_factory=dict)


def metrics_probe(victoria: VictoriaMetrics, passed_over_query: str) -> Callable[[], Metrics]:
    """Ask VictoriaMetrics for what it scraped of Triton, of the workers and of itself."""

    def ask() -> Metrics:
        numbers = {name: _number(victoria.newest(query)) for name, query in NUMBER_QUERIES.items()}
        counted = victoria.newest(passed_over_query)
        return Metrics(
            triton=victoria.newest(TRITON_QUERY),
            numbers=numbers,
            passed_over={sample.labels["__name__"]: sample.value for sample in counted},
            running={sample.labels["job"]: bool(sample.value) for sample in victoria.newest(RUNNING_QUERY)},
        )

    return ask


def _number(samples: list[Sample]) -> float | None:
    return samples[0].value if samples and math.isfinite(samples[0].value) else None


def verdicts_part(
    metrics: Metrics | Unavailable, database: DatabaseNumbers | Unavailable
) -> tuple[VerdictsPart, list[Finding]]:
    """Judge the share of verdicts that did not fail."""
    numbers = {} if isinstance(metrics, Unavailable) else metrics.numbers
    findings = [
        finding for one in (metrics, database) if isinstance(one, Unavailable) for finding in unavailable(one)
    ]
    if not isinstance(metrics, Unavailable):
        findings += _success_findings(numbers.get("success_percent"))
        findings += _intake_findings(numbers)
        findings += _latency_findings(numbers.get("latency_p99_s"))
    if not isinstance(database, Unavailable):
        findings += _waiting_findings(database)
        findings += _alerts_findings(database.anomalies_behind_s)
    part = VerdictsPart(
        **state_and_detail(findings),
        per_minute=numbers.get("per_minute"),
        latency_p50_ms=_ms(numbers.get("latency_p50_s")),
        latency_p99_ms=_ms(numbers.get("latency_p99_s")),
        success_percent=numbers.get("success_percent"),
        newest_at=None if isinstance(database, Unavailable) else database.newest_at,
        open_jobs=None if isinstance(database, Unavailable) else database.open_jobs,
        oldest_open_s=None if isinstance(database, Unavailable) else database.oldest_open_s,
        restless_judged=numbers.get("restless_judged"),
        restless_left_out=numbers.get("restless_left_out"),
        anomalies_behind_s=None if isinstance(database, Unavailable) else database.anomalies_behind_s,
    )
    return part, findings


def _success_findings(percent: float | None) -> list[Finding]:
    if percent is None:
        return [Finding(state="standby", message="no verdict within the last 5 minutes")]
    message = f"{percent:.1f} % of the verdicts of the last 5 minutes succeeded: the failed jobs say why"
    return without_normal(Finding(state=success_state(percent), message=message))


def _latency_findings(p99_s: float | None) -> list[Finding]:
    message = f"1 % of the verdicts came {p99_s or 0:.0f} s or more after their message: see lag and queues"
    return without_normal(Finding(state=latency_state(p99_s), message=message))


def _waiting_findings(database: DatabaseNumbers) -> list[Finding]:
    message = (
        f"{database.open_jobs} jobs are not judged yet, the oldest for {database.oldest_open_s or 0:.0f} s:"
        " see the queues, and the log of housekeeping"
    )
    return without_normal(Finding(state=waiting_state(database.oldest_open_s), message=message))


def _alerts_findings(behind_s: float) -> list[Finding]:
    message = (
        f"alerts of the anomaly score are {behind_s:.0f} s behind the verdicts: see the log of alarm_server"
    )
    return without_normal(Finding(state=alerts_state(behind_s), message=message))


def _intake_findings(numbers: Mapping[str, float | None]) -> list[Finding]:
    if not numbers.get("intake_paused"):
        return []
    message = (
        "intake is paused, most of the input is invalid: the trigger's log names the reasons; fix the sender"
        " or send the messages to the dead letters by SIGUSR1 to the trigger"
    )
    return [Finding(state="critical", message=message)]


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def victoria_part(answer: Metrics | Unavailable) -> tuple[VictoriaMetricsPart, list[Finding]]:
    """Show how much VictoriaMetrics holds and takes."""
    findings = unavailable(answer) if isinstance(answer, Unavailable) else []
    numbers = {} if isinstance(answer, Unavailable) else answer.numbers
    series = numbers.get("active_series")
    part = VictoriaMetricsPart(
        **state_and_detail(findings),
        active_series=None if series is None else int(series),
        samples_per_s=numbers.get("samples_per_s"),
    )
    return part, findings


def services_part(answer: Metrics | Unavailable) -> tuple[ServicesPart, list[Finding]]:
    """Judge which services answered VictoriaMetrics; where it scrapes none of them, nothing is known."""
    if isinstance(answer, Unavailable):
        findings = unavailable(answer)
        return ServicesPart(**state_and_detail(findings), services=[]), findings
    if not answer.running.keys() & set(SERVICES):
        findings = [Finding(state="standby", message="VictoriaMetrics scrapes no service")]
        return ServicesPart(**state_and_detail(findings), services=[]), findings
    services = [RunningService(service=name, is_running=answer.running.get(name, False)) for name in SERVICES]
    findings = [
        Finding(state="serious", message=f"{row.service} does not answer: {ADVICE}")
        for row in services
        if not row.is_running
    ]
    return ServicesPart(**state_and_detail(findings), services=services), findings

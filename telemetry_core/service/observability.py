"""Logs in the operator's line format, every metric of the platform, and traces where they are wanted."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, MutableMapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any, Final, ParamSpec, TypeVar

import structlog
from prometheus_client import Counter, Gauge, Histogram, MetricsHandler

from telemetry_core.contract.errors import without_passwords
from telemetry_core.contract.inferences import Job, Source, SubsystemInference
from telemetry_core.service.access import is_own_host, is_own_page, own_names
from telemetry_core.service.settings import Settings

_LATENCY_BUCKETS_S = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

TRACES_ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
"""The key that turns traces on; what else OpenTelemetry reads from the environment, it reads itself."""

HEALTH_PATH: Final = "/healthz"
REQUEST_TIMEOUT_S: Final = 5
"""For a request to arrive on the port of the metrics."""

P = ParamSpec("P")
Result = TypeVar("Result")

_JOBS_NAMED = 20
"""As many as the trigger logs a second: with more, the task's id, which both log, leads to the line."""

# Trigger
MESSAGES_CONSUMED = Counter("telemetry_messages", "Messages read from Kafka", ["service"])
MESSAGES_DEAD_LETTERED = Counter(
    "telemetry_messages_dead_lettered", "Messages refused", ["service", "reason"]
)
DEAD_LETTERS_REFUSED = Counter(
    "telemetry_dead_letters_refused",
    "Dead letters that Kafka refused even when cut",
)
SATELLITES_EVICTED = Counter(
    "telemetry_satellites_evicted", "Satellites whose windows made room for those of others"
)
MESSAGES_DUPLICATED = Counter("telemetry_messages_duplicated", "Sample sets seen before", ["service"])
VALUES_REFUSED = Counter("telemetry_values_refused", "Values taken as missing samples", ["service"])
JOBS_DISPATCHED = Counter("inference_jobs_dispatched", "Jobs whose tasks the broker confirmed", ["lane"])
RESTLESS_SAMPLE_SETS = Counter(
    "inference_restless_sample_sets",
    "Sample sets of restless subsystems: judged, or left out beyond the added share",
    ["outcome"],
)
DISPATCH_SECONDS = Histogram(
    "inference_dispatch_seconds", "From reception to confirmed tasks", buckets=_LATENCY_BUCKETS_S
)
SATELLITES_TRACKED = Gauge("telemetry_satellites_tracked", "Satellites whose windows are kept")

INTAKE_PAUSED = Gauge("telemetry_intake_paused", "1 while most of the input is invalid and waits")

# Alarm server
ALARMS_RAISED = Counter("alarms_raised", "Alarms raised by telemetry", ["kind"])
ALARM_LATENCY_SECONDS = Histogram(
    "alarm_received_to_raised_seconds",
    "From reception on Kafka of a batch's newest message to the committed alarm",
    buckets=_LATENCY_BUCKETS_S,
)

# Notifier
NOTICES_GIVEN_UP = Counter(
    "alarm_notices_given_up", "Messages about alarms that no attempt delivered in time", ["target"]
)
NOTICES = Counter(
    "alarm_notices", "Messages about alarms by what came of each attempt", ["target", "outcome"]
)

# Worker
VERDICTS = Counter("inference_verdicts", "Rows written", ["subsystem", "verdict"])
TRITON_SECONDS = Histogram(
    "inference_triton_seconds", "Wall time of one Triton call", buckets=_LATENCY_BUCKETS_S
)
ROW_LATENCY_SECONDS = Histogram(
    "inference_received_to_row_seconds",
    "From reception on Kafka to the committed row",
    buckets=_LATENCY_BUCKETS_S,
)
TASKS_HELD = Gauge("inference_tasks_held", "Tasks that wait for a server to come back", ["dependency"])
TASKS_PARKED = Counter("inference_tasks_parked", "Tasks put aside because no worker could handle them yet")

TASKS_REFUSED = Counter(
    "inference_tasks_refused", "Tasks that no worker can read, sent to the dead letters", ["reason"]
)

# Writer
SAMPLES_WRITTEN = Counter("telemetry_samples_written", "Samples that VictoriaMetrics accepted")
SAMPLES_OUT_OF_RETENTION = Counter(
    "telemetry_samples_out_of_retention", "Samples that VictoriaMetrics drops without a word"
)
SAMPLES_REFUSED = Counter("telemetry_samples_refused", "Samples that VictoriaMetrics called malformed")
MESSAGES_SKIPPED = Counter(
    "telemetry_messages_skipped", "Messages that are the dead letters of the trigger", ["service", "reason"]
)
MESSAGES_FAILED = Counter(
    "telemetry_messages_failed",
    "Messages left out for an error of the service, which its log explains",
    ["service"],
)

# Relay
VERDICTS_RELAYED = Counter("relay_verdicts", "Verdicts passed on", ["sink"])
VERDICTS_NOT_RELAYED = Counter(
    "relay_verdicts_refused", "Verdicts that the sink refused permanently", ["sink"]
)
VERDICTS_FORGOTTEN = Counter("relay_verdicts_forgotten", "Verdicts removed after their rows were", ["sink"])
RELAY_LAG_SECONDS = Gauge(
    "relay_lag_seconds", "Age of the newest verdict passed on while more wait", ["sink"]
)

# Housekeeping
ROWS_EXPIRED = Counter("housekeeping_rows_expired", "Rows deleted for their age", ["kind"])
TASKS_RESENT = Counter("housekeeping_tasks_resent", "Tasks of submitted jobs that were lost and sent again")
JOBS_GIVEN_UP = Counter("housekeeping_jobs_given_up", "Jobs failed because their tasks were lost", ["source"])
CHORES_FAILED = Counter("housekeeping_chores_failed", "Pieces of work that ended in an error", ["chore"])

# Every consumer and producer
DEPENDENCY_RETRIES = Counter(
    "dependency_retries", "Attempts that found a server unavailable", ["service", "dependency"]
)


def configure_logging(service: str) -> None:
    """Send all logs of this process to stdout as `<date> <time> - <text> key=value ...` in UTC."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=True, key="time"),
    ]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _render_line],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    structlog.get_logger(service).debug("logging configured")


class LogBudget:
    """Lets so many items a second into the log in full and counts the others."""

    def __init__(self, per_second: int, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._monotonic = monotonic
        self._second = -1
        self._admitted = 0
        self._left_out = 0

    def admit(self, summary: str) -> bool:
        """Tell whether this item is logged; `summary` with `{count}` reports those of the second before."""
        second = int(self._monotonic())
        if second != self._second:
            if self._left_out:
                structlog.get_logger(__name__).info(summary.replace("{count}", str(self._left_out)))
            self._second, self._admitted, self._left_out = second, 0, 0
        if self._admitted < self._per_second:
            self._admitted += 1
            return True
        self._left_out += 1
        return False


def jobs_in_words(job_ids: Sequence[str]) -> str:
    """Name the jobs of a task: each of a few, so that a search for one finds its line; of many the ends."""
    if len(job_ids) <= _JOBS_NAMED:
        return ",".join(job_ids)
    return f"{job_ids[0]}..{job_ids[-1]} ({len(job_ids)})"


def record_verdicts(jobs: Sequence[Job], rows: Sequence[SubsystemInference]) -> None:
    """Count committed rows and how long after their reception on Kafka they were committed."""
    now = datetime.now(UTC)
    for row in rows:
        VERDICTS.labels(row.subsystem, row.verdict or row.status).inc()
    for job in jobs:
        if job.source == Source.KAFKA and "received_at" in job.metadata:
            received_at = datetime.fromisoformat(job.metadata["received_at"])
            ROW_LATENCY_SECONDS.observe(max(0.0, (now - received_at).total_seconds()))


def serve_metrics(settings: Settings, problems: Callable[[], Sequence[str]]) -> None:
    """Answer `/metrics` where a port is configured, and beside it `/healthz`: 503 with `problems`, or 200."""
    names = own_names(settings.accepted_hosts)

    class Handler(MetricsHandler):
        timeout = REQUEST_TIMEOUT_S

        def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
            if not is_own_host(self.headers.get("Host", ""), names):
                _answer(self, HTTPStatus.MISDIRECTED_REQUEST, "the service does not answer to this name")
            elif not is_own_page("GET", {name.lower(): value for name, value in self.headers.items()}):
                _answer(self, HTTPStatus.FORBIDDEN, "pages of another origin may not use the service")
            elif self.path == HEALTH_PATH:
                found = problems()
                status = HTTPStatus.SERVICE_UNAVAILABLE if found else HTTPStatus.OK
                _answer(self, status, "\n".join(found) or "ok")
            else:
                super().do_GET()

    if settings.metrics_port:
        server = ThreadingHTTPServer((settings.metrics_address, settings.metrics_port), Handler)
        threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


def _answer(handler: BaseHTTPRequestHandler, status: HTTPStatus, text: str) -> None:
    body = text.encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "text/plain; charset=utf-8")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def start_tracing(service: str, *libraries: str) -> None:
    """Export traces of `service` and of its calls through `libraries`, where an endpoint is configured."""
    if tracing := _tracing():
        tracing.start(service, libraries)


def stop_tracing() -> None:
    """Send what waits, for a server that a signal ends without exit handlers."""
    if tracing := _tracing():
        tracing.stop()


def traced(
    name: str, action: Callable[P, Result], job_ids: Callable[P, Sequence[str]] | None = None
) -> Callable[P, Result]:
    """Return `action` with a span around each call; without an endpoint `action` itself."""
    tracing = _tracing()
    traced_action: Callable[P, Result] = tracing.with_span(name, action, job_ids) if tracing else action
    return traced_action


@lru_cache(maxsize=1)
def _tracing() -> Any:
    """Load OpenTelemetry where an endpoint is configured; its absence then ends the process."""
    if not os.environ.get(TRACES_ENDPOINT):
        return None
    try:
        return import_module("telemetry_core.service.tracing")
    except ImportError as error:
        sys.exit(
            f"{TRACES_ENDPOINT} is set, but {error.name} is not installed: install the dependency group"
            " 'tracing' of pyproject.toml (uv sync --group tracing), or leave the variable empty"
        )


def _render_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """Render `2025-10-30 12:34:56 - Text key=value`; level names stand before warnings and errors only."""
    time, text = event.pop("time"), event.pop("event")
    level = event.pop("level", "info")
    trace = event.pop("exception", None)
    prefix = "" if level in ("info", "debug") else f"[{level.upper()}] "
    keys = "".join(f" {key}={value}" for key, value in event.items())
    return without_passwords(f"{time} - {prefix}{text}{keys}" + (f"\n{trace}" if trace else ""))

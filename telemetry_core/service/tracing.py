"""Spans for an OpenTelemetry collector; `observability` loads this only where one is configured."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from importlib.metadata import entry_points
from typing import Any, Final, ParamSpec, TypeVar

from celery import signals
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

JOB_IDS: Final = "inference.job_ids"

EXPORT_TIMEOUT_S: Final = 3
"""An unavailable collector must not delay a stopping service; the environment may override this."""

_API_KEY = re.compile(r"\b(api_key)=[^&]*")

P = ParamSpec("P")
Result = TypeVar("Result")


class ParentedCalls(Sampler):
    """Begins no trace with a call to a server: pollers and probes would bury the traces of jobs."""

    def __init__(self, configured: Sampler) -> None:
        self._configured = configured

    def should_sample(  # noqa: PLR0913, PLR0917 - the interface of the SDK
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Drop a call without a parent; of all else the configured sampler decides."""
        has_parent = trace.get_current_span(parent_context).get_span_context().is_valid
        if kind is SpanKind.CLIENT and not has_parent:
            return SamplingResult(Decision.DROP)
        return self._configured.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )

    def get_description(self) -> str:
        """Name the sampler."""
        return f"ParentedCalls({self._configured.get_description()})"


class WithoutApiKeys(SpanProcessor):
    """Keeps keys that a client put into its URL away from the collector."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002
        """Replace the key in a request's query."""
        query = (span.attributes or {}).get("url.query")
        if isinstance(query, str):
            span.set_attribute("url.query", _API_KEY.sub(r"\1=REDACTED", query))

    def on_end(self, span: ReadableSpan) -> None:
        """Leave it as it is."""


def start(service: str, libraries: Sequence[str]) -> None:
    """Send the spans of this process and of its forks to the collector, and let `libraries` make some."""
    os.environ.setdefault("OTEL_SERVICE_NAME", service)
    os.environ.setdefault("OTEL_EXPORTER_OTLP_TIMEOUT", str(EXPORT_TIMEOUT_S))
    provider = TracerProvider()
    provider.sampler = ParentedCalls(provider.sampler)
    provider.add_span_processor(WithoutApiKeys())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    instrumentors = entry_points(group="opentelemetry_instrumentor")
    for library in libraries:
        instrumentors[library].load()().instrument()
    # Connected after Celery's instrumentation, whose span is the current one by then.
    signals.task_prerun.connect(_name_jobs, weak=False)
    # A pool process ends without the exit handlers of the SDK.
    signals.worker_process_shutdown.connect(lambda **_: stop(), weak=False)


def stop() -> None:
    """Send the pending spans; none is accepted from now on."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()


def with_span(
    name: str, action: Callable[P, Result], job_ids: Callable[P, Sequence[str]] | None
) -> Callable[P, Result]:
    """Return `action` that makes a span of each call, with the ids of the call's jobs."""
    tracer = trace.get_tracer(__name__)

    @wraps(action)
    def traced(*args: P.args, **kwargs: P.kwargs) -> Result:
        attributes = {JOB_IDS: job_ids(*args, **kwargs)} if job_ids else {}
        with tracer.start_as_current_span(name, attributes=attributes):
            return action(*args, **kwargs)

    return traced


def job_ids_of(args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[str]:
    """Read the job ids from the arguments of a task: those of a batch, or the one of a single job."""
    if batch := kwargs.get("batch"):
        return [entry["job"]["job_id"] for entry in batch["jobs"]]
    return [kwargs["job_id"] if "job_id" in kwargs else args[0]]


def _name_jobs(args: Sequence[Any], kwargs: Mapping[str, Any], **_: Any) -> None:
    trace.get_current_span().set_attribute(JOB_IDS, job_ids_of(args, kwargs))

"""What a service that an endpoint is configured for traces, and that its traces are sent when it ends."""

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from telemetry_core.service import observability, tracing
from telemetry_core.service.observability import TRACES_ENDPOINT, start_tracing, stop_tracing, traced


class Collected:
    """The process's provider, set and asked for as OpenTelemetry's global one is; its spans stay here."""

    def __init__(self) -> None:
        self.provider: Any = None
        self.spans = InMemorySpanExporter()

    def set_tracer_provider(self, provider: TracerProvider) -> None:
        self.provider = provider

    def get_tracer_provider(self) -> Any:
        return self.provider

    def get_tracer(self, name: str) -> Any:
        return self.provider.get_tracer(name)

    def names(self) -> list[tuple[str, Any]]:
        found = self.spans.get_finished_spans()
        return [(span.name, (span.attributes or {}).get(tracing.JOB_IDS)) for span in found]


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collected]:
    found = Collected()
    monkeypatch.setenv(TRACES_ENDPOINT, "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    for name in ("set_tracer_provider", "get_tracer_provider", "get_tracer"):
        monkeypatch.setattr(trace, name, getattr(found, name))
    monkeypatch.setattr(tracing, "BatchSpanProcessor", lambda _: SimpleSpanProcessor(found.spans))
    observability._tracing.cache_clear()
    yield found
    observability._tracing.cache_clear()


class Library:
    """Counts how often its calls began to be traced."""

    begun = 0

    def instrument(self) -> None:
        Library.begun += 1


def total(numbers: list[int]) -> int:
    return sum(numbers)


class Entry:
    """How a package says where its instrumentation is."""

    def load(self) -> type[Library]:
        return Library


def test_traces_of_a_service_and_its_libraries_begin_with_it_and_end_with_it(
    collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "kept")
    monkeypatch.setattr(tracing, "entry_points", lambda **_: {"celery": Entry()})
    start_tracing("worker", "celery")
    assert Library.begun == 1
    assert collected.provider.resource.attributes["service.name"] == "kept"

    def named(numbers: list[int]) -> list[str]:
        return [f"job-{number}" for number in numbers]

    act = traced("dispatch", total, named)
    assert act([1, 2]) == 3
    assert traced("poll", lambda: 7)() == 7
    assert collected.names() == [("dispatch", ("job-1", "job-2")), ("poll", None)]

    stop_tracing()
    act([3])
    assert len(collected.names()) == 2, "what ended sends nothing more"


def test_stopping_what_never_started_is_no_error(collected: Collected) -> None:
    collected.provider = object()
    stop_tracing()
    assert collected.names() == []


def test_without_an_endpoint_nothing_is_started_or_stopped(
    collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TRACES_ENDPOINT, "")
    start_tracing("worker")
    stop_tracing()
    assert collected.provider is None

"""Traces cost nothing where no endpoint is configured; what they leave out where one is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import SpanKind

from telemetry_core.service.observability import TRACES_ENDPOINT, traced
from telemetry_core.service.tracing import ParentedCalls, WithoutApiKeys, job_ids_of
from tests.unit.telemetry_core.contract.test_tasks import batch

CHECKOUT = Path(__file__).resolve().parents[4]
START = "from telemetry_core.service.observability import start_tracing; start_tracing('test', 'celery');"
LOADED = "import sys; print(*(name for name in sys.modules if name.startswith('opentelemetry')))"
FASTAPI_OWN = ("opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.instrumentation")


def python(code: str, *, endpoint: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env={**os.environ, TRACES_ENDPOINT: endpoint},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Recorded:
    """A provider with our sampler and processor whose spans stay here."""

    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        provider = TracerProvider(sampler=ParentedCalls(ALWAYS_ON), shutdown_on_exit=False)
        provider.add_span_processor(WithoutApiKeys())
        provider.add_span_processor(SimpleSpanProcessor(self._spans))
        self.tracer = provider.get_tracer("test")

    def names(self) -> list[str]:
        return [span.name for span in self._spans.get_finished_spans()]

    def query(self) -> object:
        (span,) = self._spans.get_finished_spans()
        return (span.attributes or {})["url.query"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "root",
    [
        "analysis_server.tasks",
        "kafka_inference_trigger.__main__",
        "telemetry_writer.__main__",
        "housekeeping.__main__",
        "verdict_relay.__main__",
        "alarm_server.__main__",
        "alarm_notifier.__main__",
    ],
)
def test_without_an_endpoint_nothing_of_opentelemetry_is_loaded(root: str) -> None:
    outcome = python(f"import {root}; {START} {LOADED}", endpoint="")
    assert (outcome.returncode, outcome.stdout.split()) == (0, [])


@pytest.mark.slow
def test_without_an_endpoint_the_api_has_only_what_fastapi_loads_itself() -> None:
    outcome = python(f"import operation_server.app as app; app.create_app(); {LOADED}", endpoint="")
    assert outcome.returncode == 0
    assert [name for name in outcome.stdout.split() if name.startswith(FASTAPI_OWN)] == []


def test_without_an_endpoint_an_action_stays_itself() -> None:
    assert traced("act", print) is print


def test_endpoint_without_the_packages_ends_with_what_to_install() -> None:
    absent = "import sys; sys.modules['opentelemetry.exporter'] = None;"
    outcome = python(f"{absent} {START}", endpoint="http://127.0.0.1:1")
    assert outcome.returncode == 1
    assert "uv sync --group tracing" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_job_ids_are_found_in_every_form_of_a_task() -> None:
    assert job_ids_of((), {"batch": batch().to_payload()}) == [entry.job.job_id for entry in batch().jobs]
    assert job_ids_of(("job-1", "lstm_timeseries", [1.0], {}, {}), {}) == ["job-1"]
    assert job_ids_of((), {"job_id": "job-1", "model_name": "lstm_timeseries"}) == ["job-1"]


def test_call_without_a_parent_begins_no_trace() -> None:
    recorded = Recorded()
    with recorded.tracer.start_as_current_span("SELECT", kind=SpanKind.CLIENT):
        pass
    with (
        recorded.tracer.start_as_current_span("dispatch"),
        recorded.tracer.start_as_current_span("INSERT", kind=SpanKind.CLIENT),
    ):
        pass
    assert recorded.names() == ["INSERT", "dispatch"]


def test_api_key_in_a_request_stays_here() -> None:
    recorded = Recorded()
    recorded.tracer.start_span("GET", attributes={"url.query": "page=2&api_key=secret&q=x"}).end()
    assert recorded.query() == "page=2&api_key=REDACTED&q=x"

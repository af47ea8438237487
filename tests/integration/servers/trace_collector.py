"""A collector that keeps the spans it is sent, and a Triton that forecasts ones; both speak for real."""

import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import grpc
import numpy as np
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from tritonclient.grpc import service_pb2, service_pb2_grpc

from analysis_server.judging.triton import OUTPUTS
from tests.http_server import serving


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedSpan:
    """One span as the collector received it."""

    service: str
    name: str
    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    attributes: dict[str, Any]


@dataclass
class TraceCollector:
    """Spans received so far."""

    url: str = ""
    spans: list[CollectedSpan] = field(default_factory=list)

    def receive(self, body: bytes) -> None:
        """Keep the spans of one request."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = _values(resource.resource.attributes)["service.name"]
            for scope in resource.scope_spans:
                self.spans += [
                    CollectedSpan(
                        service=service,
                        name=span.name,
                        trace_id=span.trace_id,
                        span_id=span.span_id,
                        parent_id=span.parent_span_id,
                        attributes=_values(span.attributes),
                    )
                    for span in scope.spans
                ]

    def find(self, service: str, start_of_name: str) -> list[CollectedSpan]:
        """Return the spans of a service whose names start so."""
        return [
            span for span in self.spans if span.service == service and span.name.startswith(start_of_name)
        ]


def _values(attributes: Any) -> dict[str, Any]:
    return {item.key: _value(item) for item in attributes}


def _value(item: KeyValue) -> Any:
    if item.value.HasField("array_value"):
        return [entry.string_value for entry in item.value.array_value.values]
    return item.value.string_value


@contextmanager
def running_collector() -> Iterator[TraceCollector]:
    """Receive OTLP over HTTP on a free port."""
    collector = TraceCollector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_packed = self.headers.get("Content-Encoding") == "gzip"
            if self.path == "/v1/traces":
                collector.receive(gzip.decompress(body) if is_packed else body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with serving(Handler) as collector.url:
        yield collector


class ConstantForecasts(service_pb2_grpc.GRPCInferenceServiceServicer):
    """Answers every window with ones and remembers the headers of the calls."""

    def __init__(self) -> None:
        self.traceparents: list[str] = []

    def ModelInfer(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802 - the protocol's name
        """Answer like a model."""
        self.traceparents += [value for key, value in context.invocation_metadata() if key == "traceparent"]
        rows, steps = request.inputs[0].shape
        answer = service_pb2.ModelInferResponse(model_name=request.model_name, model_version="1")
        for name in OUTPUTS:
            shape = (rows, 64 if name.startswith("FORECAST") else steps)
            answer.outputs.add(name=name, datatype="FP32", shape=shape)
            answer.raw_output_contents.append(np.ones(shape, np.float32).tobytes())
        return answer


@contextmanager
def running_triton() -> Iterator[tuple[str, ConstantForecasts]]:
    """Serve forecasts over gRPC on a free port."""
    model = ConstantForecasts()
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(model, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}", model
    finally:
        server.stop(grace=None).wait()

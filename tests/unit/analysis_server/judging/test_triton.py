from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import numpy as np
import pytest
from prometheus_client import REGISTRY
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException

from analysis_server.judging.triton import (
    ASK_AGAIN_S,
    SILENT_AFTER_S,
    Forecast,
    TritonClient,
    map_triton_error,
    why_not_served,
)
from telemetry_core.contract.errors import DependencyUnavailable, ModelContractError, ModelNotServed

PASSING = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "CANCELLED", "ABORTED"}


@pytest.mark.parametrize("status", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_every_grpc_status_is_either_passing_or_a_broken_contract(status: grpc.StatusCode) -> None:
    foreign = InferenceServerException("reason", status=str(status))
    error = map_triton_error(foreign, "lstm_timeseries", "triton-server:8001")
    expected = DependencyUnavailable if status.name in PASSING else ModelContractError
    assert type(error) is expected
    assert "reason" in str(error)


def test_model_whose_process_was_killed_is_unavailable_and_breaks_no_contract() -> None:
    message = "Failed to process the request(s): Stub process 'lstm_timeseries_0_0' is not healthy."
    foreign = InferenceServerException(message, status=str(grpc.StatusCode.INTERNAL))
    error = map_triton_error(foreign, "lstm_timeseries", "triton-server:8001")
    assert type(error) is DependencyUnavailable


INDEX = [
    ("lstm_timeseries", "1", "READY", ""),
    ("vae_timeseries", "1", "UNAVAILABLE", "Internal:\n  model.onnx is no protobuf"),
    ("moving_average", "", "UNAVAILABLE", "Not found: unable to load config.pbtxt"),
    ("transformer_timeseries", "2", "LOADING", ""),
]


@pytest.mark.parametrize(
    ("model", "version", "reason"),
    [
        ("lstm_timeseries", "1", None),
        ("lstm_timeseries", "3", "Triton has version 1 only"),
        ("vae_timeseries", "1", "Internal: model.onnx is no protobuf"),
        ("moving_average", "1", "Not found: unable to load config.pbtxt"),
        ("transformer_timeseries", "2", None),
        ("new_model", "1", "it is not in Triton's model repository"),
    ],
)
def test_model_that_is_not_served_has_tritons_own_reason(
    model: str, version: str, reason: str | None
) -> None:
    assert why_not_served(INDEX, model, version) == reason


def test_every_call_is_timed_also_one_that_fails() -> None:
    name = "inference_triton_seconds_count"
    before = REGISTRY.get_sample_value(name) or 0
    with pytest.raises(DependencyUnavailable):
        TritonClient("127.0.0.1:1").infer("lstm_timeseries", "1", np.zeros((1, 10), np.float32))
    assert REGISTRY.get_sample_value(name) == before + 1


class RestartingServer(service_pb2_grpc.GRPCInferenceServiceServicer):
    """Knows no model when it is asked for a forecast; what its index says a moment later is given."""

    def __init__(self, state: str | None) -> None:
        self._state = state

    def ModelInfer(self, _request: Any, context: Any) -> None:  # noqa: N802 - the protocol's name
        context.abort(grpc.StatusCode.NOT_FOUND, "Request for unknown model: 'lstm_timeseries' is not found")

    def RepositoryIndex(self, _request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        if self._state is None:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the server stops")
        entry = service_pb2.RepositoryIndexResponse.ModelIndex(
            name="lstm_timeseries", version="1", state=self._state
        )
        return service_pb2.RepositoryIndexResponse(models=[entry])


@pytest.mark.parametrize(
    ("state", "expected"),
    [("READY", DependencyUnavailable), (None, DependencyUnavailable), ("UNAVAILABLE", ModelNotServed)],
    ids=["loaded meanwhile", "gone meanwhile", "not loaded"],
)
def test_model_that_is_not_found_while_triton_starts_or_stops_fails_no_task(
    state: str | None, expected: type[Exception]
) -> None:
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(RestartingServer(state), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with pytest.raises(expected):
            TritonClient(f"127.0.0.1:{port}").infer("lstm_timeseries", "1", np.zeros((1, 10), np.float32))
    finally:
        server.stop(None).wait()


class HungServer(service_pb2_grpc.GRPCInferenceServiceServicer):
    """Calls its model ready; whether the model answers, and the index, can be changed meanwhile."""

    def __init__(self) -> None:
        self.is_hung, self.has_index, self.asked = True, True, 0

    def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        self.asked += 1
        if self.is_hung:
            context.abort(grpc.StatusCode.INTERNAL, "Stub process 'lstm_timeseries_0_0' is not healthy.")
        answer = service_pb2.ModelInferResponse(model_name=request.model_name)
        for output in request.outputs:
            answer.outputs.add(name=output.name, datatype="FP32", shape=[1, 1])
            answer.raw_output_contents.append(np.zeros((1, 1), np.float32).tobytes())
        return answer

    def RepositoryIndex(self, _request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        if not self.has_index:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the server stops")
        entry = service_pb2.RepositoryIndexResponse.ModelIndex(
            name="lstm_timeseries", version="1", state="READY"
        )
        return service_pb2.RepositoryIndexResponse(models=[entry])


Hung = tuple[HungServer, TritonClient, list[float]]


@pytest.fixture
def hung() -> Iterator[Hung]:
    """Return a server whose model hangs, a client of it, and the client's time in a list."""
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    service = HungServer()
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    now = [0.0]
    yield service, TritonClient(f"127.0.0.1:{port}", clock=lambda: now[0]), now
    server.stop(None).wait()


def ask(client: TritonClient) -> Forecast:
    return client.infer("lstm_timeseries", "1", np.zeros((1, 10), np.float32))


def outcome(client: TritonClient) -> type[Exception] | None:
    try:
        ask(client)
    except (DependencyUnavailable, ModelNotServed) as error:
        return type(error)
    return None


def test_model_that_answers_nothing_while_triton_calls_it_ready_is_not_served_after_a_while(
    hung: Hung,
) -> None:
    _, client, now = hung
    seen = []
    for now[0] in (0.0, SILENT_AFTER_S - 0.1, SILENT_AFTER_S):
        seen.append(outcome(client))
    assert seen == [DependencyUnavailable, DependencyUnavailable, ModelNotServed]
    with pytest.raises(ModelNotServed, match="not healthy"):
        ask(client)


def test_silent_model_is_asked_now_and_then_and_serves_as_soon_as_it_answers(hung: Hung) -> None:
    service, client, now = hung
    for now[0] in (0.0, SILENT_AFTER_S):
        outcome(client)
    service.asked, service.is_hung = 0, False
    now[0] += ASK_AGAIN_S - 0.1
    assert (outcome(client), service.asked) == (ModelNotServed, 0)
    now[0] += 0.1
    assert (outcome(client), service.asked) == (None, 1)
    service.is_hung = True
    assert outcome(client) is DependencyUnavailable


def test_silence_of_the_whole_server_is_not_counted_against_a_model(hung: Hung) -> None:
    service, client, now = hung
    outcome(client)
    service.has_index = False
    for now[0] in (SILENT_AFTER_S, 2 * SILENT_AFTER_S):
        assert outcome(client) is DependencyUnavailable
    service.has_index = True
    assert outcome(client) is DependencyUnavailable

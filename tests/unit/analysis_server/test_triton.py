from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
from prometheus_client import REGISTRY
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException

from analysis_server.triton import TritonClient, map_triton_error, why_not_served
from telemetry_core.errors import DependencyUnavailable, ModelContractError, ModelNotServed

PASSING = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "CANCELLED", "ABORTED"}


@pytest.mark.parametrize("status", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_every_grpc_status_is_either_passing_or_a_broken_contract(status):
    foreign = InferenceServerException("reason", status=str(status))
    error = map_triton_error(foreign, "lstm_timeseries", "triton-server:8001")
    expected = DependencyUnavailable if status.name in PASSING else ModelContractError
    assert type(error) is expected
    assert "reason" in str(error)


def test_model_whose_process_was_killed_is_away_and_breaks_no_contract():
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
def test_model_that_is_not_served_has_tritons_own_reason(model, version, reason):
    assert why_not_served(INDEX, model, version) == reason


def test_every_call_is_timed_also_one_that_fails():
    name = "inference_triton_seconds_count"
    before = REGISTRY.get_sample_value(name)
    with pytest.raises(DependencyUnavailable):
        TritonClient("127.0.0.1:1").infer("lstm_timeseries", "1", np.zeros((1, 10), np.float32))
    assert REGISTRY.get_sample_value(name) == before + 1


class RestartingServer(service_pb2_grpc.GRPCInferenceServiceServicer):
    """Knows no model when it is asked for a forecast; what its index says a moment later is given."""

    def __init__(self, state: str | None):
        self._state = state

    def ModelInfer(self, _request, context):  # noqa: N802 - the protocol's name
        context.abort(grpc.StatusCode.NOT_FOUND, "Request for unknown model: 'lstm_timeseries' is not found")

    def RepositoryIndex(self, _request, context):  # noqa: N802 - the protocol's name
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
def test_model_that_is_not_found_while_triton_starts_or_stops_fails_no_task(state, expected):
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(RestartingServer(state), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with pytest.raises(expected):
            TritonClient(f"127.0.0.1:{port}").infer("lstm_timeseries", "1", np.zeros((1, 10), np.float32))
    finally:
        server.stop(None).wait()

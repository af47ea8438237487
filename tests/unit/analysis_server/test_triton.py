import grpc
import pytest
from tritonclient.utils import InferenceServerException

from analysis_server.triton import map_triton_error
from telemetry_core.errors import DependencyUnavailable, ModelContractError

PASSING = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "CANCELLED", "ABORTED"}


@pytest.mark.parametrize("status", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_every_grpc_status_is_either_passing_or_a_broken_contract(status):
    foreign = InferenceServerException("reason", status=str(status))
    error = map_triton_error(foreign, "lstm_timeseries", "triton-server:8001")
    expected = DependencyUnavailable if status.name in PASSING else ModelContractError
    assert type(error) is expected
    assert "reason" in str(error)

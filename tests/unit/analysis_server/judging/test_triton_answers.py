"""What Triton answers in a shape or with an error that waiting does not mend."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import numpy as np
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

from analysis_server.judging.triton import MAX_ROWS, TritonClient
from telemetry_core.contract.errors import ModelContractError

LENGTH = 10


class Model(service_pb2_grpc.GRPCInferenceServiceServicer):
    """Answers each row with its first value, `left_out` rows fewer than asked for, or an `error`."""

    def __init__(self) -> None:
        self.left_out = 0
        self.error = ""
        self.calls: list[int] = []

    def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        if self.error:
            context.abort(grpc.StatusCode.INTERNAL, self.error)
        rows = np.frombuffer(request.raw_input_contents[0], np.float32).reshape(-1, LENGTH)
        self.calls.append(len(rows))
        values = rows[self.left_out :, :1]
        answer = service_pb2.ModelInferResponse(model_name=request.model_name)
        for output in request.outputs:
            answer.outputs.add(name=output.name, datatype="FP32", shape=values.shape)
            answer.raw_output_contents.append(values.tobytes())
        return answer


Served = tuple[Model, TritonClient]


@pytest.fixture
def served() -> Iterator[Served]:
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    model = Model()
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(model, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield model, TritonClient(f"127.0.0.1:{port}")
    server.stop(None).wait()


def test_rows_beyond_one_request_are_asked_for_in_several_and_come_in_order(served: Served) -> None:
    model, client = served
    windows = np.arange((MAX_ROWS + 1) * LENGTH, dtype=np.float32).reshape(-1, LENGTH)
    answer = client.infer("lstm_timeseries", "1", windows)
    assert model.calls == [MAX_ROWS, 1]
    for output in (answer.mean, answer.std, answer.step_mean, answer.step_std):
        assert output[:, 0].tolist() == windows[:, 0].tolist()


def test_answer_of_another_shape_breaks_the_contract(served: Served) -> None:
    model, client = served
    model.left_out = 1
    with pytest.raises(ModelContractError, match=r"has shape \(1, 1\) for 2 rows"):
        client.infer("lstm_timeseries", "1", np.zeros((2, LENGTH), np.float32))


def test_error_within_a_model_breaks_the_contract_and_asks_nothing_further(served: Served) -> None:
    model, client = served
    model.error = "onnx runtime error 2"
    with pytest.raises(ModelContractError, match="onnx runtime error 2"):
        client.infer("lstm_timeseries", "1", np.zeros((1, LENGTH), np.float32))

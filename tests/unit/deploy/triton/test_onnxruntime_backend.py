import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

CHECKOUT = Path(__file__).resolve().parents[4]
BACKEND = CHECKOUT / "deploy" / "triton" / "backends" / "onnxruntime" / "model.py"
MODEL = "moving_average"


class FakeTensor:
    def __init__(self, name: str, values: Any) -> None:
        self.name = name
        self.values = values

    def as_numpy(self) -> Any:
        return self.values


def fake_utilities() -> ModuleType:
    module = ModuleType("triton_python_backend_utils")
    vars(module).update(
        Tensor=FakeTensor,
        TritonError=RuntimeError,
        TritonModelException=RuntimeError,
        InferenceResponse=lambda tensors=(), error=None: SimpleNamespace(tensors=tensors, error=error),
        get_input_tensor_by_name=lambda request, name: request[name],
    )
    return module


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", fake_utilities())
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec = importlib.util.spec_from_file_location("onnxruntime_backend", BACKEND)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def model(backend: Any) -> Any:
    served = backend.TritonPythonModel()
    outputs = {"FORECAST_MEAN": 64, "FORECAST_STD": 64, "STEP_MEAN": -1, "STEP_STD": -1}
    config = {
        "name": MODEL,
        "max_batch_size": 4096,
        "input": [{"name": "INPUT", "data_type": "TYPE_FP32", "dims": [-1]}],
        "output": [
            {"name": name, "data_type": "TYPE_FP32", "dims": [size]} for name, size in outputs.items()
        ],
    }
    served.initialize(
        {
            "model_config": json.dumps(config),
            "model_repository": str(CHECKOUT / "model_repository" / MODEL),
            "model_version": "1",
        }
    )
    return served


class NotedSession:
    """A session that notes how many rows each run had."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.rows: list[int] = []

    def run(self, outputs: list[str], inputs: dict[str, Any]) -> Any:
        self.rows.append(len(inputs["INPUT"]))
        return self._session.run(outputs, inputs)


@pytest.mark.parametrize("sizes", [[1], [256], [257], [3, 600, 1], [1500]])
def test_large_batch_runs_in_slices_and_answers_as_its_rows_alone(
    backend: Any, model: Any, sizes: list[int]
) -> None:
    draw = np.random.default_rng(7)
    windows = [draw.normal(size=(size, 32)).astype(np.float32) for size in sizes]
    model.session = session = NotedSession(model.session)
    answers = model.execute([{"INPUT": FakeTensor("INPUT", window)} for window in windows])
    assert sum(session.rows) == sum(sizes)
    assert max(session.rows) <= backend.MAX_ROWS
    assert [len(answer.tensors[0].values) for answer in answers] == sizes
    (alone,) = model.execute([{"INPUT": FakeTensor("INPUT", windows[-1][-1:])}])
    for whole, single in zip(answers[-1].tensors, alone.tensors, strict=True):
        np.testing.assert_allclose(whole.values[-1:], single.values, rtol=1e-4, atol=1e-6)

"""Shipped graphs fit their config.pbtxt by the rule of Triton's own backend, under the runtime inside it."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from google.protobuf import json_format, text_format
from tritonclient.grpc import model_config_pb2

from deploy.triton.backends.onnxruntime.signature import declared, refusals

ROOT = Path(__file__).parents[4]
REPOSITORY = ROOT / "model_repository"
STATE = Path(os.environ.get("NATIVE_STATE", ROOT / ".native" / "state"))
MODELS = sorted(path.parent.name for path in REPOSITORY.glob("*/config.pbtxt"))
RUNTIME = "1.19.2"
"""ONNX Runtime of Triton 24.10."""
TOLERANCE = 1e-4


def configuration(text: str) -> dict[str, Any]:
    """A config.pbtxt as Triton hands it to a backend."""
    message = text_format.Parse(text, model_config_pb2.ModelConfig())
    written = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return {"max_batch_size": message.max_batch_size, **written}


def shipped(model: str) -> str:
    return (REPOSITORY / model / "config.pbtxt").read_text(encoding="utf-8")


def nodes(tensors: list[tuple[str, str, list[Any]]]) -> list[SimpleNamespace]:
    return [SimpleNamespace(name=name, type=type_, shape=shape) for name, type_, shape in tensors]


def reasons(config: str, graph: Mapping[str, Any]) -> list[str]:
    return list(
        refusals(configuration(config), declared(nodes(graph["inputs"])), declared(nodes(graph["outputs"])))
    )


@pytest.fixture(scope="module")
def under_triton_runtime() -> dict[str, Any]:
    """What the runtime inside Triton finds in the shipped graphs."""
    python = STATE / "tools" / "triton" / "venv" / "bin" / "python"
    if not python.exists():
        pytest.skip(f"Triton's Python is not installed as {python}: run 'make setup'")
    probe = subprocess.run(
        [python, Path(__file__).with_name("triton_runtime.py"), REPOSITORY],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert probe.returncode == 0, probe.stderr
    found: dict[str, Any] = json.loads(probe.stdout)
    return found


def test_runtime_is_the_one_inside_triton(under_triton_runtime: dict[str, Any]) -> None:
    assert under_triton_runtime["version"] == RUNTIME
    assert sorted(under_triton_runtime["models"]) == MODELS


@pytest.mark.parametrize("model", MODELS)
def test_triton_would_load_the_graph(model: str, under_triton_runtime: dict[str, Any]) -> None:
    assert reasons(shipped(model), under_triton_runtime["models"][model]) == []


@pytest.mark.parametrize("model", MODELS)
def test_graph_answers_as_the_trained_network(model: str, under_triton_runtime: dict[str, Any]) -> None:
    assert under_triton_runtime["models"][model]["error"] <= TOLERANCE


GRAPH: dict[str, list[tuple[str, str, list[Any]]]] = {
    "inputs": [("INPUT", "tensor(float)", ["batch", "time"])],
    "outputs": [
        ("FORECAST_MEAN", "tensor(float)", ["batch", 64]),
        ("FORECAST_STD", "tensor(float)", ["batch", 64]),
        ("STEP_MEAN", "tensor(float)", ["batch", "time"]),
        ("STEP_STD", "tensor(float)", ["batch", "time"]),
    ],
}


def with_tensor(kind: str, index: int, tensor: tuple[str, str, list[Any]]) -> dict[str, Any]:
    graph = {name: list(tensors) for name, tensors in GRAPH.items()}
    graph[kind][index] = tensor
    return graph


def test_graph_that_fits_is_taken() -> None:
    assert reasons(shipped("lstm_timeseries"), GRAPH) == []


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (
            with_tensor("outputs", 1, ("FORECAST_STD", "tensor(float)", ["batch", "free"])),
            r"'FORECAST_STD': the model expects 2 dimensions \(shape \[-1, -1\]\) but .*\[-1, 64\]\)",
        ),
        (with_tensor("outputs", 2, ("STEP_MEAN", "tensor(float)", ["batch", 64])), r"\(shape \[-1, -1\]\)"),
        (
            with_tensor("outputs", 0, ("FORECAST_MEAN", "tensor(float)", ["batch", 32])),
            r"\(shape \[-1, 32\]\)",
        ),
        (with_tensor("outputs", 0, ("FORECAST_MEAN", "tensor(float)", ["batch"])), "the model expects 1 dim"),
        (with_tensor("outputs", 0, ("FORECAST_MEAN", "tensor(float)", [1, 64])), "to support batching"),
        (with_tensor("outputs", 0, ("FORECAST_MEAN", "tensor(float)", [])), "scalar tensor 'FORECAST_MEAN'"),
        (with_tensor("outputs", 3, ("STEP_STD", "tensor(double)", [None, None])), "model provides TYPE_FP64"),
        (with_tensor("outputs", 3, ("STEP_STD", "sequence(float)", [None])), "model provides sequence"),
        (with_tensor("outputs", 3, ("SPREAD", "tensor(float)", [None, None])), "unexpected inference output"),
        (with_tensor("inputs", 0, ("WINDOW", "tensor(float)", [None, None])), "unexpected inference input"),
        (with_tensor("inputs", 0, ("INPUT", "tensor(float)", [None, 64])), r"\(shape \[-1, 64\]\) but"),
        (with_tensor("inputs", 0, ("INPUT", "tensor(float)", [16, None])), "to support batching"),
        ({**GRAPH, "inputs": [*GRAPH["inputs"], ("MASK", "tensor(bool)", [None])]}, "model provides 2"),
    ],
)
def test_graph_that_does_not_fit_is_refused_with_the_reason(graph: dict[str, Any], reason: str) -> None:
    (refusal,) = reasons(shipped("lstm_timeseries"), graph)
    assert re.search(reason, refusal), refusal


def test_free_axis_of_an_input_takes_any_configured_length() -> None:
    fixed = shipped("lstm_timeseries").replace("dims: [ -1 ] }\n]\n#", "dims: [ 32 ] }\n]\n#")
    assert reasons(fixed, GRAPH) == []


def test_without_batching_the_batch_axis_is_configured_too() -> None:
    config = """
        input { name: "X" data_type: TYPE_INT64 dims: [ 2, 3 ] }
        output { name: "Y" data_type: TYPE_BOOL dims: [ 2 ] }
    """
    graph = {"inputs": [("X", "tensor(int64)", [2, 3])], "outputs": [("Y", "tensor(bool)", [2])]}
    assert reasons(config, graph) == []
    assert reasons(config, {**graph, "outputs": [("Y", "tensor(bool)", [None, 2])]}) != []


@pytest.mark.parametrize("model", MODELS)
def test_float32_stays_float32_on_a_gpu(model: str) -> None:
    (accelerator,) = configuration(shipped(model))["optimization"]["execution_accelerators"][
        "gpu_execution_accelerator"
    ]
    assert accelerator == {"name": "cuda", "parameters": {"use_tf32": "0"}}

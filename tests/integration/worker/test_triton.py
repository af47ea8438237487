"""Real Triton refuses a graph that does not fit, serves the others, and opens no unused interface."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import requests
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from analysis_server.judging.triton import TritonClient
from telemetry_core.contract.errors import DependencyUnavailable
from tests.integration.servers.triton_server import ROOT, TritonServer, running_triton

BROKEN = "vae_timeseries"
SHIPPED = "moving_average"
TIMEOUT_S = 20
ENDS_WITHIN_S = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonServer]:
    """Serve one shipped model, and one whose config.pbtxt promises fewer steps than its graph answers."""
    folder = tmp_path_factory.mktemp("triton")
    for model in (SHIPPED, BROKEN):
        shutil.copytree(ROOT / "model_repository" / model, folder / "models" / model)
    config = folder / "models" / BROKEN / "config.pbtxt"
    config.write_text(config.read_text().replace("dims: [ 64 ] },", "dims: [ 32 ] },"))
    with running_triton(folder / "models", folder) as running:
        yield running


def index(server: TritonServer) -> dict[str, dict[str, str]]:
    answer = requests.post(f"{server.http}/v2/repository/index", json={}, timeout=TIMEOUT_S)
    answer.raise_for_status()
    return {model["name"]: model for model in answer.json()}


def test_graph_that_does_not_fit_its_configuration_is_unavailable_with_the_reason(
    server: TritonServer,
) -> None:
    refused = index(server)[BROKEN]
    assert refused["state"] == "UNAVAILABLE"
    assert "tensor 'FORECAST_MEAN': the model expects 2 dimensions (shape [-1, 64])" in refused["reason"]
    assert "(shape [-1, 32])" in refused["reason"]


def test_other_models_are_served_beside_it(server: TritonServer) -> None:
    assert index(server)[SHIPPED]["state"] == "READY"
    golden = np.load(ROOT / "model_repository" / SHIPPED / "1" / "golden.npz")
    answer = TritonClient(server.grpc).infer(SHIPPED, "1", golden["INPUT"])
    assert np.allclose(answer.mean, golden["FORECAST_MEAN"], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/systemsharedmemory/status"),
        ("POST", "/v2/systemsharedmemory/region/any/register"),
        ("POST", "/v2/systemsharedmemory/unregister"),
        ("GET", "/v2/cudasharedmemory/status"),
        ("POST", "/v2/cudasharedmemory/region/any/register"),
        ("GET", "/v2/trace/setting"),
        ("POST", "/v2/trace/setting"),
        ("POST", f"/v2/models/{SHIPPED}/trace/setting"),
        ("GET", "/v2/logging"),
        ("POST", "/v2/logging"),
    ],
)
def test_unused_http_interfaces_are_closed(server: TritonServer, method: str, path: str) -> None:
    answer = requests.request(method, server.http + path, json={}, headers={"closed": ""}, timeout=TIMEOUT_S)
    assert answer.status_code == 403, answer.text


@pytest.mark.parametrize("action", ["load", "unload"])
def test_models_are_not_loaded_or_unloaded_on_request(server: TritonServer, action: str) -> None:
    answer = requests.post(
        f"{server.http}/v2/repository/models/{SHIPPED}/{action}", json={}, timeout=TIMEOUT_S
    )
    assert not answer.ok
    assert index(server)[SHIPPED]["state"] == "READY"


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("get_system_shared_memory_status", ()),
        ("register_system_shared_memory", ("any", "/any", 1)),
        ("unregister_system_shared_memory", ()),
        ("get_cuda_shared_memory_status", ()),
        ("get_trace_settings", ()),
        ("update_trace_settings", (None, {"trace_level": ["TIMESTAMPS"]})),
        ("get_log_settings", ()),
        ("update_log_settings", ({"log_file": "any.log"},)),
        ("load_model", (SHIPPED,)),
        ("unload_model", (SHIPPED,)),
    ],
)
def test_unused_grpc_interfaces_are_closed(
    server: TritonServer, method: str, arguments: tuple[Any, ...]
) -> None:
    client = triton.InferenceServerClient(server.grpc)
    with pytest.raises(InferenceServerException):
        getattr(client, method)(*arguments, client_timeout=TIMEOUT_S)
    assert client.is_model_ready(SHIPPED)


@pytest.mark.parametrize("harm", [signal.SIGKILL, signal.SIGSTOP])
def test_server_exits_with_a_lost_process_of_a_model_which_is_unavailable_until_then(
    tmp_path: Path, harm: signal.Signals
) -> None:
    shutil.copytree(ROOT / "model_repository" / SHIPPED, tmp_path / "models" / SHIPPED)
    golden = np.load(ROOT / "model_repository" / SHIPPED / "1" / "golden.npz")
    with running_triton(tmp_path / "models", tmp_path) as server:
        (stub,) = [
            child
            for child in psutil.Process(server.process.pid).children()
            if child.name() == "triton_python_backend_stub"
        ]
        stub.send_signal(harm)
        with pytest.raises(DependencyUnavailable):
            TritonClient(server.grpc).infer(SHIPPED, "1", golden["INPUT"])
        server.process.wait(ENDS_WITHIN_S)
        assert not stub.is_running() or stub.status() == psutil.STATUS_ZOMBIE

"""Real Triton on an NVIDIA GPU beside the same network alone: `python -m benchmarks.platform.gpu_serving`.

Needs a GPU, PyTorch with CUDA, onnx, onnxruntime, tritonclient, NVIDIA's perf_analyzer and the server of the
nvidia-pytriton wheel. That server has the python backend only, so `gpu/model.py` serves the shipped graph's
network; its answers are compared with ONNX Runtime on the CPU first.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import requests
import torch
import tritonclient.grpc as triton

from benchmarks.platform.gpu.graphs import STEPS, GraphRunner
from training.evaluation.report import table, write_report
from training.networks.from_onnx import load_lstm

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "model_repository" / "lstm_timeseries" / "1"
OUTPUTS = ("FORECAST_MEAN", "FORECAST_STD", "STEP_MEAN", "STEP_STD")
BATCHES = (1, 16, 256, 4096)
TOLERANCE = 1e-4
START_S = 180.0
CONFIG = """
name: "{name}"
backend: "python"
max_batch_size: {largest}
input [ {{ name: "INPUT" data_type: TYPE_FP32 dims: [ 64 ] }} ]
output [
  {{ name: "FORECAST_MEAN" data_type: TYPE_FP32 dims: [ 64 ] }},
  {{ name: "FORECAST_STD" data_type: TYPE_FP32 dims: [ 64 ] }},
  {{ name: "STEP_MEAN" data_type: TYPE_FP32 dims: [ 64 ] }},
  {{ name: "STEP_STD" data_type: TYPE_FP32 dims: [ 64 ] }}
]
instance_group [ {{ kind: KIND_GPU count: {instances} }} ]
dynamic_batching {{ max_queue_delay_microseconds: {delay_us} }}
parameters {{ key: "batches" value: {{ string_value: "{batches}" }} }}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One way to serve the network."""

    name: str
    batches: tuple[int, ...]
    instances: int
    delay_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What perf_analyzer asks for."""

    served: str
    batch: int
    clients: int
    is_shared_memory: bool = False


SERVED = (
    Served(name="prompt", batches=(1, 2, 4, 8, 16), instances=1, delay_us=0),
    Served(name="busy", batches=(8, 16, 32, 64, 128, 256), instances=5, delay_us=300),
    Served(name="bulk", batches=(16, 64, 256, 1024, 4096), instances=3, delay_us=0),
)
LOADS = (
    Load(served="prompt", batch=1, clients=1),
    Load(served="busy", batch=1, clients=96),
    Load(served="busy", batch=1, clients=256),
    Load(served="bulk", batch=16, clients=16),
    Load(served="bulk", batch=256, clients=16),
    Load(served="bulk", batch=4096, clients=8),
    Load(served="bulk", batch=256, clients=16, is_shared_memory=True),
    Load(served="bulk", batch=4096, clients=8, is_shared_memory=True),
)


def seconds_each(run: Callable[[], object], *, at_least_s: float = 1.0) -> float:
    """Median time of one call."""
    run()
    times: list[float] = []
    ended = time.perf_counter() + at_least_s
    while time.perf_counter() < ended:
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return float(np.median(times))


def raw_figures() -> dict[str, dict[str, float]]:
    """Milliseconds a batch in this process: PyTorch as it is, the graph, the graph with its copies."""
    network = load_lstm(MODEL / "model.onnx").cuda()
    runner = GraphRunner(MODEL / "model.onnx", BATCHES)
    figures = {}
    for batch in BATCHES:
        host = torch.randn(batch, STEPS)
        device, recorded = host.cuda(), runner.recorded(batch)

        def eager(windows: torch.Tensor = device) -> None:
            with torch.no_grad():
                network(windows)
            torch.cuda.synchronize()

        def replay(graph: torch.cuda.CUDAGraph = recorded.graph) -> None:
            graph.replay()
            torch.cuda.synchronize()

        figures[str(batch)] = {
            "eager_ms": seconds_each(eager) * 1e3,
            "graph_ms": seconds_each(replay) * 1e3,
            "graph_with_copies_ms": seconds_each(partial(runner.run, [host])) * 1e3,
        }
    return figures


@contextmanager
def running_server(server: Path, libraries: str, backends: Path) -> Iterator[str]:
    """Serve all of SERVED; yields the gRPC address."""
    with tempfile.TemporaryDirectory() as folder:
        for served in SERVED:
            write_model(Path(folder) / served.name, served)
        environment = {
            **os.environ,
            "LD_LIBRARY_PATH": libraries,
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
            "SERVED_ONNX": str(MODEL / "model.onnx"),
        }
        flags = ["--model-repository", folder, f"--backend-directory={backends}"]
        flags += ["--disable-auto-complete-config"]
        with Path(folder, "log").open("w") as log:
            process = subprocess.Popen([server, *flags], env=environment, stdout=log, stderr=log)
        try:
            wait_ready(process, Path(folder, "log"))
            yield "127.0.0.1:8001"
        finally:
            process.terminate()
            process.wait(30)


def write_model(folder: Path, served: Served) -> None:
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "model.py").write_text((ROOT / "benchmarks/platform/gpu/model.py").read_text())
    (folder / "config.pbtxt").write_text(
        CONFIG.format(
            name=served.name,
            largest=max(served.batches),
            instances=served.instances,
            delay_us=served.delay_us,
            batches=",".join(map(str, served.batches)),
        )
    )


def wait_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if requests.get("http://127.0.0.1:8000/v2/health/ready", timeout=1).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise RuntimeError(f"Triton is not ready:\n{log.read_text()[-6000:]}")


def parity(url: str) -> float:
    """Largest difference to ONNX Runtime on the CPU, in units of each window's size; raises beyond 1e-4."""
    session = onnxruntime.InferenceSession(MODEL / "model.onnx", providers=["CPUExecutionProvider"])
    client = triton.InferenceServerClient(url)
    rng = np.random.default_rng(5)
    worst = 0.0
    for batch in (1, 7, 256, 1000):
        scale = 10.0 ** rng.integers(-3, 6, (batch, 1))
        rows = (rng.normal(20, 5, (batch, STEPS)).cumsum(axis=1) * scale).astype("f4")
        rows[rng.random(rows.shape) < 0.05] = np.nan
        tensor = triton.InferInput("INPUT", rows.shape, "FP32")
        tensor.set_data_from_numpy(rows)
        answer = client.infer("bulk", [tensor])
        size = np.nanmax(np.abs(rows), axis=1, keepdims=True)
        for name, expected in zip(OUTPUTS, session.run(list(OUTPUTS), {"INPUT": rows}), strict=True):
            worst = max(worst, float(np.max(np.abs(answer.as_numpy(name) - expected) / size)))
    if not worst <= TOLERANCE:
        raise ValueError(f"Triton on the GPU differs from ONNX Runtime on the CPU by {worst:.2g}")
    return worst


def measure(load: Load, url: str, analyzer: Path) -> dict[str, float]:
    """Rows/s and latency of one load."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.csv"
        command: list[str | Path] = [analyzer, "-m", load.served, "-i", "grpc", "-u", url]
        command += ["-b", str(load.batch), "-f", path]
        command += ["--shape", f"INPUT:{STEPS}", "--concurrency-range", str(load.clients)]
        command += ["--max-threads", "16"]
        command += ["-p", "2500", "-r", "4", "-s", "20"]
        if load.is_shared_memory:
            command += ["--shared-memory", "system"]
            command += ["--output-shared-memory-size", str(load.batch * STEPS * 4)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
        if not path.exists():
            raise RuntimeError(f"perf_analyzer: {done.stdout[-1500:]} {done.stderr[-1500:]}")
        row = next(csv.DictReader(path.open()))
    rows_per_s = float(row["Inferences/Second"])
    return {
        "requests_per_s": rows_per_s / load.batch,
        "rows_per_s": rows_per_s,
        "p50_ms": float(row["p50 latency"]) / 1e3,
        "p99_ms": float(row["p99 latency"]) / 1e3,
    }


def page(facts: dict[str, Any]) -> Iterator[str]:
    yield "# Serving on a GPU\n"
    yield f"{facts['gpu']}; Triton of nvidia-pytriton over gRPC, python backend, `lstm_timeseries` as PyTorch"
    yield f"network, one CUDA graph a batch size; windows of {STEPS} samples, all outputs. Largest difference"
    yield f"to ONNX Runtime on the CPU: {facts['parity']:.1e} of the window's size (at most {TOLERANCE}).\n"
    yield "## Without a server, same process, rows/s\n"
    raw = facts["raw"]
    names = {"eager_ms": "PyTorch", "graph_ms": "CUDA graph"}
    names["graph_with_copies_ms"] = "graph with copies from and to host"
    rows = [
        (int(batch), *(f"{int(batch) / ms[name] * 1e3:,.0f} ({ms[name]:.2f} ms)" for name in names))
        for batch, ms in raw.items()
    ]
    yield from table(("batch", *names.values()), rows)
    yield "\n## Through Triton\n"
    rows = []
    for load in facts["loads"]:
        best = max(load["batch"] / ms * 1e3 for ms in raw[str(load["batch"])].values())
        rows.append(
            (
                load["served"], load["batch"], load["clients"],
                "shared memory" if load["is_shared_memory"] else "gRPC",
                f"{load['requests_per_s']:,.0f}", f"{load['rows_per_s']:,.0f}",
                f"{load['rows_per_s'] / best:.0%}",
                f"{load['p50_ms']:.2f}", f"{load['p99_ms']:.2f}",
            )
        )  # fmt: skip
    head = (
        "served as", "batch", "clients", "tensors", "requests/s", "rows/s", "of the best raw",
        "p50 ms", "p99 ms",
    )  # fmt: skip
    yield from table(head, rows)
    yield "\nThe raw figures are one synchronous stream, Triton's are several instances and clients: a ratio"
    yield "above 100 % says that work overlaps, not that serving is free. No one configuration serves"
    yield "latency, rate and large batches best. The PyTorch copy of the network was served because the wheel"
    yield "has no ONNX Runtime backend for GPUs; that backend was not measured."
    yield "\nServed as:\n"
    rows = [(one["name"], one["instances"], one["delay_us"], one["batches"]) for one in facts["served"]]
    yield from table(("name", "instances", "queue delay us", "recorded batches"), rows)


def fields_of(record: Served | Load) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", type=Path, required=True, help="the tritonserver binary")
    backends = "folder with the python backend and its stub"
    parser.add_argument("--backends", type=Path, required=True, help=backends)
    parser.add_argument("--libraries", required=True, help="LD_LIBRARY_PATH of the server")
    parser.add_argument("--perf-analyzer", type=Path, required=True)
    options = parser.parse_args()
    facts: dict[str, Any] = {"gpu": torch.cuda.get_device_name(), "raw": raw_figures()}
    print(json.dumps(facts["raw"], indent=1), flush=True)
    facts |= {"served": [fields_of(served) for served in SERVED], "loads": []}
    with running_server(options.server, options.libraries, options.backends) as url:
        facts["parity"] = parity(url)
        print(f"parity {facts['parity']:.2g}", flush=True)
        for load in LOADS:
            figures = measure(load, url, options.perf_analyzer)
            facts["loads"].append(fields_of(load) | figures)
            print(load, figures, flush=True)
            write_report("gpu_serving", facts, page(facts))


if __name__ == "__main__":
    main()

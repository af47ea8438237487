"""Shipped graphs under ONNX Runtime's CUDA provider and on this host's CPU.

`python -m benchmarks.platform.gpu_graphs --json FILE --page FILE` measures and writes; with `--from-json FILE
--page FILE` it only writes the page of measured figures. Measuring needs an NVIDIA GPU, numpy and
onnxruntime-gpu; nothing of the platform runs.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from training.evaluation.report import table

REPOSITORY = Path(__file__).parents[2] / "model_repository"
OUTPUTS = ("FORECAST_MEAN", "FORECAST_STD", "STEP_MEAN", "STEP_STD")
BATCHES = (1, 16, 256, 1024, 4096)
STEPS = 64
AT_LEAST_S = 0.6
MOST_RUNS = 200
PROVIDERS: dict[str, list[Any]] = {
    "GPU": [("CUDAExecutionProvider", {"use_tf32": "0"})],
    "GPU, TF32": [("CUDAExecutionProvider", {"use_tf32": "1"})],
    "CPU": ["CPUExecutionProvider"],
}


def measure() -> dict[str, Any]:
    """Parity and milliseconds a batch of every shipped graph by provider."""
    onnxruntime.preload_dlls()
    models = sorted(path.parents[1] for path in REPOSITORY.glob("*/1/model.onnx"))
    return {
        "machine": machine(),
        "models": {
            model.name: {provider: figures(model / "1", settings) for provider, settings in PROVIDERS.items()}
            for model in models
        },
    }


def machine() -> dict[str, str]:
    """What the figures belong to."""
    card = subprocess.run(
        ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        check=True,
    )
    name, driver = card.stdout.strip().splitlines()[0].split(", ")
    return {
        "GPU": name,
        "driver": driver,
        "ONNX Runtime": onnxruntime.__version__,
        "CPU cores": str(len(os.sched_getaffinity(0))),
        "CPU": _processor(),
        "Python": platform.python_version(),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))


def figures(model: Path, providers: list[Any]) -> dict[str, Any]:
    """Distance to the golden vectors, of the window's largest value, and milliseconds by batch."""
    session = onnxruntime.InferenceSession(model / "model.onnx", providers=providers)
    wanted = providers[0] if isinstance(providers[0], str) else providers[0][0]
    if session.get_providers()[0] != wanted:
        raise RuntimeError(f"{wanted} does not start here: {session.get_providers()}")
    golden = np.load(model / "golden.npz")
    size = np.maximum(np.nanmax(np.abs(golden["INPUT"]), axis=1, keepdims=True), 1e-6)
    answers = zip(OUTPUTS, session.run(list(OUTPUTS), {"INPUT": golden["INPUT"]}), strict=True)
    return {
        "parity": max(float(np.max(np.abs(answer - golden[name]) / size)) for name, answer in answers),
        "ms": {str(batch): milliseconds(_run(session, batch)) for batch in BATCHES},
    }


def _run(session: onnxruntime.InferenceSession, batch: int) -> Callable[[], object]:
    """Copies to and from the card are part of a run, as they are in Triton."""
    window = np.random.default_rng(batch).normal(20, 5, (batch, STEPS)).astype(np.float32)
    return lambda: session.run(list(OUTPUTS), {"INPUT": window})


def milliseconds(run: Callable[[], object]) -> float:
    """Median time of a run after two that warm up."""
    run()
    run()
    times: list[float] = []
    while len(times) < 3 or (sum(times) < AT_LEAST_S and len(times) < MOST_RUNS):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e3


COMMAND = (
    "python -m benchmarks.platform.gpu_graphs --json docs/benchmarks/gpu.json --page docs/benchmarks/gpu.md"
)
INTRODUCTION = f"""
ONNX Runtime in one process, one run at a time, windows of {STEPS} samples in host memory: copies to and from
the card are in the figures, Triton's queue and gRPC are not. This ONNX Runtime is not the one inside Triton
24.10 (1.19.2 for CUDA 12.6): the provider is the same, its kernels are older. The CPU uses all its cores.

A run on the GPU starts hundreds of small kernels: the batch hardly changes its time until the card is full.
"""
PARITY = """
Largest difference of any output to PyTorch's answer, over the window's largest value; the tests hold 1e-4.
TF32 is the CUDA provider's default: `config.pbtxt` and `docker-compose.yml` switch it off.
"""


def page(found: dict[str, Any]) -> Iterator[str]:
    """Lines of docs/benchmarks/gpu.md."""
    yield "# The shipped graphs on a GPU\n"
    yield f"`{COMMAND}`\n"
    yield from table(("what", "value"), found["machine"].items())
    yield INTRODUCTION
    yield f"## Distance to the golden vectors\n{PARITY}"
    yield from table(
        ("model", *PROVIDERS),
        (
            (name, *(f"{by[provider]['parity']:.1e}" for provider in PROVIDERS))
            for name, by in found["models"].items()
        ),
    )
    yield "\n## Speed\n"
    yield "Milliseconds a run / rows a second (a row is one channel's window), median.\n"
    yield from table(("model", "on", *(f"batch {batch}" for batch in BATCHES)), _speeds(found["models"]))


def _speeds(models: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, by in models.items():
        for provider in PROVIDERS:
            times = {batch: by[provider]["ms"][str(batch)] for batch in BATCHES}
            yield (
                name,
                provider,
                *(f"{ms:.2f} / {batch / ms * 1e3:,.0f}" for batch, ms in times.items()),
            )


def main() -> None:
    """Measure, or write the page from figures measured elsewhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="measure and write this file")
    parser.add_argument("--page", type=Path, help="write this page")
    parser.add_argument("--from-json", type=Path, help="take the figures from here and measure nothing")
    options = parser.parse_args()
    found = json.loads(options.from_json.read_text()) if options.from_json else measure()
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.page:
        options.page.write_text("\n".join(page(found)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Requests/s of Triton over gRPC beside ONNX Runtime in this process: same graph, threads, rows; in turns."""

import re
import time
from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
import onnxruntime

from analysis_server.judging.triton import OUTPUTS, TritonClient
from benchmarks.platform.figures import Figure, Section, ratio
from telemetry_core.service.settings import Settings

MODEL: Final = "lstm_timeseries"
BATCHES: Final = (1, 16, 256)
STEPS: Final = 64
ROUNDS: Final = 5
ROUND_S: Final = 0.6


def measure(settings: Settings) -> list[Section]:
    directory = settings.model_repository / MODEL
    threads = configured_threads((directory / "config.pbtxt").read_text(encoding="utf-8"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        directory / "1" / "model.onnx", options, providers=["CPUExecutionProvider"]
    )
    client = TritonClient(settings.triton_server_url)
    lines: list[Figure] = []
    for batch in BATCHES:
        rows = np.random.default_rng(batch).normal(20, 5, (batch, STEPS)).astype(np.float32)
        lines += _pair(
            batch,
            partial(client.infer, MODEL, "1", rows),
            partial(session.run, list(OUTPUTS), {"INPUT": rows}),
        )
    return [
        Section(
            title=f"Model server, {MODEL}, one client",
            explanation=f"Both: intra-op threads {threads}, inter-op 1, no spinning; a row is {STEPS} float32"
            " of one channel. Triton adds gRPC, its queue delay and the backend's Python.",
            lines=lines,
        )
    ]


def _pair(batch: int, triton: Callable[[], object], direct: Callable[[], object]) -> list[Figure]:
    triton()
    direct()
    turns = [(_rate(triton), _rate(direct)) for _ in range(ROUNDS)]
    ours = Figure(name=f"Triton over gRPC, batch {batch}", unit="requests/s", values=[a for a, _ in turns])
    bare = Figure(
        name=f"ONNX Runtime in process, batch {batch}", unit="requests/s", values=[b for _, b in turns]
    )
    return [ours, bare, ratio(f"Triton / in process, batch {batch}", ours, bare)]


def _rate(ask: Callable[[], object]) -> float:
    started_s, count = time.perf_counter(), 0
    while (elapsed_s := time.perf_counter() - started_s) < ROUND_S:
        ask()
        count += 1
    return count / elapsed_s


def configured_threads(config: str) -> int:
    """Read `intra_op_thread_count` from the model's configuration."""
    found = re.search(r'"intra_op_thread_count"\s+value:\s*\{\s*string_value:\s*"(\d+)"', config)
    if found is None:
        raise ValueError("config.pbtxt names no intra_op_thread_count: both sides need the same")
    return int(found[1])

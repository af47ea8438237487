"""Triton model for `gpu_serving`: the shipped graph's network in PyTorch, each batch size one CUDA graph.

The wheel's server has the python backend only; on the official image its ONNX Runtime backend takes this
place.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

# The interpreter embedded in the backend runs isolated: it does not read PYTHONPATH by itself.
sys.path[:0] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))

import torch  # noqa: E402
import triton_python_backend_utils as pb_utils  # noqa: E402

from benchmarks.platform.gpu.graphs import GraphRunner  # noqa: E402

OUTPUTS = ("FORECAST_MEAN", "FORECAST_STD", "STEP_MEAN", "STEP_STD")


class TritonPythonModel:
    """One instance on the GPU."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the weights and record the CUDA graphs."""
        sizes = json.loads(args["model_config"])["parameters"]["batches"]["string_value"]
        self.runner = GraphRunner(Path(os.environ["SERVED_ONNX"]), [int(size) for size in sizes.split(",")])

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer all requests in one batch."""
        windows = [
            torch.utils.dlpack.from_dlpack(pb_utils.get_input_tensor_by_name(request, "INPUT").to_dlpack())
            for request in requests
        ]
        answers = self.runner.run(windows)
        responses, first = [], 0
        for window in windows:
            rows = slice(first, first + len(window))
            tensors = [
                pb_utils.Tensor.from_dlpack(name, torch.utils.dlpack.to_dlpack(answer[rows]))
                for name, answer in zip(OUTPUTS, answers, strict=True)
            ]
            responses.append(pb_utils.InferenceResponse(tensors))
            first = rows.stop
        return responses

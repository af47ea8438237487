"""Loads every graph under the ONNX Runtime of this interpreter and prints what it found as JSON.

`PYTHON tests/unit/deploy/triton/triton_runtime.py MODEL_REPOSITORY`. Triton's Python has few packages.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime


def describe(model: Path) -> dict[str, Any]:
    """Declared tensors of a graph, and its distance to the golden vectors over the window's largest value."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(model / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    golden = np.load(model / "golden.npz")
    size = np.maximum(np.nanmax(np.abs(golden["INPUT"]), axis=1, keepdims=True), 1e-6)
    names = [node.name for node in session.get_outputs()]
    answers = zip(names, session.run(names, {"INPUT": golden["INPUT"]}), strict=True)
    return {
        "inputs": [(node.name, node.type, node.shape) for node in session.get_inputs()],
        "outputs": [(node.name, node.type, node.shape) for node in session.get_outputs()],
        "error": max(float(np.max(np.abs(answer - golden[name]) / size)) for name, answer in answers),
    }


if __name__ == "__main__":
    models = {
        path.parents[1].name: describe(path.parent) for path in Path(sys.argv[1]).glob("*/1/model.onnx")
    }
    print(json.dumps({"version": onnxruntime.__version__, "models": models}))

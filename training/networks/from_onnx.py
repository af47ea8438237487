"""The network of an exported `lstm_timeseries`, read back from its ONNX file."""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from training.networks.network import MAX_HORIZON, TERMS, Forecaster, LstmEncoder

GATES = (0, 2, 3, 1)
"""PyTorch's input, forget, cell, output gates among ONNX's input, output, forget, cell."""


def load_lstm(path: Path) -> Forecaster:
    """Build the network of float32 weights in `path`; raises StopIteration where it is another graph."""
    graph = onnx.load(path).graph
    arrays = {tensor.name: np.array(numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    node = next(node for node in graph.node if node.op_type == "LSTM")
    inputs, recurrent, biases = (_reordered(arrays[name]) for name in node.input[1:4])
    hidden_size = recurrent.shape[1]
    shapes = {"mixer.weight": (hidden_size, hidden_size), "head.weight": (hidden_size, MAX_HORIZON * TERMS)}
    state = {
        name: torch.from_numpy(next(a for a in arrays.values() if a.shape == shape)).T.contiguous()
        for name, shape in shapes.items()
    }
    state |= {
        name: torch.from_numpy(arrays[name]) for name in ("mixer.bias", "head.bias", "log_std_correction")
    }
    state |= {"encoder.lstm.weight_ih_l0": inputs, "encoder.lstm.weight_hh_l0": recurrent}
    state |= dict(zip(("encoder.lstm.bias_ih_l0", "encoder.lstm.bias_hh_l0"), biases.chunk(2), strict=True))
    network = Forecaster(LstmEncoder(hidden_size), hidden_size)
    network.load_state_dict(state)
    network.eval()
    return network


def _reordered(array: np.ndarray) -> Tensor:
    """Gates of an LSTM's [1, gates * hidden, any] or [1, 2 * gates * hidden] in PyTorch's order."""
    rows = array[0].reshape(-1, len(GATES), array.shape[1] // (8 if array.ndim == 2 else 4), *array.shape[2:])
    return torch.from_numpy(rows[:, GATES].reshape(array.shape[1:]))

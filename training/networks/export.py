"""Write a network as `model.onnx`, compare it with ONNX Runtime and keep golden vectors for the tests."""

import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn

from training.data.families import synthetic_series
from training.data.windows import with_missing_samples
from training.networks.horizon import declare_horizon
from training.networks.network import MAX_HORIZON

OUTPUTS = ("FORECAST_MEAN", "FORECAST_STD", "STEP_MEAN", "STEP_STD")
TOLERANCE = 1e-4
"""Largest difference between PyTorch and ONNX Runtime, relative to the spread of the window."""
OPSET = 17


def export_onnx(model: nn.Module, path: Path) -> None:
    """Write the graph with free batch and time axes and a fixed horizon."""
    path.parent.mkdir(parents=True, exist_ok=True)
    axes = {"INPUT": {0: "batch", 1: "time"}}
    axes |= {name: {0: "batch"} for name in OUTPUTS[:2]} | {
        name: {0: "batch", 1: "time"} for name in OUTPUTS[2:]
    }
    with warnings.catch_warnings():
        # The tracing exporter writes the LSTM as one ONNX node, which its successor takes apart.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", UserWarning)
        torch.onnx.export(
            model.eval(),
            (torch.zeros(1, 16),),
            path,
            input_names=["INPUT"],
            output_names=list(OUTPUTS),
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
    declare_horizon(path, MAX_HORIZON)


def parity_error(model: nn.Module, path: Path, seed: int) -> float:
    """Largest |PyTorch - ONNX Runtime| over odd batch sizes and lengths, relative to max(spread, |value|).

    Raises:
        ValueError: It exceeds TOLERANCE, or something that came out is not finite.
    """
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(seed)
    worst = 0.0
    for batch, length in ((1, 2), (1, 10), (7, 31), (64, 64), (3, 256)):
        window = with_missing_samples(rng, synthetic_series(rng, batch, length))
        with torch.no_grad():
            expected = model(torch.from_numpy(window))
        size = np.maximum(np.nan_to_num(np.nanmax(np.abs(window), axis=1, initial=0.0)), 1e-6)[:, None]
        for ours, theirs in zip(expected, session.run(list(OUTPUTS), {"INPUT": window}), strict=True):
            worst = max(worst, float(np.max(np.abs(ours.numpy() - theirs) / size)))
            if not np.isfinite(theirs).all():
                raise ValueError(f"{path} answers NaN or infinity for windows of length {length}")
    if worst > TOLERANCE:
        raise ValueError(f"{path} differs from PyTorch by {worst:.2g}, more than {TOLERANCE}")
    return worst


def write_golden_vectors(model: nn.Module, path: Path, seed: int) -> None:
    """Write windows and PyTorch's answers, for tests that have no PyTorch."""
    rng = np.random.default_rng(seed)
    window = with_missing_samples(rng, synthetic_series(rng, 16, 48))
    with torch.no_grad():
        forecast_mean, forecast_std, step_mean, step_std = (
            answer.numpy() for answer in model(torch.from_numpy(window))
        )
    np.savez_compressed(
        path,
        INPUT=window,
        FORECAST_MEAN=forecast_mean,
        FORECAST_STD=forecast_std,
        STEP_MEAN=step_mean,
        STEP_STD=step_std,
    )

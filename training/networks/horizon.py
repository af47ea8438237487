"""The forecasts' length as an exported graph declares it."""

from pathlib import Path

import onnx

FORECASTS = ("FORECAST_MEAN", "FORECAST_STD")


def declare_horizon(path: Path, horizon: int) -> None:
    """Declare the length of the forecasts, which tracing leaves free where it cannot follow an expansion.

    Triton's ONNX Runtime backend wants every output's declared shape to equal config.pbtxt.
    """
    model = onnx.load(path)
    for output in model.graph.output:
        if output.name in FORECASTS:
            output.type.tensor_type.shape.dim[1].dim_value = horizon
    onnx.checker.check_model(model)
    onnx.save(model, path)

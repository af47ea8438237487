"""Forecast quality of an exported model on held-out windows, and the report beside the recipe."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from training.data.families import Series, synthetic_series
from training.data.nominal import Sampling, nominal_recording
from training.evaluation.report import table

HISTORY = 64
HORIZONS = (1, 5, 16, 64)
INTERVALS_S = (0.5, 1.0, 3.0, 5.0, 10.0)
MAX_HORIZON = 64
Z_50, Z_90 = 0.674490, 1.644854


def held_out_windows(seed: int, count: int) -> dict[str, Series]:
    """Windows with their future per subsystem, and synthetic ones: float32[window, 128]."""
    rng = np.random.default_rng(seed)
    length = HISTORY + MAX_HORIZON
    windows: dict[str, list[Series]] = {}
    for index, interval_s in enumerate(INTERVALS_S):
        sampling = Sampling(seed=seed % 997 + 2000 + index, interval_s=interval_s, steps=1500)
        for subsystem, series in nominal_recording(sampling).items():
            rows = series.reshape(-1, series.shape[2])
            chosen = rng.integers(0, len(rows), count)
            starts = rng.integers(0, rows.shape[1] - length, count)
            windows.setdefault(subsystem, []).append(
                rows[chosen[:, None], starts[:, None] + np.arange(length)]
            )
    windows["synthetic"] = [synthetic_series(rng, count * len(INTERVALS_S), length)]
    return {name: np.concatenate(parts) for name, parts in windows.items()}


def forecast_figures(session: onnxruntime.InferenceSession, windows: Series) -> dict[str, Any]:
    """MASE beside persistence and coverage of the 90 % band; windows float32[window, 128] without NaN.

    The scale of MASE is the mean |change| of each window's history (Hyndman and Koehler 2006, eq. 7); windows
    whose history is constant are left out.
    """
    history, future = windows[:, :HISTORY], windows[:, HISTORY:].astype(float)
    mean, std = session.run(["FORECAST_MEAN", "FORECAST_STD"], {"INPUT": history})
    scale = np.abs(np.diff(history.astype(float), axis=1)).mean(axis=1, keepdims=True)
    varies = (scale > 0).ravel()
    error = np.abs(future - mean)[varies] / scale[varies]
    naive = np.abs(future - history[:, -1:])[varies] / scale[varies]
    away = np.abs(future - mean)
    return {
        str(horizon): {
            "mase": round(float(error[:, :horizon].mean()), 3),
            "persistence": round(float(naive[:, :horizon].mean()), 3),
            "coverage_50": round(float((away <= Z_50 * std)[:, :horizon].mean()), 3),
            "coverage_90": round(float((away <= Z_90 * std)[:, :horizon].mean()), 3),
        }
        for horizon in HORIZONS
    }


def evaluate(path: Path, seed: int) -> dict[str, Any]:
    """Forecast figures of the model per subsystem and for synthetic series."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    windows = held_out_windows(seed, 500)
    return {"forecast": {name: forecast_figures(session, rows) for name, rows in windows.items()}}


def model_page(facts: dict[str, Any]) -> Iterable[str]:
    """Lines of a model version's report."""
    yield f"# {facts['model']} version {facts['version']}\n"
    yield "Trained on simulated nominal telemetry and synthetic series alone.\n"
    names = (
        "parameters", "device", "training_s", "data_sha256", "commit",
        "weights_sha256", "onnx_bytes", "onnx_sha256",
        "parity_error", "torch",
    )  # fmt: skip
    yield from table(("what", "value"), [(name, facts[name]) for name in names])
    yield "\n## Recipe\n"
    settings = {name: value for name, value in facts["recipe"].items() if name != "data"}
    yield from table(("setting", "value"), [*settings.items(), *facts["recipe"]["data"].items()])
    yield f"\n## Loss\n\n![loss]({facts['model']}-{facts['version']}-loss.png)\n"
    yield f"## Forecast of held-out windows of {HISTORY} samples\n"
    yield "MASE of the model / of persistence / share of the truth in the 50 % and the 90 % band, mean over"
    yield "steps 1..h. Other methods and real series: `forecast.md`.\n"
    rows = [
        (
            name,
            *(
                f"{h['mase']} / {h['persistence']} / {h['coverage_50']:.0%} / {h['coverage_90']:.0%}"
                for h in figures.values()
            ),
        )
        for name, figures in facts["forecast"].items()
    ]
    yield from table(("series", *(f"h = {horizon}" for horizon in HORIZONS)), rows)

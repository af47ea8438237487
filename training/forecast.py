"""Forecasts of the models beside plain methods: `python -m training.forecast --data DIR`."""

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from training.data.families import Series
from training.data.recorded_series import attitude_series, nasa_series
from training.evaluation.baselines import all_baselines
from training.evaluation.evaluate import HISTORY, HORIZONS, MAX_HORIZON, forecast_figures, held_out_windows
from training.evaluation.report import table, write_report

REPOSITORY = Path(__file__).parents[1] / "model_repository"
MODELS = ("lstm_timeseries", "transformer_timeseries", "vae_timeseries", "moving_average")
SEED = 20_270_501
Floats = npt.NDArray[np.float64]


def windows_of(series: Iterable[Series], count: int, rng: np.random.Generator) -> Series:
    """Draw windows with their future, finite and varying in their history, float32[count, 128]."""
    length = HISTORY + MAX_HORIZON
    usable = [one for one in series if len(one) >= length]
    windows: list[Series] = []
    for attempt in range(50 * count):
        one = usable[attempt % len(usable)]
        start = int(rng.integers(0, len(one) - length + 1))
        window = one[start : start + length]
        if np.isfinite(window).all() and np.ptp(window[:HISTORY]) > 0:
            windows.append(window)
        if len(windows) == count:
            break
    return np.stack(windows)


def window_groups(data: Path | None, count: int) -> dict[str, Series]:
    """Windows to forecast by origin: subsystems of held-out simulations, synthetic, real with `data`.

    float32[window, HISTORY + MAX_HORIZON] each, without NaN.
    """
    rng = np.random.default_rng(SEED)
    groups = {
        # Shuffled: the rows stand by sampling interval, and only the first `count` are taken.
        name: windows_of(list(rng.permutation(rows)), count, rng)
        for name, rows in held_out_windows(SEED, 2 * count).items()
    }
    if data is not None:
        groups["nasa"] = windows_of(nasa_series(data / "nasa_smap_msl"), count, rng)
        groups["ops-sat"] = windows_of(attitude_series(data / "ops_sat_attitude"), count, rng)
    return groups


def mase(error: Floats, history: Series) -> dict[str, float]:
    """Mean of |error| over steps 1..h and windows, in units of each history's mean |change|.

    `error` is float64[window, MAX_HORIZON], `history` float32[window, HISTORY].

    Source: Hyndman and Koehler 2006, Another look at measures of forecast accuracy, eq. 7.
    """
    scale = np.abs(np.diff(history.astype(float), axis=1)).mean(axis=1, keepdims=True)
    return {str(h): round(float((np.abs(error) / scale)[:, :h].mean()), 3) for h in HORIZONS}


def model_figures(model: str, windows: Series) -> dict[str, Any]:
    """MASE and coverage of one model on float32[window, HISTORY + MAX_HORIZON]."""
    session = onnxruntime.InferenceSession(
        REPOSITORY / model / "1" / "model.onnx", providers=["CPUExecutionProvider"]
    )
    by_horizon = forecast_figures(session, windows)
    names = ("mase", "coverage_50", "coverage_90")
    return {name: {h: figures[name] for h, figures in by_horizon.items()} for name in names}


def group_figures(windows: Series) -> dict[str, Any]:
    """Figures of every method for one origin's float32[window, HISTORY + MAX_HORIZON]."""
    history, future = windows[:, :HISTORY], windows[:, HISTORY:].astype(float)
    plain = all_baselines(history, MAX_HORIZON)
    methods = {name: {"mase": mase(future - forecast, history)} for name, forecast in plain.items()}
    return {model: model_figures(model, windows) for model in MODELS} | methods


def page(figures: Mapping[str, Any], count: int) -> Iterable[str]:
    """The figures as Markdown."""
    yield "# Forecasts beside plain methods\n"
    yield f"{count} windows of {HISTORY} samples per origin, none trained on; all vary."
    yield "MASE, mean over steps 1..h (1 = the window's own mean change). AR, ETS: fitted to each window.\n"
    methods = list(next(iter(figures.values())))
    for h in HORIZONS:
        rows = [(name, *(group[m]["mase"][str(h)] for m in methods)) for name, group in figures.items()]
        means = [f"{np.mean([row[index + 1] for row in rows]):.3f}" for index in range(len(methods))]
        yield f"\n## h = {h}\n"
        yield from table(("origin", *methods), [*rows, ("mean", *means)])
    yield "\n## Share of the truth in the 50 % / 90 % band, steps 1..h\n"
    for model in MODELS:
        yield f"\n### {model}\n"
        rows = [
            (name, *(f"{c50:.0%} / {c90:.0%}" for c50, c90 in _coverage(group[model])))
            for name, group in figures.items()
        ]
        yield from table(("origin", *(f"h = {h}" for h in HORIZONS)), rows)


def _coverage(figures: Mapping[str, Any]) -> Iterable[tuple[float, float]]:
    return zip(figures["coverage_50"].values(), figures["coverage_90"].values(), strict=True)


def main() -> None:
    """Forecast, compare and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with nasa_smap_msl and ops_sat_attitude")
    parser.add_argument("--windows", type=int, default=200, help="per origin")
    options = parser.parse_args()
    figures = {}
    for name, windows in window_groups(options.data, options.windows).items():
        figures[name] = group_figures(windows)
        print(f"{name}: {len(windows)} windows", flush=True)
    lines = list(page(figures, options.windows))
    print("\n".join(lines))
    write_report("forecast", figures, lines)


if __name__ == "__main__":
    main()

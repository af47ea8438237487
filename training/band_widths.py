"""Fit the widths of forecast bands to a model's own errors: `python -m training.band_widths --model DIR`.

Simulated channels have factors of their own, all others those of synthetic series. `make calibrate` adds
those of a recording's channels (`recordings/calibrate.py`).
"""

import argparse
import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime

from analysis_server.judging.calibration_file import CALIBRATION_FILE
from scoring.fitting.constants import six_digits
from scoring.forecast_bands import BANDS, OTHERS, STEP_RANGES
from scoring.measures.counters import straightened
from scoring.measures.model_units import ModelUnits
from training.calibrate import REPOSITORY
from training.data.calibration_windows import ROWS_PER_RUN
from training.data.families import synthetic_series
from training.data.nominal import Sampling, nominal_recording, subsystem_features

Floats = npt.NDArray[np.float64]
Factors = dict[str, list[float]]
"""By band, in each of STEP_RANGES."""

FUTURE = STEP_RANGES[-1] - 1
HISTORY = 64
MOST_WINDOWS = 600
"""Of a channel."""
LEAST_WINDOWS = 100
"""With fewer a channel has the factors of all others."""
FACTORS = (0.1, 4.0)
"""Smallest and largest: where one error in ten is an unforeseen switch, a band that holds it too tells
nothing of the others."""
SHARE_TOLERANCE = 0.1
SEED = 91_000
INTERVALS_S = (0.5, 1.0, 2.0, 3.0, 5.0)
"""Of the simulated recordings."""
RECORDINGS = 24
"""Simulated per interval, ten satellites each."""


class Forecaster(Protocol):
    """Forecasts windows float32[window, time]."""

    def __call__(self, windows: npt.NDArray[np.float32]) -> tuple[Floats, Floats]:
        """Mean and standard deviation, float64[window, FUTURE] each."""


class ModelForecaster:
    """The model's forecasts, in bounded batches."""

    def __init__(self, folder: Path) -> None:
        self._session = onnxruntime.InferenceSession(
            folder / "model.onnx", providers=["CPUExecutionProvider"]
        )

    def __call__(self, windows: npt.NDArray[np.float32]) -> tuple[Floats, Floats]:
        """Forecast float32[window, time]."""
        parts = [
            self._session.run(
                ("FORECAST_MEAN", "FORECAST_STD"), {"INPUT": windows[first : first + ROWS_PER_RUN]}
            )
            for first in range(0, len(windows), ROWS_PER_RUN)
        ]
        mean, std = (np.concatenate(column)[:, :FUTURE].astype(float) for column in zip(*parts, strict=True))
        return mean, std


def fit_factors(windows: Floats, forecast: Forecaster) -> Factors | None:
    """Factors of one channel from float64[window, history + FUTURE]; None where too few windows vary.

    The quantile is that of split conformal prediction, ceil((n + 1) q) / n of n windows: with as many new
    ones, exchangeable with these, a band holds at least its share.
    """
    history = windows[:, :-FUTURE]
    varying = windows[np.ptp(history, axis=1) > 0]
    if len(varying) < LEAST_WINDOWS:
        return None
    errors = standardised_errors(varying, forecast)
    return {band: factors_of(errors, int(band) / 100, half) for band, half in BANDS.items()}


def standardised_errors(windows: Floats, forecast: Forecaster) -> Floats:
    """|truth - forecast| in standard deviations of the forecast, float64[window, FUTURE]."""
    history = windows[:, None, :-FUTURE]
    units = ModelUnits.where_needed(history)
    mean, std = forecast(units.to_model(history)[:, 0])
    error = windows[:, -FUTURE:] - units.from_model(mean[:, None])[:, 0]
    return np.asarray(np.abs(error) / (std * units.scale[:, 0]))


def factors_of(errors: Floats, share: float, half_width: float) -> list[float]:
    """Factors of STEP_RANGES with which half widths hold the share of float64[window, FUTURE].

    All steps of a range together, and each of them at least SHARE_TOLERANCE less.
    """
    windows = len(errors)
    wanted, least = (
        min(np.ceil((windows + 1) * of) / windows, 1.0) for of in (share, share - SHARE_TOLERANCE)
    )
    factors = []
    for first, end in pairwise(STEP_RANGES):
        mine = errors[:, first - 1 : end - 1]
        width = max(np.quantile(mine, wanted), np.quantile(mine, least, axis=0).max())
        factors.append(six_digits(float(np.clip(width / half_width, *FACTORS))))
    return factors


def windows_with_future(values: Floats, history: int, modulo: float = np.inf) -> Floats:
    """At most MOST_WINDOWS windows, evenly spread over a channel's own samples, float64[window, time]."""
    own = values[np.isfinite(values)]
    length = history + FUTURE
    if own.size < length:
        return np.empty((0, length))
    last = own.size - length
    starts = np.unique(np.linspace(0, last, min(MOST_WINDOWS, last + 1)).astype(int))
    cut = np.lib.stride_tricks.sliding_window_view(own, length)[starts]
    return np.asarray(straightened(cut[:, None], np.array([modulo]))[:, 0], np.float64)


def simulated_widths(model: Path) -> dict[str, Factors]:
    """Factors of the default mission's channels, and of all others from synthetic series."""
    forecast = ModelForecaster(model)
    rng = np.random.default_rng(SEED)
    windows: dict[str, list[Floats]] = {}
    for number in range(RECORDINGS * len(INTERVALS_S)):
        interval_s = INTERVALS_S[number % len(INTERVALS_S)]
        sampling = Sampling(seed=SEED + number, interval_s=interval_s, steps=5 * (HISTORY + FUTURE))
        for name, series in nominal_channels(sampling).items():
            starts = rng.integers(0, series.shape[1] - HISTORY - FUTURE, len(series))
            steps = starts[:, None] + np.arange(HISTORY + FUTURE)
            windows.setdefault(name, []).append(np.take_along_axis(series, steps, axis=1))
    synthetic = synthetic_series(rng, 4 * MOST_WINDOWS, HISTORY + FUTURE).astype(np.float64)
    by_channel = {name: np.concatenate(parts) for name, parts in windows.items()} | {OTHERS: synthetic}
    return fitted(by_channel, forecast)


def nominal_channels(sampling: Sampling) -> Mapping[str, Floats]:
    """A simulated recording by `subsystem.channel`, float64[satellite, time]."""
    features = subsystem_features()
    return {
        f"{subsystem}.{channel}": series[:, place].astype(np.float64)
        for subsystem, series in nominal_recording(sampling).items()
        for place, channel in enumerate(features[subsystem])
    }


def fitted(windows: Mapping[str, Floats], forecast: Forecaster) -> dict[str, Factors]:
    """Factors of every channel that has enough windows, float64[window, history + FUTURE]."""
    found = {name: fit_factors(one, forecast) for name, one in windows.items()}
    return {name: factors for name, factors in found.items() if factors is not None}


def main() -> None:
    """Put the widths into calibration.json beside the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--model", type=Path, default=REPOSITORY / "lstm_timeseries" / "1", help="folder of model.onnx"
    )
    model: Path = parser.parse_args().model
    path = model / CALIBRATION_FILE
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    content["band_widths"] = content.get("band_widths", {}) | simulated_widths(model)
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{path}: {len(content['band_widths'])} channels with band widths")


if __name__ == "__main__":
    main()

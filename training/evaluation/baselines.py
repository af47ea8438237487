"""Forecasts to compare with: each method sees one window and nothing else."""

import warnings
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from statsforecast.models import AutoETS
from statsmodels.tsa.ar_model import AutoReg

from training.data.families import Series

Forecasts = npt.NDArray[np.float64]

AR_LAGS = 8
LEAST_CORRELATION = 0.3
"""Below it a window has no season."""


def persistence(history: Series, horizon: int) -> Forecasts:
    """Repeat the newest sample; float32[window, time] to float64[window, horizon]."""
    return np.repeat(history[:, -1:].astype(float), horizon, axis=1)


def seasonal_naive(history: Series, horizon: int) -> Forecasts:
    """Repeat the newest season, found in each window by its autocorrelation; persistence without one.

    From float32[window, time] to float64[window, horizon].
    """
    lags = [_season(window.astype(float)) for window in history]
    ahead = np.arange(horizon)
    return np.stack(
        [
            window[ahead % lag + len(window) - lag]
            for window, lag in zip(history.astype(float), lags, strict=True)
        ]
    )


def _season(window: npt.NDArray[np.float64]) -> int:
    """The lag of the highest peak of the detrended autocorrelation, or 1."""
    steps = np.arange(len(window))
    rest = window - np.polyval(np.polyfit(steps, window, 1), steps)
    power = float(rest @ rest)
    if power <= 1e-12 * float(window @ window) or power == 0:
        return 1
    lags = range(len(window) * 2 // 3)
    correlation = np.array([rest[lag:] @ rest[: len(rest) - lag] / power for lag in lags])
    is_peak = (correlation[1:-1] > correlation[:-2]) & (correlation[1:-1] >= correlation[2:])
    peaks = np.flatnonzero(is_peak & (correlation[1:-1] > LEAST_CORRELATION)) + 1
    return int(peaks[correlation[peaks].argmax()]) if peaks.size else 1


def autoregression(history: Series, horizon: int) -> Forecasts:
    """AR(8) with a constant, least squares; held within the window's range, widened by itself each side.

    From float32[window, time] to float64[window, horizon].
    """
    return np.stack([_autoregression(window.astype(float), horizon) for window in history])


def _autoregression(window: npt.NDArray[np.float64], horizon: int) -> npt.NDArray[np.float64]:
    low, high = window.min(), window.max()
    if low == high:
        return np.full(horizon, high)
    unit = (window - low) / (high - low)
    forecast = AutoReg(unit, AR_LAGS, trend="c").fit().forecast(horizon)
    return np.asarray(low + np.clip(np.nan_to_num(forecast), -1, 2) * (high - low))


def exponential_smoothing(history: Series, horizon: int) -> Forecasts:
    """ETS with error, trend and damping chosen by AICc (Hyndman et al. 2002); held as `autoregression` is.

    From float32[window, time] to float64[window, horizon].
    """
    return np.stack([_exponential_smoothing(window.astype(float), horizon) for window in history])


def _exponential_smoothing(window: npt.NDArray[np.float64], horizon: int) -> npt.NDArray[np.float64]:
    low, high = window.min(), window.max()
    if low == high:
        return np.full(horizon, high)
    forecast = AutoETS(season_length=1, model="ZZN").forecast(1 + (window - low) / (high - low), horizon)
    return np.asarray(low + np.clip(forecast["mean"] - 1, -1, 2) * (high - low))


BASELINES: Mapping[str, Callable[[Series, int], Forecasts]] = {
    "persistence": persistence,
    "seasonal naive": seasonal_naive,
    "AR(8)": autoregression,
    "ETS": exponential_smoothing,
}


def all_baselines(history: Series, horizon: int) -> dict[str, Forecasts]:
    """Every method's forecast of float32[window, time] without NaN."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: method(history, horizon) for name, method in BASELINES.items()}

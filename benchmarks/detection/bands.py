"""Suite bands: the share of the truth that forecast bands hold, by the model's own widths and by fitted ones.

Widths are fitted to other telemetry than is measured: simulated and synthetic series of other seeds (those of
the shipped calibration), training arrays of a recorded channel, the first half of an OPS-SAT series.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from analysis_server.judging.calibration_file import load_calibration
from benchmarks.detection.evaluation.event_metrics import Flags, Floats
from benchmarks.detection.evaluation.recordings import SUBFOLDER
from benchmarks.detection.evaluation.report import DataMissingError, Options, Report, config_hash, table
from scoring.forecast_bands import BANDS, OTHERS, Widths, half_widths, parse_widths
from training.band_widths import (
    FUTURE,
    HISTORY,
    Forecaster,
    ModelForecaster,
    fit_factors,
    nominal_channels,
    standardised_errors,
    windows_with_future,
)
from training.calibrate import REPOSITORY
from training.data.families import Series, synthetic_series
from training.data.nominal import Sampling
from training.data.recorded_series import attitude_series, nasa_series

MODEL: Final = REPOSITORY / "lstm_timeseries" / "1"
HORIZONS: Final = (1, 5, 16, 64)
SEED: Final = 97_000
INTERVALS_S: Final = (0.5, 1.0, 3.0, 5.0)
SATELLITE_WINDOWS: Final = 10
SYNTHETIC: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """Standardised errors of one channel's windows, float64[window, step], and the widths that serve it."""

    name: str
    errors: Floats
    widths: Widths

    def held(self, band: str, widths: Widths) -> Floats:
        """Which lie in a band, bool as float64[window, step]."""
        half = half_widths(widths, [self.name], np.ones((1, FUTURE)))[band]
        return (self.errors <= half).astype(np.float64)


def run(options: Options) -> Report:
    """Forecast every origin's windows and count.

    Raises:
        DataMissingError: The directory holds neither recordings nor attitude.
    """
    forecast = ModelForecaster(MODEL)
    shipped = load_calibration(MODEL).band_widths
    origins = {
        **recorded_origins(options.data, forecast, shipped),
        **simulated_errors(forecast, shipped),
        "synthetic": [synthetic_errors(forecast, shipped)],
    }
    figures = {
        origin: {"before": coverage(rows, is_fitted=False), "after": coverage(rows, is_fitted=True)}
        for origin, rows in origins.items()
    }
    after = [share for one in figures.values() for share in one["after"]["90"]]
    return Report(
        totals={
            "coverage_90_min": min(after),
            "coverage_90_max": max(after),
            "config_hash": config_hash({"seed": SEED, "horizons": HORIZONS}),
        },
        detected={},
        lines=report_lines(figures),
        details={"coverage": figures, "horizons": HORIZONS},
    )


def recorded_origins(data: Path, forecast: Forecaster, shipped: Widths) -> dict[str, list[Errors]]:
    """Training against test arrays, and the first against the second half of flown attitude."""
    nasa = nasa_series(data / SUBFOLDER) if (data / SUBFOLDER).is_dir() else []
    attitude = data / "ops_sat_attitude"
    flown = attitude_series(attitude) if attitude.is_dir() else []
    if not nasa and not flown:
        raise DataMissingError(f"neither {SUBFOLDER} nor ops_sat_attitude in {data}")
    pairs = {
        "nasa": list(zip(nasa[::2], nasa[1::2], strict=True)),
        "ops-sat": [(one[: len(one) // 2], one[len(one) // 2 :]) for one in flown],
    }
    found = {
        origin: [recorded_errors(*pair, forecast, shipped) for pair in of_origin]
        for origin, of_origin in pairs.items()
        if of_origin
    }
    return {origin: [one for one in rows if len(one.errors)] for origin, rows in found.items()}


def recorded_errors(earlier: Series, later: Series, forecast: Forecaster, shipped: Widths) -> Errors:
    """Errors on what came later; widths from what came before, else those of all others.

    `earlier` and `later` are float32[time].
    """
    factors = fit_factors(windows_with_future(earlier.astype(np.float64), HISTORY), forecast)
    own = parse_widths({"own": factors}) if factors else {}
    windows = varying(windows_with_future(later.astype(np.float64), HISTORY))
    errors = standardised_errors(windows, forecast) if len(windows) else np.empty((0, FUTURE))
    return Errors(name="own", errors=errors, widths={**shipped, **own})


def simulated_errors(forecast: Forecaster, shipped: Widths) -> dict[str, list[Errors]]:
    """By subsystem, of recordings that no width was fitted to."""
    rng = np.random.default_rng(SEED)
    length = HISTORY + FUTURE
    windows: dict[str, list[Floats]] = {}
    for number, interval_s in enumerate(INTERVALS_S):
        sampling = Sampling(seed=SEED + number, interval_s=interval_s, steps=20 * length)
        for name, series in nominal_channels(sampling).items():
            starts = rng.integers(0, series.shape[1] - length, (SATELLITE_WINDOWS, len(series), 1))
            cut = [np.take_along_axis(series, some + np.arange(length), axis=1) for some in starts]
            windows.setdefault(name, []).extend(cut)
    found: dict[str, list[Errors]] = {}
    for name, parts in windows.items():
        errors = standardised_errors(varying(np.concatenate(parts)), forecast)
        found.setdefault(name.partition(".")[0], []).append(Errors(name=name, errors=errors, widths=shipped))
    return found


def synthetic_errors(forecast: Forecaster, shipped: Widths) -> Errors:
    """Errors on series of all kinds, by the widths that stand for every other channel."""
    rows = synthetic_series(np.random.default_rng(SEED), SYNTHETIC, HISTORY + FUTURE).astype(np.float64)
    return Errors(name=OTHERS, errors=standardised_errors(varying(rows), forecast), widths=shipped)


def varying(windows: Floats) -> Floats:
    """Rows of float64[window, time] whose history is not constant: for the others any width is right."""
    is_varying: Flags = np.ptp(windows[:, :HISTORY], axis=1) > 0
    return windows[is_varying]


def coverage(rows: Sequence[Errors], *, is_fitted: bool) -> dict[str, list[float]]:
    """Share of the truth in each band over steps 1 to each of HORIZONS, every window alike."""
    found = {}
    for band in BANDS:
        held = np.concatenate([one.held(band, one.widths if is_fitted else {}) for one in rows])
        found[band] = [round(float(held[:, :horizon].mean()), 4) for horizon in HORIZONS]
    return found


def report_lines(figures: Mapping[str, Mapping[str, Any]]) -> list[str]:
    head = ("90 % / 50 % band", *(f"1..{horizon}" for horizon in HORIZONS))
    return table(head, [list(row) for row in _rows(figures)])


def _rows(figures: Mapping[str, Mapping[str, Any]]) -> Iterable[tuple[str, ...]]:
    for origin, by_width in figures.items():
        for when, shares in by_width.items():
            pairs = zip(shares["90"], shares["50"], strict=True)
            yield f"{origin}, {when}", *(f"{high:.1%} / {low:.1%}" for high, low in pairs)

"""Suite time-to-limit: how well the time until a limit breaks is foretold, and how often none breaks.

The platform's trend and, beside it, the served model's forecast, as far as a verdict stores it and as far as
it reaches. The truth is when the same telemetry without noise, ten times as finely, crosses the limit.
Building used the seeds 95,001 to 95,101, and 97,200 for this file; those here were looked at once.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from alarms.time_to_limit import WINDOW, TimeToLimit, time_to_limit
from analysis_server.judging.calibration_file import load_calibration
from benchmarks.detection.evaluation.report import Options, Report, config_hash, progress, table
from scoring.forecast_bands import half_widths
from scoring.measures.model_units import ModelUnits
from simulator import constellation
from training.band_widths import ModelForecaster
from training.calibrate import REPOSITORY
from training.data.nominal import SATELLITES, Sampling, fleet_recording, nominal_recording, subsystem_features

Floats = npt.NDArray[np.float64]

MODEL: Final = REPOSITORY / "lstm_timeseries" / "1"
SEED: Final = 97_300
FINENESS: Final = 10
LEAD_STEPS: Final = 80
FAULT_S: Final = 110.0
IN_A_ROW: Final = 2
"""Samples in a row with a forecast, before one is told."""
FAULT_INTERVALS_S: Final = (0.5, 1.0, 2.0, 3.0)
NOMINAL_INTERVALS_S: Final = (1.0, 3.0, 10.0, 30.0, 60.0, 120.0)
NOMINAL_STEPS: Final = 700
STORED_STEPS: Final = 5
"""Of the default mission's eps and thermal: as much of a forecast as a verdict's row holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit of the default mission, and the fault that breaks it."""

    fault: str
    subsystem: str
    channel: str
    value: float
    is_high: bool

    @property
    def place(self) -> int:
        return subsystem_features()[self.subsystem].index(self.channel)

    def beyond(self, values: Floats) -> Floats:
        """How far float64[time] lie beyond the limit, negative within it."""
        return values - self.value if self.is_high else self.value - values


LIMITS: Final = (
    Limit(fault="low_battery", subsystem="eps", channel="battery_soc_percent", value=30.0, is_high=False),
    Limit(fault="overheating", subsystem="thermal", channel="obc_temp", value=50.0, is_high=True),
    Limit(fault="drift:thermal.obc_temp", subsystem="thermal", channel="obc_temp", value=50.0, is_high=True),
)

Forecast = Callable[[Floats, float, Limit], TimeToLimit | None]
"""From the newest samples, float64[time], their interval in seconds and a limit."""


@dataclass(slots=True, kw_only=True)
class Outcomes:
    """What was foretold, from the moment that an operator would be told on, and what came."""

    breaches: int = 0
    told: int = 0
    leads_s: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    """|time foretold - time left|, in shares of the time left."""
    first_errors: list[float] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)

    def add(self, told: Sequence[tuple[float, TimeToLimit]], breach_s: float) -> None:
        """Take the forecasts of one satellite, each with its time, and when the limit broke."""
        self.breaches += 1
        errors = [abs(one.likely_s - (breach_s - at_s)) / (breach_s - at_s) for at_s, one in told]
        self.errors += errors
        self.held += [one.earliest_s <= breach_s - at_s <= one.latest_s for at_s, one in told]
        if told:
            self.told += 1
            self.leads_s.append(breach_s - told[0][0])
            self.first_errors.append(errors[0])


def run(options: Options) -> Report:
    """Foretell simulated faults and nominal telemetry."""
    forecasts = {"trend": by_trend, **model_forecasts()}
    faults = [
        (name, limit, interval_s, outcomes_of(forecast, limit, interval_s, options.seeds))
        for name, forecast in forecasts.items()
        for limit in LIMITS
        for interval_s in (FAULT_INTERVALS_S if name == "trend" else (1.0,))
    ]
    nominal = [(interval_s, *nominal_alarms(interval_s, options.seeds)) for interval_s in NOMINAL_INTERVALS_S]
    pooled = {limit.fault: pooled_of(faults, limit) for limit in LIMITS}
    shares = [figures["held"] for figures in pooled.values()]
    return Report(
        totals={
            "time_error_median_max": max(figures["error_median"] for figures in pooled.values()),
            "coverage_90_min": min(shares),
            "coverage_90_max": max(shares),
            "false_alarms_per_1000_max": max(1000 * alarms / judged for _, alarms, judged in nominal),
            "config_hash": config_hash({"seed": SEED, "seeds": options.seeds}),
        },
        detected={},
        lines=report_lines(faults, pooled, nominal),
        details={"pooled": pooled, "nominal": nominal},
    )


def by_trend(values: Floats, interval_s: float, limit: Limit) -> TimeToLimit | None:
    """Forecast from float64[time] as the alarm server does."""
    times_us = [round(step * interval_s * 1e6) for step in range(len(values))]
    return time_to_limit(times_us, values.tolist(), limit.value, is_high=limit.is_high)


def model_forecasts() -> dict[str, Forecast]:
    """The served model's forecast, as much as is stored and all of it."""
    forecaster = ModelForecaster(MODEL)
    widths = load_calibration(MODEL).band_widths

    def forecast(values: Floats, interval_s: float, limit: Limit, steps: int) -> TimeToLimit | None:
        window = values[None, None, -WINDOW:]
        units = ModelUnits.where_needed(window)
        mean, std = forecaster(units.to_model(window)[:, 0])
        likely = units.from_model(mean[:, None])[0, 0, :steps]
        name = f"{limit.subsystem}.{limit.channel}"
        half = half_widths(widths, [name], std[:, None, :] * units.scale)["90"][0, 0, :steps]
        side = 1 if limit.is_high else -1
        paths = [np.append(values[-1], likely + side * way * half) for way in (1, 0, -1)]
        times = [crossed_s(limit.beyond(path), interval_s) for path in paths]
        if not np.isfinite(times[1]):
            return None
        return TimeToLimit(earliest_s=times[0], likely_s=times[1], latest_s=times[2])

    return {
        f"model, {steps} steps": lambda values, interval_s, limit, steps=steps: forecast(  # type: ignore[misc]
            values, interval_s, limit, steps
        )
        for steps in (STORED_STEPS, WINDOW)
    }


def crossed_s(beyond: Floats, interval_s: float) -> float:
    """Seconds until float64[step], of which the first is now, comes above 0; infinite if it never does."""
    steps = np.flatnonzero(beyond > 0)
    if not steps.size:
        return np.inf
    before, after = beyond[steps[0] - 1], beyond[steps[0]]
    return float(steps[0] - after / (after - before)) * interval_s


def outcomes_of(forecast: Forecast, limit: Limit, interval_s: float, seeds: int) -> Outcomes:
    """Foretell one fault of ten satellites for each seed."""
    progress(f"{limit.fault} every {interval_s:g} s")
    found = Outcomes()
    for seed in range(SEED, SEED + seeds):
        with patch.object(constellation, "add_noise"):
            truth = faulty(limit, interval_s, FINENESS, seed)
        for exact, values in zip(truth, faulty(limit, interval_s, 1, seed), strict=True):
            breach_s = crossed_s(limit.beyond(exact), interval_s / FINENESS)
            if np.isfinite(breach_s):
                found.add(list(told(forecast, values, interval_s, limit, breach_s)), breach_s)
    return found


def faulty(limit: Limit, interval_s: float, fineness: int, seed: int) -> Floats:
    """The channel of each satellite, float64[satellite, time], so many times as finely as it is sampled."""
    begin_s = (LEAD_STEPS + np.random.default_rng([seed, 1]).random(SATELLITES)) * interval_s
    steps = fineness * round(LEAD_STEPS + FAULT_S / interval_s)
    sampling = Sampling(seed=seed, interval_s=interval_s / fineness, steps=steps)
    recording = fleet_recording(sampling, [f"{limit.fault}@{one:.3f}" for one in begin_s])
    return recording[limit.subsystem][:, limit.place].astype(np.float64)


def told(
    forecast: Forecast, values: Floats, interval_s: float, limit: Limit, end_s: float
) -> Iterator[tuple[float, TimeToLimit]]:
    """Yield what float64[time] foretells before a time, from the IN_A_ROW-th forecast in a row on."""
    row, is_told = 0, False
    for newest in range(WINDOW - 1, len(values)):
        if newest * interval_s >= end_s:
            return
        found = forecast(values[newest - WINDOW + 1 : newest + 1], interval_s, limit)
        row = row + 1 if found else 0
        is_told = is_told or row >= IN_A_ROW
        if found and is_told:
            yield newest * interval_s, found


def nominal_alarms(interval_s: float, seeds: int) -> tuple[int, int]:
    """Count false alarms and judged samples on nominal telemetry, half of it of other spacecraft."""
    progress(f"nominal every {interval_s:g} s")
    alarms = judged = 0
    for number in range(2 * seeds):
        sampling = Sampling(
            seed=SEED + number,
            interval_s=interval_s,
            steps=NOMINAL_STEPS,
            is_other_spacecraft=number % 2 == 1,
        )
        recording = nominal_recording(sampling)
        for limit in LIMITS[:2]:
            for values in recording[limit.subsystem][:, limit.place].astype(np.float64):
                alarms += any(True for _ in told(by_trend, values, interval_s, limit, np.inf))
                judged += len(values) - WINDOW + 1
    return alarms, judged


Rows = Sequence[tuple[str, Limit, float, Outcomes]]


def pooled_of(faults: Rows, limit: Limit) -> dict[str, Any]:
    """Figures of the trend for one fault, over all intervals."""
    mine = [one for name, of, _, one in faults if name == "trend" and of == limit]
    return {
        "error_median": round(float(np.median([error for one in mine for error in one.errors])), 4),
        "held": round(float(np.mean([held for one in mine for held in one.held])), 4),
        "told": sum(one.told for one in mine),
        "breaches": sum(one.breaches for one in mine),
    }


def report_lines(
    faults: Rows, pooled: dict[str, dict[str, Any]], nominal: Sequence[tuple[float, int, int]]
) -> list[str]:
    head = ("forecast by, fault", "interval", "breaches", "told", "s before", "first error", "error", "held")
    rows = [
        (f"{name}, {limit.fault}", f"{interval_s:g}", one.breaches, one.told, *_figures(one))
        for name, limit, interval_s, one in faults
    ]
    whole = [(name, *figures.values()) for name, figures in pooled.items()]
    return [
        *table(head, rows),
        "",
        *table(("trend, all intervals", "error", "held", "told", "breaches"), whole),
        "",
        *table(("nominal, interval, s", "alarms", "samples"), [(f"{one[0]:g}", *one[1:]) for one in nominal]),
    ]


def _figures(one: Outcomes) -> tuple[str, ...]:
    if not one.told:
        return ("", "", "", "")
    medians = (np.median(one.leads_s), np.median(one.first_errors), np.median(one.errors))
    return (f"{medians[0]:.1f}", *(f"{share:.1%}" for share in (*medians[1:], np.mean(one.held))))

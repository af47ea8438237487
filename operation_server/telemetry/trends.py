"""The arithmetic of trends: summaries, forecasts as series, measured and forecast values paired by time."""

import math
import statistics
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from operation_server.telemetry.victoria import Point
from telemetry_core.contract.step_times import channel_step_times


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How well forecasts met what was measured; None below two pairs or where a side is constant."""

    pairs: int
    correlation: float | None
    mae: float | None
    rmse: float | None


def summarise(points: Sequence[Point]) -> dict[str, Any]:
    """Return count, mean, min, max and population standard deviation, 4 decimals; None where empty."""
    values = [point.value for point in points]
    if not values:
        return {"count": 0, "mean": None, "min": None, "max": None, "std": None}
    return {
        "count": len(values),
        "mean": round(statistics.fmean(values), 4),
        "min": round(min(values), 4),
        "max": round(max(values), 4),
        "std": round(statistics.pstdev(values), 4),
    }


def forecast_series(forecasts: Iterable[dict[str, Any]], channel: str) -> list[Point]:
    """Join forecasts of a channel, in time order, to one series: a newer forecast replaces an older one."""
    series: list[Point] = []
    for forecast in forecasts:
        times = channel_step_times(forecast, channel)
        if times is None:
            continue
        while series and series[-1].time_s > times.at_us(0) / 1_000_000:
            series.pop()
        predictions = forecast["predictions"]
        series.extend(
            Point(time_s=time_s, value=value)
            for time_s, value in zip(times.all_s(len(predictions)), predictions, strict=True)
            if isinstance(value, int | float)
        )
    return series


def pair_by_time(
    raw: Sequence[Point], forecast: Sequence[Point], *, step_s: float
) -> list[tuple[float, float]]:
    """Pair each forecast with the measured value nearest in time, where one is near enough.

    Near enough is half the usual distance between measurements, or one step of the query if that is more.
    """
    times = [point.time_s for point in raw]
    distances = [later - earlier for earlier, later in pairwise(times)]
    tolerance_s = max(step_s, statistics.median(distances) / 2 if distances else 0.0)
    pairs = []
    for point in forecast:
        place = bisect_left(times, point.time_s)
        near = raw[max(0, place - 1) : place + 1]
        nearest = min(near, key=lambda other: abs(other.time_s - point.time_s), default=None)
        if nearest is not None and abs(nearest.time_s - point.time_s) <= tolerance_s:
            pairs.append((nearest.value, point.value))
    return pairs


def agreement(pairs: Sequence[tuple[float, float]]) -> Agreement:
    """Compare (measured, forecast) pairs: Pearson correlation, mean absolute and root mean square error."""
    if len(pairs) < 2:
        return Agreement(pairs=len(pairs), correlation=None, mae=None, rmse=None)
    errors = [measured - forecast for measured, forecast in pairs]
    mae = statistics.fmean(abs(error) for error in errors)
    rmse = math.sqrt(statistics.fmean(error * error for error in errors))
    measured, forecast = zip(*pairs, strict=True)
    is_constant = len(set(measured)) == 1 or len(set(forecast)) == 1
    correlation = None if is_constant else round(statistics.correlation(measured, forecast), 4)
    return Agreement(pairs=len(pairs), correlation=correlation, mae=round(mae, 4), rmse=round(rmse, 4))

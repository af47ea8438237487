"""Measured series from VictoriaMetrics, stored forecasts from PostgreSQL, and both side by side."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, HTTPException

from operation_server.http.dependencies import ProvidedMission, ProvidedPool
from operation_server.http.parameters import (
    API_PREFIX,
    GivenRange,
    Metric,
    ModelName,
    RecentRange,
    Satellite,
    TimeRange,
)
from operation_server.http.problems import responses
from operation_server.telemetry import QUERIES
from operation_server.telemetry.dependencies import ProvidedVictoria
from operation_server.telemetry.schemas import (
    DataPoint,
    MetricNames,
    Satellites,
    SeriesSummary,
    Trend,
    TrendComparison,
)
from operation_server.telemetry.trends import agreement, forecast_series, pair_by_time, summarise
from operation_server.telemetry.victoria import MAX_POINTS, Point, step_of
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.messages import time_of
from telemetry_core.contract.mission import Mission
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import select

router = APIRouter(prefix=f"{API_PREFIX}/trends", tags=["trends"])

DEFAULT_METRIC: Final = "satellite_temperature"


@router.get("/raw", responses=responses(422, 503))
def get_raw_trend(
    victoria: ProvidedVictoria, metric: Metric, within: GivenRange, satellite_id: Satellite | None = None
) -> Trend:
    """Return a measured series; without a satellite, the mean over all of them."""
    points = victoria.raw_points(metric, satellite_id, start=within.start, end=within.end)
    return _trend(metric, satellite_id, points)


@router.get("/satellite/{satellite_id}/metric/{metric_name}", responses=responses(422, 503))
def get_satellite_metric(
    victoria: ProvidedVictoria, satellite_id: Satellite, metric_name: Metric, within: RecentRange
) -> Trend:
    """Return a measured series of one satellite."""
    return get_raw_trend(victoria, metric_name, within, satellite_id)


@router.get("/prediction", responses=responses(422, 503))
def get_prediction_trend(  # noqa: PLR0913, PLR0917 - its parameters are the route's contract
    pool: ProvidedPool,
    mission: ProvidedMission,
    model_name: ModelName,
    within: GivenRange,
    satellite_id: Satellite | None = None,
    metric: Metric = DEFAULT_METRIC,
) -> Trend:
    """Return the stored forecasts of a metric's channel as one series; a newer forecast replaces an older."""
    wanted = _forecast_query(mission, metric, model_name, satellite_id)
    return _trend(f"{model_name}_prediction", satellite_id, _forecast(pool, mission, wanted, within))


@router.get("/compare", responses=responses(422, 503))
def compare_trends(  # noqa: PLR0913, PLR0917 - its parameters are the route's contract
    victoria: ProvidedVictoria,
    pool: ProvidedPool,
    mission: ProvidedMission,
    raw_metric: Metric,
    model_name: ModelName,
    within: GivenRange,
    satellite_id: Satellite | None = None,
) -> TrendComparison:
    """Return measured and forecast values of one metric and how well they agree, paired by time."""
    wanted = _forecast_query(mission, raw_metric, model_name, satellite_id)
    forecast = _forecast(pool, mission, wanted, within)
    raw = victoria.raw_points(raw_metric, satellite_id, start=within.start, end=within.end)
    pairs = pair_by_time(raw, forecast, step_s=step_of(within.start, within.end))
    return TrendComparison(
        metric_name=raw_metric,
        raw_data=_data_points(raw),
        prediction_data=_data_points(forecast),
        **asdict(agreement(pairs)),
    )


@router.get("/comparison/{satellite_id}/{metric_name}", responses=responses(422, 503))
def compare_satellite_metric(  # noqa: PLR0913, PLR0917 - its parameters are the route's contract
    victoria: ProvidedVictoria,
    pool: ProvidedPool,
    mission: ProvidedMission,
    satellite_id: Satellite,
    metric_name: Metric,
    within: RecentRange,
    model_name: ModelName | None = None,
) -> TrendComparison:
    """Do the same for one satellite and, by default, the mission's model and the last hour."""
    model = model_name or mission.model.name
    return compare_trends(victoria, pool, mission, metric_name, model, within, satellite_id)


@router.get("/metrics", responses=responses(503))
def list_metrics(victoria: ProvidedVictoria, mission: ProvidedMission) -> MetricNames:
    """Return the names of the telemetry series; the mission's while VictoriaMetrics is unavailable."""
    try:
        names = victoria.metric_names()
    except DependencyUnavailable:
        names = [name for name in mission.metrics if not name.endswith("*")]
        return MetricNames(metrics=names, count=len(names), source="default")
    return MetricNames(metrics=names, count=len(names), source="victoria-metrics")


@router.get("/satellites", responses=responses(503))
def list_satellites(victoria: ProvidedVictoria) -> Satellites:
    """Return the satellites that sent telemetry within the retention."""
    satellites = victoria.satellites()
    return Satellites(satellites=satellites, count=len(satellites))


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastQuery:
    """Which stored forecasts are wanted."""

    satellite_id: str
    model_name: str
    subsystem: str
    channel: str
    horizon: int


def _forecast_query(
    mission: Mission, metric: str, model_name: str, satellite_id: str | None
) -> ForecastQuery:
    """Find the channel that a metric is written from, or refuse."""
    if satellite_id is None:
        raise HTTPException(422, "satellite_id: forecasts belong to one satellite, name it")
    subsystem, _, channel = mission.metrics.get(metric, "").partition(".")
    if subsystem not in mission.subsystems or channel not in mission.subsystems[subsystem].features:
        raise HTTPException(422, f"{metric}: no model forecasts this metric")
    return ForecastQuery(
        satellite_id=satellite_id,
        model_name=model_name,
        subsystem=subsystem,
        channel=channel,
        horizon=mission.subsystems[subsystem].horizon,
    )


def _forecast(pool: Pool, mission: Mission, wanted: ForecastQuery, within: TimeRange) -> list[Point]:
    """Read forecasts, also the one that was made before the range, as long ago as steps may lie apart."""
    reach = timedelta(seconds=mission.window.longest_interval_s * wanted.horizon)
    parameters = {
        **asdict(wanted),
        "start": within.start,
        "end": within.end,
        "oldest": within.start - reach,
        "ceiling": MAX_POINTS // wanted.horizon,
    }
    with transaction(pool) as connection:
        series = forecast_series(select(connection, QUERIES["forecasts"], parameters), wanted.channel)
    return [point for point in series if within.start.timestamp() <= point.time_s <= within.end.timestamp()]


def _trend(metric: str, satellite_id: str | None, points: Sequence[Point]) -> Trend:
    return Trend(
        metric_name=metric,
        satellite_id=satellite_id,
        data_points=_data_points(points),
        summary=SeriesSummary.model_validate(summarise(points)),
    )


def _data_points(points: Sequence[Point]) -> list[DataPoint]:
    return [
        DataPoint(timestamp=time_of(round(point.time_s * 1_000_000)), value=point.value) for point in points
    ]

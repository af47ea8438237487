"""Trends, forecasts and comparisons over a real PostgreSQL."""

from datetime import datetime, timedelta

import pytest

from telemetry_core.postgres.database import Pool
from telemetry_core.service.settings import Settings, load_mission
from tests.integration.api.calls import NOW, get, problem
from tests.integration.api.test_jobs import telemetry_job
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration
RANGE = {"start_time": "2025-10-30T12:30:00Z", "end_time": "2025-10-30T12:40:00Z"}


def test_raw_trend_summarises_what_victoria_metrics_holds(api: RunningApi) -> None:
    api.victoria.samples = [(NOW.timestamp(), 40.0), (NOW.timestamp() + 3, 42.0)]
    trend = get(
        api, "/api/v1/trends/raw", metric="satellite_temperature", satellite_id="SAT-001", **RANGE
    ).json()
    assert [point["value"] for point in trend["data_points"]] == [40.0, 42.0]
    assert trend["summary"] == {"count": 2, "mean": 41.0, "min": 40.0, "max": 42.0, "std": 1.0}
    assert (
        api.victoria.queries[-1]["query"]
        == 'last_over_time({__name__="satellite_temperature",satellite_id="SAT-001"}[1s])'
    )
    other = get(api, "/api/v1/trends/satellite/SAT-001/metric/satellite_temperature", **RANGE).json()
    assert other == trend


@pytest.mark.parametrize("name", ["nan", "NaN", "inf", "Infinity"])
def test_number_is_no_name_of_a_metric(api: RunningApi, name: str) -> None:
    refused = problem(get(api, "/api/v1/trends/raw", metric=name, **RANGE), 422)
    assert f"{name} is a number, not a metric" in refused


def test_empty_trend_is_valid(api: RunningApi) -> None:
    trend = get(api, "/api/v1/trends/raw", metric="satellite_temperature", **RANGE).json()
    assert trend["summary"] == {"count": 0, "mean": None, "min": None, "max": None, "std": None}


@pytest.mark.parametrize(
    "query",
    [
        {"metric": 'up{a="b"} or x'}, {"satellite_id": 'SAT"} or up{a="'},
        {"end_time": "2025-10-30T12:00:00Z"}, {"start_time": "2023-10-30T12:00:00Z"},
        {"start_time": "0001-01-01T00:00:00Z"}, {"start_time": "soon"},
    ],
)  # fmt: skip
def test_trend_built_from_free_text_is_refused(api: RunningApi, query: dict[str, str]) -> None:
    asked = {"metric": "satellite_temperature", **RANGE, **query}
    problem(get(api, "/api/v1/trends/raw", **asked), 422)
    assert api.victoria.queries == []


def test_forecasts_are_a_series_in_generation_time(api: RunningApi, api_pool: Pool) -> None:
    telemetry_job(api_pool, NOW)
    telemetry_job(api_pool, NOW + timedelta(seconds=3))
    telemetry_job(api_pool, NOW, satellite_id="SAT-0011")
    asked = {"model_name": "lstm_timeseries", "satellite_id": "SAT-001", **RANGE}
    trend = get(api, "/api/v1/trends/prediction", **asked).json()
    assert trend["metric_name"] == "lstm_timeseries_prediction"
    assert [point["value"] for point in trend["data_points"]] == [41.0, 41.0, 42.0]
    first = datetime.fromisoformat(trend["data_points"][0]["timestamp"])
    assert first == NOW + timedelta(seconds=3)


@pytest.mark.parametrize("interval_s", [1, 60, 120])
def test_forecast_reaches_into_a_range_that_begins_after_it_was_made(
    api: RunningApi, api_pool: Pool, interval_s: int
) -> None:
    horizon = load_mission(Settings().mission_file).subsystems["thermal"].horizon
    start, interval = datetime.fromisoformat(RANGE["start_time"]), timedelta(seconds=interval_s)
    for age in (horizon + 0.5, horizon - 0.5):
        telemetry_job(api_pool, start - age * interval, interval_s=interval_s, steps=horizon)
    asked = {"model_name": "lstm_timeseries", "satellite_id": "SAT-001", **RANGE}
    points = get(api, "/api/v1/trends/prediction", **asked).json()["data_points"]
    assert [(datetime.fromisoformat(point["timestamp"]) - start, point["value"]) for point in points] == [
        (interval / 2, 40.0 + horizon)
    ]


def test_comparison_pairs_by_time(api: RunningApi, api_pool: Pool) -> None:
    telemetry_job(api_pool, NOW)
    at_s = NOW.timestamp()
    api.victoria.samples = [(at_s, 0.0), (at_s + 3, 40.0), (at_s + 6, 44.0), (at_s + 9, 50.0)]
    asked = {
        "raw_metric": "satellite_temperature",
        "model_name": "lstm_timeseries",
        "satellite_id": "SAT-001",
    }
    found = get(api, "/api/v1/trends/compare", **asked, **RANGE).json()
    assert (found["pairs"], found["mae"], found["rmse"], found["correlation"]) == (2, 1.5, 1.5811, 1.0)
    path = "/api/v1/trends/comparison/SAT-001/satellite_temperature"
    assert get(api, path, **RANGE).json() == found


def test_metric_without_forecast_is_refused(api: RunningApi) -> None:
    asked = {
        "model_name": "lstm_timeseries",
        "satellite_id": "SAT-001",
        "metric": "satellite_latitude",
        **RANGE,
    }
    assert "no model forecasts" in problem(get(api, "/api/v1/trends/prediction", **asked), 422)


def test_metrics_and_satellites_come_from_victoria_metrics(api: RunningApi) -> None:
    assert get(api, "/api/v1/trends/metrics").json() == {
        "metrics": ["satellite_rssi", "satellite_temperature"], "count": 2, "source": "victoria-metrics",
    }  # fmt: skip
    assert get(api, "/api/v1/trends/satellites").json() == {"satellites": ["SAT-001", "SAT-002"], "count": 2}

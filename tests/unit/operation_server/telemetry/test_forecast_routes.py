from datetime import UTC, datetime, timedelta
from typing import Any

from operation_server.telemetry.forecast_routes import forecast_of
from operation_server.telemetry.schemas import Forecast

AT = datetime(2025, 10, 30, 12, tzinfo=UTC)


def forecast_row(**changes: Any) -> dict[str, Any]:
    steps = [[1.0, 10.0], [2.0, None]]
    band = {"lower": steps, "upper": steps}
    return {
        "job_id": "kafka-SAT-001-1",
        "input_features": ["a", "b"],
        "predictions": steps,
        "bands": {"50": band, "90": band},
        "window_start": AT - timedelta(seconds=9),
        "generated_at": AT,
        "sample_count": 10,
        **changes,
    }


def test_forecast_has_a_column_for_each_channel_and_null_where_a_step_has_none() -> None:
    forecast = Forecast.model_validate(forecast_of(forecast_row()))
    assert forecast.channels["a"].predictions == [1.0, 2.0]
    assert forecast.channels["b"].upper_90 == [10.0, None]
    assert set(forecast.channels) == {"a", "b"}


def test_steps_of_a_forecast_follow_its_window_by_the_mean_interval() -> None:
    found = forecast_of(forecast_row(sample_count=5))
    assert found is not None
    assert found["times"] == [AT.timestamp() + 2.25, AT.timestamp() + 4.5]
    assert found["made_at"] == AT


def test_channel_of_another_cadence_has_times_of_its_own() -> None:
    axes = {"b": {"end": (AT - timedelta(seconds=4)).isoformat(), "interval_s": 5.0}}
    forecast = Forecast.model_validate(forecast_of(forecast_row(axes=axes)))
    assert forecast.channels["b"].times == [AT.timestamp() + 1, AT.timestamp() + 6]
    assert forecast.channels["a"].times is None


def test_forecast_without_an_interval_is_left_out() -> None:
    assert forecast_of(forecast_row(sample_count=1)) is None

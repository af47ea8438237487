from datetime import UTC, datetime, timedelta
from typing import Any

from operation_server.jobs.routes import stages_of
from operation_server.mission.routes import describe_mission
from operation_server.telemetry.forecast_routes import Forecast, forecast_of
from telemetry_core.settings import Settings, load_mission

AT = datetime(2025, 10, 30, 12, tzinfo=UTC)


def forecast_row(**changes: Any) -> dict[str, Any]:
    steps = [[1.0, 10.0], [2.0, None]]
    band = {"lower": steps, "upper": steps}
    return {
        "job_id": "kafka-SAT-001-1",
        "input_features": ["a", "b"],
        "predictions": steps,
        "bands": {"50": band, "90": band},
        "window_start": (AT - timedelta(seconds=9)).isoformat(),
        "window_end": AT.isoformat(),
        "samples": 10,
        **changes,
    }


def test_forecast_has_a_column_for_each_channel_and_null_where_a_step_has_none() -> None:
    forecast = Forecast.model_validate(forecast_of(forecast_row()))
    assert forecast.channels["a"].predictions == [1.0, 2.0]
    assert forecast.channels["b"].upper_90 == [10.0, None]
    assert set(forecast.channels) == {"a", "b"}


def test_steps_of_a_forecast_follow_its_window_by_the_mean_interval() -> None:
    found = forecast_of(forecast_row(samples=5))
    assert found["times"] == [AT.timestamp() + 2.25, AT.timestamp() + 4.5]
    assert found["made_at"] == AT


def test_channel_of_another_cadence_has_times_of_its_own() -> None:
    axes = {"b": {"end": (AT - timedelta(seconds=4)).isoformat(), "interval_s": 5.0}}
    forecast = Forecast.model_validate(forecast_of(forecast_row(axes=axes)))
    assert forecast.channels["b"].times == [AT.timestamp() + 1, AT.timestamp() + 6]
    assert forecast.channels["a"].times is None


def test_forecast_without_an_interval_is_left_out() -> None:
    assert forecast_of(forecast_row(samples=1)) is None


def job(started_ms: int | None, completed_ms: int | None) -> dict[str, Any]:
    later = {"started_at": started_ms, "completed_at": completed_ms}
    return {
        "created_at": AT,
        **{name: None if ms is None else AT + timedelta(milliseconds=ms) for name, ms in later.items()},
    }


def test_stages_add_up_and_show_the_longest_call() -> None:
    calls = [{"inference_time_ms": value} for value in (3.5, None, 8.25)]
    stages = stages_of(job(20, 120), calls)
    assert (stages.waited_ms, stages.inference_ms) == (20, 8.25)
    assert (stages.processed_ms, stages.total_ms) == (100, 120)


def test_stage_that_is_not_over_is_unknown() -> None:
    assert set(stages_of(job(None, None), []).model_dump().values()) == {None}
    running = stages_of(job(20, None), [])
    assert (running.waited_ms, running.processed_ms, running.total_ms) == (20, None, None)


def test_description_holds_what_the_mission_file_says() -> None:
    mission = load_mission(Settings().mission_file)
    described = describe_mission(mission, ["lstm_timeseries"])
    assert [item.name for item in described.subsystems] == list(mission.subsystems)
    aocs = next(item for item in described.subsystems if item.name == "aocs")
    thruster = next(item for item in aocs.channels if item.name == "thruster_active")
    assert (thruster.is_flag, thruster.is_feature, thruster.nominal) == (True, False, None)
    assert [(rule.channel, rule.equals, rule.below) for rule in aocs.rules] == [
        ("thruster_active", 1.0, None)
    ]
    assert described.window.max_gap_s == mission.window.max_gap_s

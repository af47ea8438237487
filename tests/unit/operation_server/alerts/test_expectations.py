from datetime import UTC, datetime

from operation_server.alerts.expectations import expectations, shares
from telemetry_core.contract.mission import Window

WINDOW = Window(length=64, max_span_s=10_000, max_gap_s=60)


def test_expectation_is_the_forecast_step_nearest_in_time() -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC)
    forecast = {
        "window_start": start,
        "generated_at": end,
        "sample_count": 11,
        "input_features": ["a", "b"],
        "predictions": [[1.0, 2.0], [3.0, 4.0]],
        "band": {"lower": [[0.0, 1.0], [2.0, 3.0]], "upper": [[2.0, 3.0], [4.0, 5.0]]},
    }
    moment_ms = round(end.timestamp() * 1000) + 1900
    found = expectations(forecast, moment_ms, WINDOW)
    assert (found["b"].expected, found["b"].lower_90, found["b"].upper_90) == (4.0, 3.0, 5.0)
    assert expectations(forecast, moment_ms + 120_000, WINDOW) == {}
    slow = {"a": {"end": end.isoformat(), "interval_s": 240.0}}
    assert list(expectations(forecast | {"axes": slow}, moment_ms + 120_000, WINDOW)) == ["a"]


def test_every_channel_has_a_share_highest_first() -> None:
    assert shares({"b": {"residual": 0.5, "statistics": 0.25}}, ["a", "b"]) == {"b": 0.75, "a": 0.0}

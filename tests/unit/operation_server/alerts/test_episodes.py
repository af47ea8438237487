from datetime import UTC, datetime

import pytest

from operation_server.alerts.episodes import (
    Sign,
    alert_id_of,
    breach_run,
    expectations,
    parse_alert_id,
    shares,
    state_of,
)
from operation_server.telemetry.victoria import Point
from telemetry_core.contract.messages import generated_ms_of
from telemetry_core.contract.mission import Window
from telemetry_core.contract.rules import Rule

LOW = Rule(channel="battery_soc_percent", below=30, reason="low_battery", log="")
WINDOW = Window(length=64, max_span_s=10_000, max_gap_s=60)


@pytest.mark.parametrize("reason", [None, "low_battery"])
@pytest.mark.parametrize("satellite", ["SAT-001", "A..b.c", "x_1"])
def test_alert_id_reads_back(reason: str | None, satellite: str) -> None:
    sign = Sign(subsystem="eps", reason=reason)
    assert parse_alert_id(alert_id_of(satellite, sign, 1_795_607_703_402)) == (
        satellite,
        sign,
        1_795_607_703_402,
    )


@pytest.mark.parametrize("text", ["", "eps", "eps.anomaly.x.SAT", "eps.anomaly.1.S/2", "eps.anomaly.1.S\n"])
def test_what_is_no_alert_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no alert_id"):
        parse_alert_id(text)


def test_job_ids_of_both_lengths_tell_milliseconds() -> None:
    assert generated_ms_of("kafka-SAT-1-1795607703402") == generated_ms_of("kafka-SAT-1-1795607703402123")


def test_state_follows_from_open_and_acknowledged() -> None:
    states = [state_of(is_open=a, is_acknowledged=b) for a in (True, False) for b in (False, True)]
    assert states == ["unacknowledged", "acknowledged", "returned", "cleared"]


@pytest.mark.parametrize(
    ("values", "breaches"),
    [
        ({0: 20, 1: 40, 2: 29, 3: 29.9}, [0, 2, 3]),
        ({0: 20, 20: 40, 60: 40, 61: 29}, [61]),
        ({0: 20, 20: 40, 59: 40, 61: 29}, [0, 61]),
        ({0: 20, 120: 40, 240: 29, 360: 40, 480: 40}, [0, 240]),
        ({0: 20, 120: 40, 240: 29, 360: 40, 480: 40, 600: 40}, []),
        ({0: 20, 61: 29}, [0, 61]),
        ({0: 20, 59: 40}, [0]),
        ({0: 20, 20: 40, 40: 40, 60: 40}, []),
        ({0: 20, 30: 40, 60: 40}, [0]),
        ({}, []),
    ],
)
def test_breaches_are_one_run_until_none_was_seen_for_a_minute_and_three_intervals(
    values: dict[int, float], breaches: list[int]
) -> None:
    points = [Point(time_s=at, value=value) for at, value in values.items()]
    assert [point.time_s for point in breach_run(LOW, points)] == breaches


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

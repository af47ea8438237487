from datetime import UTC, datetime, timedelta
from typing import Any

from operation_server.telemetry.trends import agreement, forecast_series, pair_by_time, summarise
from operation_server.telemetry.victoria import MAX_POINTS, Point, raw_query, step_of

START = datetime(2025, 10, 30, tzinfo=UTC)


def points(*pairs: tuple[float, float]) -> list[Point]:
    return [Point(time_s=time_s, value=value) for time_s, value in pairs]


def forecast(end_s: float, *values: Any) -> dict[str, Any]:
    at = datetime.fromtimestamp(end_s, UTC)
    return {
        "window_start": at - timedelta(seconds=9),
        "generated_at": at,
        "sample_count": 10,
        "predictions": list(values),
    }


def test_step_is_a_second_until_the_points_would_be_too_many() -> None:
    assert step_of(START, START + timedelta(hours=1)) == 1
    for days in (1, 30, 365):
        span = timedelta(days=days)
        assert span.total_seconds() / step_of(START, START + span) + 1 <= MAX_POINTS


def test_label_cannot_leave_its_quotes() -> None:
    assert raw_query("m", 'a"} or b{c="\\', 1) == (
        'last_over_time({__name__="m",satellite_id="a\\"} or b{c=\\"\\\\"}[1s])'
    )


def test_newer_forecast_replaces_the_tail_of_an_older() -> None:
    series = forecast_series([forecast(100, 1.0, 2.0, 3.0), forecast(102, 20.0, 30.0)], "soc")
    assert [(point.time_s, point.value) for point in series] == [
        (101, 1.0),
        (102, 2.0),
        (103, 20.0),
        (104, 30.0),
    ]


def test_forecast_of_a_channel_lies_at_its_own_times() -> None:
    own = forecast(100, 1.0, 2.0) | {
        "axes": {"soc": {"end": datetime.fromtimestamp(98, UTC).isoformat(), "interval_s": 4.0}}
    }
    assert [point.time_s for point in forecast_series([own], "soc")] == [102, 106]
    assert [point.time_s for point in forecast_series([own], "volts")] == [101, 102]


def test_missing_step_of_a_forecast_is_left_out() -> None:
    assert [point.value for point in forecast_series([forecast(100, None, 2.0)], "soc")] == [2.0]


def test_pairs_are_made_by_time_not_by_position() -> None:
    raw = points((0, 1.0), (10, 2.0), (20, 3.0))
    assert pair_by_time(raw, points((10.4, 2.5), (20, 3.5)), step_s=1) == [(2.0, 2.5), (3.0, 3.5)]


def test_forecast_far_from_any_measurement_has_no_pair() -> None:
    assert pair_by_time(points((0, 1.0), (10, 2.0)), points((16, 9.0)), step_s=1) == []
    assert pair_by_time([], points((16, 9.0)), step_s=1) == []


def test_agreement_of_a_constant_side_has_errors_but_no_correlation() -> None:
    found = agreement([(1.0, 2.0), (1.0, 4.0)])
    assert (found.correlation, found.mae, found.rmse) == (None, 2.0, 2.2361)


def test_agreement_needs_two_pairs() -> None:
    assert agreement([(1.0, 2.0)]).mae is None


def test_summary_of_nothing_is_unknown() -> None:
    assert summarise([])["mean"] is None

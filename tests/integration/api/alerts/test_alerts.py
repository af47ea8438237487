"""Alerts over a real PostgreSQL."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from telemetry_core.postgres.database import Pool, transaction
from tests.integration.api.alerts.judging import START, acknowledge, alerts, instant, judge, open_in_fleet
from tests.integration.api.calls import get
from tests.integration.servers.running_api import RunningApi
from tests.integration.windows import window_ending

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("words", "counts", "is_open"),
    [
        ({0: "n", 1: "w", 2: "f"}, [], False),
        ({0: "w", 1: "w"}, [2], True),
        ({0: "a", 1: "n", 2: "a"}, [2], True),
        ({0: "a", 300: "f"}, [1], True),
        ({0: "a", 300: "l"}, [1], False),
        ({0: "a", 300: "n", 400: "w", 401: "w", 402: "w"}, [3, 1], True),
    ],
)
def test_enough_evidence_is_an_alert_until_five_minutes_without(
    api: RunningApi, api_pool: Pool, words: dict[int, str], counts: list[int], *, is_open: bool
) -> None:
    for second, word in words.items():
        judge(api_pool, second, word)
    found = alerts(api)
    assert [alert["verdict_count"] for alert in found] == counts
    assert [alert["is_open"] for alert in found][:1] == [is_open] * bool(counts)
    assert open_in_fleet(api) == is_open


def test_alert_counts_its_verdicts_however_many(api: RunningApi, api_pool: Pool) -> None:
    for second in range(1_001):
        judge(api_pool, second / 10, "a")
    (found,) = alerts(api)
    detail = get(api, f"/api/v1/alerts/{found['alert_id']}").json()
    assert (found["verdict_count"], len(detail["verdicts"])) == (1_001, 500)


def test_answers_say_how_far_alerts_are_behind_while_the_relay_is_down(
    api: RunningApi, api_pool: Pool
) -> None:
    judge(api_pool, 0, "a")
    (found,) = alerts(api)
    paths = ("/api/v1/alerts", f"/api/v1/alerts/{found['alert_id']}", "/api/v1/fleet")
    time.sleep(1.1)  # what was read before is kept for a second
    assert [get(api, path).json()["anomalies_behind_s"] for path in paths] == [0, 0, 0]
    judge(api_pool, 2, "n", completed_at=datetime.now(UTC) - timedelta(seconds=30))
    judge(api_pool, 3, "n")
    time.sleep(1.1)
    assert all(30 <= get(api, path).json()["anomalies_behind_s"] < 60 for path in paths)


def test_alert_stays_when_retention_took_its_peak(api: RunningApi, api_pool: Pool) -> None:
    peak = judge(api_pool, 0, "a", anomaly_score=0.99)
    newest = judge(api_pool, 1, "a")
    (found,) = alerts(api)
    with transaction(api_pool) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM inference_jobs WHERE job_id = %s", [peak])
    detail = get(api, f"/api/v1/alerts/{found['alert_id']}").json()
    assert (detail["why"], detail["peak_job_id"]) == (None, peak)
    assert [item["job_id"] for item in detail["verdicts"]] == [newest]


def test_alert_is_found_in_a_range_that_it_reaches_into_only(api: RunningApi, api_pool: Pool) -> None:
    for second, word in {0: "a", 100.0005: "a", 500: "n", 600: "a"}.items():
        judge(api_pool, second, word)
    newest, first = alerts(api)

    def within(start_s: float, end_s: float) -> list[str]:
        times = {
            name: (START + timedelta(seconds=second)).isoformat()
            for name, second in (("start_time", start_s), ("end_time", end_s))
        }
        return [alert["alert_id"] for alert in alerts(api, **times)]

    assert within(-10, -1) == within(101, 599) == []
    assert within(-10, 0) == within(50, 60) == within(100, 599) == [first["alert_id"]]
    assert within(100, 600) == [newest["alert_id"], first["alert_id"]]
    assert within(700, 800) == [newest["alert_id"]]


def test_stored_telemetry_raises_no_alert(api: RunningApi, api_pool: Pool) -> None:
    judge(api_pool, 0, "a", lane="stored")
    assert alerts(api) == []


def test_late_verdict_moves_the_start_and_the_old_id_stays_valid(api: RunningApi, api_pool: Pool) -> None:
    judge(api_pool, 5, "a")
    (before,) = alerts(api)
    judge(api_pool, 3, "a")
    api.fold()
    after = get(api, f"/api/v1/alerts/{before['alert_id']}").json()
    assert after["verdict_count"] == 2
    assert after["started_at"] < before["started_at"]


def test_episode_from_before_the_range_is_shown_whole(api: RunningApi, api_pool: Pool) -> None:
    for second in (0, 60, 120):
        judge(api_pool, second, "a")
    (found,) = alerts(api, start_time=(START + timedelta(seconds=90)).isoformat())
    assert found["verdict_count"] == 3


def test_broken_limit_is_an_alert_until_a_job_keeps_it(api: RunningApi, api_pool: Pool) -> None:
    judge(api_pool, 0, "n", reason="low_battery")
    judge(api_pool, 1, "f", reason="abnormal_temperature,low_battery")
    (found,) = alerts(api)
    assert (found["kind"], found["reason"], found["severity"]) == ("limit", "low_battery", "critical")
    assert (found["verdict_count"], found["is_open"]) == (2, True)
    judge(api_pool, 60, "n")
    assert [alert["is_open"] for alert in alerts(api)] == [True]
    judge(api_pool, 61, "n")
    assert [alert["is_open"] for alert in alerts(api)] == [False]


def flap(pool: Pool, *, first: int, last: int) -> None:
    """Judge a value that breaks its limit every other second."""
    for second in range(first, last + 1):
        judge(pool, second, "n", reason="periodic_check" if second % 2 else "low_battery")


def test_value_that_flaps_at_its_limit_is_one_alert(api: RunningApi, api_pool: Pool) -> None:
    flap(api_pool, first=0, last=59)
    (found,) = alerts(api)
    assert (found["verdict_count"], found["is_open"], open_in_fleet(api)) == (30, True, 1)
    judge(api_pool, 117, "n")
    assert ([alert["is_open"] for alert in alerts(api)], open_in_fleet(api)) == ([True], 1)
    judge(api_pool, 118, "n")
    assert ([alert["is_open"] for alert in alerts(api)], open_in_fleet(api)) == ([False], 0)
    flap(api_pool, first=120, last=139)
    assert [(alert["verdict_count"], alert["is_open"]) for alert in alerts(api)] == [(10, True), (30, False)]
    assert get(api, f"/api/v1/alerts/{found['alert_id']}").json()["verdict_count"] == 30


@pytest.mark.parametrize(("interval_s", "held_s"), [(0.1, 60), (1, 60), (60, 180), (120, 360), (600, 1800)])
def test_limit_holds_for_three_intervals_and_at_least_a_minute(
    api: RunningApi, api_pool: Pool, interval_s: float, held_s: float
) -> None:
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5)

    def sample(second: float, reason: str = "periodic_check") -> None:
        at = start + timedelta(seconds=second)
        judge(api_pool, second, "n", reason=reason, start=start, **window_ending(at, interval_s=interval_s))

    def told() -> tuple[list[tuple[int, bool]], int]:
        return [(alert["verdict_count"], alert["is_open"]) for alert in alerts(api)], open_in_fleet(api)

    for place in range(9):
        sample(place * interval_s, "periodic_check" if place % 2 else "low_battery")
    sample(8 * interval_s + held_s - interval_s)
    assert told() == ([(5, True)], 1)
    sample(8 * interval_s + held_s)
    assert told() == ([(5, False)], 0)
    sample(8 * interval_s + held_s + interval_s, "low_battery")
    assert told() == ([(1, True), (5, False)], 1)


def test_late_breach_joins_two_alerts_and_the_acknowledgement_stays(api: RunningApi, api_pool: Pool) -> None:
    for second, reason in ((0, "low_battery"), (70, "periodic_check"), (80, "low_battery")):
        judge(api_pool, second, "n", reason=reason)
    newest, _ = alerts(api)
    assert acknowledge(api, newest["alert_id"]).status_code == 201
    judge(api_pool, 40, "n", reason="low_battery")
    assert [(item["verdict_count"], item["state"]) for item in alerts(api)] == [(3, "acknowledged")]


def test_alert_explains_its_cause(api: RunningApi, api_pool: Pool) -> None:
    judge(
        api_pool, 0, "n",
        input_features=("battery_voltage", "battery_current"),
        **window_ending(START, samples=11),
        predictions=[[3.8, 0.1], [3.7, 0.2], [3.6, 0.3]],
        bands={"90": {"lower": [[3.5, 0.0]] * 3, "upper": [[3.9, None]] * 3}},
    )  # fmt: skip
    judge(api_pool, 2, "a", anomaly_score=0.8)
    peak = judge(
        api_pool, 3, "a", anomaly_score=0.95, model_version="7", calibration_hash="c" * 64,
        contributions={"battery_voltage": {"residual": 0.5, "statistics": 0.25},
                       "battery_current": {"statistics": 0.25}},
        input_data={"newest": {"battery_voltage": 2.5, "battery_current": None}},
    )  # fmt: skip
    newest = judge(api_pool, 4, "a", anomaly_score=0.7)
    (found,) = alerts(api)
    assert (found["peak_score"], found["peak_job_id"], found["newest_job_id"]) == (0.95, peak, newest)
    detail = get(api, f"/api/v1/alerts/{found['alert_id']}").json()
    assert [item["job_id"] for item in detail["verdicts"]][:2] == [newest, peak]
    why = detail["why"]
    assert {key: value for key, value in why.items() if key != "channels"} == {
        "job_id": peak, "generated_at": instant(3), "model_name": "lstm_timeseries", "model_version": "7",
        "calibration_hash": "c" * 64,
    }  # fmt: skip
    voltage, current, *others = why["channels"]
    assert voltage == {
        "channel": "battery_voltage", "unit": "V", "share": 0.75,
        "families": {"residual": 0.5, "statistics": 0.25}, "actual": 2.5,
        "expected": 3.7, "lower_90": 3.5, "upper_90": 3.9, "expected_from": instant(0), "nominal": [3.3, 4.2],
    }  # fmt: skip
    assert (current["share"], current["actual"], current["expected"]) == (0.25, None, 0.2)
    assert current["upper_90"] is None
    assert {(item["share"], item["actual"], item["expected_from"]) for item in others} == {(0.0, None, None)}


def test_fleet_shows_open_alerts_without_telemetry(api: RunningApi, api_pool: Pool) -> None:
    judge(api_pool, 0, "a")
    api.fold()
    time.sleep(1.1)  # what was read before is kept for a second
    answer = get(api, "/api/v1/fleet")
    assert answer.status_code == 200, answer.text
    (satellite,) = answer.json()["satellites"]
    assert (satellite["state"], satellite["is_stale"], satellite["unacknowledged_alerts"]) == (
        "serious",
        True,
        1,
    )

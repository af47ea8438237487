"""Alerts as clients read them: of the anomaly score, filtered, suppressed, latched."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from operation_server.alarms.schemas import AlarmKind
from operation_server.fleet.reading import FRESH_S
from telemetry_core.contract.messages import job_id_of, microseconds_of
from telemetry_core.postgres.database import Pool, transaction
from tests.integration.api.alarms.rows import raised
from tests.integration.api.alerts.judging import START, acknowledge, alerts, instant, judge, whole
from tests.integration.api.calls import get
from tests.integration.postgres.windows import window_ending
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration


def anomaly(pool: Pool, first: float, last: float, **columns: Any) -> str:
    """Write the alarm of anomalous verdicts between two seconds after `START`."""
    newest = START + timedelta(seconds=last)
    row = {"kind": "anomaly", "reason": "anomaly", "severity": "distress", "channel": None, "value": None,
           "worst_value": None, "limit_value": None, "last_at": newest, "violations": 2, "peak_score": 0.97,
           "peak_job_id": job_id_of("SAT-001", microseconds_of(newest)),
           "newest_job_id": job_id_of("SAT-001", microseconds_of(newest)), **columns}  # fmt: skip
    return raised(pool, first, start=START, **row)


def test_alert_of_the_anomaly_score_names_its_verdicts(api: RunningApi, api_pool: Pool, owner: Pool) -> None:
    jobs = [judge(api_pool, second, word) for second, word in enumerate("anwa")]
    alarm_id = anomaly(owner, 0, 3, violations=3)
    (found,) = alerts(api)
    assert (found["alert_id"], found["kind"], found["reason"]) == (alarm_id, "anomaly", None)
    assert (found["severity"], found["verdict_count"], found["peak_score"]) == ("serious", 3, 0.97)
    detail = get(api, f"/api/v1/alerts/{alarm_id}").json()
    assert [item["job_id"] for item in detail["verdicts"]] == [jobs[3], jobs[2], jobs[0]]


def test_answers_say_how_far_alerts_are_behind(api: RunningApi, api_pool: Pool, owner: Pool) -> None:
    judge(api_pool, 0, "a")
    paths = ("/api/v1/alerts", f"/api/v1/alerts/{anomaly(owner, 0, 0)}", "/api/v1/fleet")
    api.fold()
    time.sleep(FRESH_S)  # what was read before is kept so long
    assert [get(api, path).json()["anomalies_behind_s"] for path in paths] == [0, 0, 0]
    judge(api_pool, 2, "n", completed_at=datetime.now(UTC) - timedelta(seconds=30))
    judge(api_pool, 3, "n")
    time.sleep(FRESH_S)
    assert all(30 <= get(api, path).json()["anomalies_behind_s"] < 60 for path in paths)


def test_alert_stays_and_is_explained_when_retention_took_its_first_verdict(
    api: RunningApi, api_pool: Pool, owner: Pool
) -> None:
    peak, newest = judge(api_pool, 0, "a"), judge(api_pool, 1, "a")
    alarm_id = anomaly(owner, 0, 1, peak_job_id=peak)
    with transaction(api_pool) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM inference_jobs WHERE job_id = %s", [peak])
    detail = get(api, f"/api/v1/alerts/{alarm_id}").json()
    assert (detail["why"]["job_id"], detail["peak_job_id"]) == (newest, peak)
    assert [item["job_id"] for item in detail["verdicts"]] == [newest]


def test_alert_is_found_in_a_range_that_it_reaches_into_only(api: RunningApi, owner: Pool) -> None:
    first = anomaly(owner, 0, 100.0005, returned=100.0005)
    newest = anomaly(owner, 600, 600)

    def within(start_s: float, end_s: float) -> list[str]:
        times = {
            name: (START + timedelta(seconds=second)).isoformat()
            for name, second in (("start_time", start_s), ("end_time", end_s))
        }
        return [alert["alert_id"] for alert in alerts(api, **times)]

    assert within(-10, -1) == within(101, 599) == []
    assert within(-10, 0) == within(50, 60) == within(100, 599) == [first]
    assert within(100, 600) == [newest, first]
    assert within(700, 800) == [newest]


def test_filters_choose_alerts(api: RunningApi, owner: Pool) -> None:
    found = {
        "anomaly": anomaly(owner, 0, 1),
        "limit": raised(owner, 2, start=START, returned=3),
        "clock": raised(owner, 3, start=START, kind="clock", subsystem="satellite",
                        reason="clock_jumped_back", severity="distress", satellite_id="SAT-002"),
        "stale": raised(owner, 4, start=START, kind="stale", subsystem="satellite",
                        reason="no_data", severity="distress"),
    }  # fmt: skip
    raised(owner, 5, start=START, is_withdrawn=True)

    def of(**query: Any) -> set[str]:
        names = {alarm_id: name for name, alarm_id in found.items()}
        return {names[alert["alert_id"]] for alert in alerts(api, **query)}

    assert of() == set(found)
    assert of(kind="satellite") == {"clock", "stale"}
    assert (of(kind="anomaly"), of(kind="limit")) == ({"anomaly"}, {"limit"})
    assert (of(satellite_id="SAT-002"), of(subsystem="eps")) == ({"clock"}, {"anomaly", "limit"})
    assert of(state="returned") == {"limit"}
    assert acknowledge(api, found["limit"]).status_code == 201
    assert of(state=["cleared", "unacknowledged"]) == set(found)
    assert (of(state="cleared"), of(state="returned")) == ({"limit"}, set())
    answer = get(api, "/api/v1/alerts", limit=2).json()
    assert (answer["count"], answer["is_truncated"]) == (2, True)
    assert [alert["alert_id"] for alert in answer["alerts"]] == [found["stale"], found["clock"]]


@pytest.mark.parametrize("kind", get_args(AlarmKind))
def test_every_kind_of_alarm_is_an_alert_or_unlisted(api: RunningApi, owner: Pool, kind: str) -> None:
    alarm_id = raised(owner, 1, start=START, kind=kind)
    found = [alert["alert_id"] for alert in alerts(api)]
    is_unlisted = kind in {"platform", "flood"}
    assert found == ([] if is_unlisted else [alarm_id])
    assert get(api, f"/api/v1/alerts/{alarm_id}").status_code == (404 if is_unlisted else 200)


@pytest.mark.parametrize("kind", ["shelved", "out_of_service"])
def test_suppressed_alerts_are_listed_as_such_and_the_fleet_does_not_count_them(
    api: RunningApi, owner: Pool, kind: str
) -> None:
    raised(owner, 0, start=START, returned=1)
    raised(owner, 2, start=START)
    with transaction(owner) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ops.alarm_suppressions"
            " (satellite_id, subsystem, reason, kind, operator, comment, until)"
            " VALUES ('SAT-001', 'eps', 'low_battery', %s, 'Ada', 'known', now() + interval '1 hour')",
            [kind],
        )
    assert [(item["suppression"], item["state"]) for item in alerts(api)] == [
        (kind, "unacknowledged"),
        (kind, "returned"),
    ]
    satellite = whole(api)
    assert (satellite["state"], satellite["open_alerts"], satellite["returned_alerts"]) == ("off", 0, 0)


def test_latched_alert_is_open_until_an_operator_resets_it(api: RunningApi, owner: Pool) -> None:
    alarm_id = raised(owner, 0, start=START, returned=1, is_latching=True)
    assert (alerts(api)[0]["state"], whole(api)["state"]) == ("unacknowledged", "critical")
    assert acknowledge(api, alarm_id).status_code == 201
    assert (alerts(api)[0]["state"], whole(api)["state"]) == ("acknowledged", "caution")
    with transaction(owner) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE ops.alarms SET reset_at = now()")
    assert [item["state"] for item in alerts(api)] == ["cleared"]
    time.sleep(FRESH_S)
    assert get(api, "/api/v1/fleet").json()["satellites"] == []


def test_alarm_of_a_rule_that_the_mission_dropped_is_still_an_alert(api: RunningApi, owner: Pool) -> None:
    alarm_id = raised(owner, 0, start=START, subsystem="payload", reason="hot", channel="dose")
    assert get(api, f"/api/v1/alerts/{alarm_id}").json()["why"] is None
    raised(owner, 1, start=START, reason="dropped", channel="gone")
    assert get(api, f"/api/v1/alerts/{alerts(api)[0]['alert_id']}").json()["why"]["channels"] == []
    assert whole(api)["open_alerts"] == 2


def test_alert_explains_its_cause(api: RunningApi, api_pool: Pool, owner: Pool) -> None:
    judge(
        api_pool, 0, "n",
        input_features=("battery_voltage", "battery_current"),
        **window_ending(START, samples=11),
        predictions=[[3.8, 0.1], [3.7, 0.2], [3.6, 0.3]],
        bands={"90": {"lower": [[3.5, 0.0]] * 3, "upper": [[3.9, None]] * 3}},
    )  # fmt: skip
    judge(api_pool, 2, "a", anomaly_score=0.8)
    onset = judge(
        api_pool, 3, "a", anomaly_score=0.9, model_version="7", calibration_hash="c" * 64,
        contributions={"battery_voltage": {"residual": 0.5, "statistics": 0.25},
                       "battery_current": {"statistics": 0.25}},
        input_data={"newest": {"battery_voltage": 2.5, "battery_current": None}},
    )  # fmt: skip
    recovery: dict[str, Any] = {"input_data": {"newest": {"battery_voltage": 3.7}}, "anomaly_score": 0.95}
    shares = {"battery_voltage": {"residual": 0.9}, "battery_current": {"residual": 0.004}}
    peak = judge(api_pool, 4, "a", **recovery, contributions=shares)
    newest = judge(api_pool, 5, "a", anomaly_score=0.7)
    raised_at = START + timedelta(seconds=3)
    alarm_id = anomaly(owner, 2, 5, raised_at=raised_at, peak_job_id=peak, peak_score=0.95)
    (found,) = alerts(api)
    assert (found["peak_score"], found["peak_job_id"], found["newest_job_id"]) == (0.95, peak, newest)
    assert found["channels"] == ["battery_voltage"]
    detail = get(api, f"/api/v1/alerts/{alarm_id}").json()
    assert [item["job_id"] for item in detail["verdicts"]][:2] == [newest, peak]
    why = detail["why"]
    assert {key: value for key, value in why.items() if key != "channels"} == {
        "job_id": onset, "generated_at": instant(3), "model_name": "lstm_timeseries", "model_version": "7",
        "calibration_hash": "c" * 64,
    }  # fmt: skip
    voltage, current, *others = why["channels"]
    assert voltage == {
        "channel": "battery_voltage", "unit": "V", "share": 0.75,
        "families": {"residual": 0.5, "statistics": 0.25}, "actual": 2.5,
        "expected": 3.6, "lower_90": 3.5, "upper_90": 3.9, "expected_from": instant(0), "nominal": [3.3, 4.2],
    }  # fmt: skip
    assert (current["share"], current["actual"], current["expected"]) == (0.25, None, 0.3)
    assert current["upper_90"] is None
    assert {(item["share"], item["actual"], item["expected_from"]) for item in others} == {(0.0, None, None)}


def test_fleet_shows_open_alerts_without_telemetry(api: RunningApi, owner: Pool) -> None:
    anomaly(owner, 0, 1)
    satellite = whole(api)
    assert (satellite["state"], satellite["is_stale"], satellite["unacknowledged_alerts"]) == (
        "serious",
        True,
        1,
    )

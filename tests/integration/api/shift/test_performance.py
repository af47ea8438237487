"""How much alarms asked of operators, over a real PostgreSQL, against a count of our own."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median, quantiles
from typing import Any

import pytest
import requests

from telemetry_core.postgres.database import transaction
from tests.integration.api.alarms.rows import ADA, act, changes, detail, done, raised, suppressed
from tests.integration.api.calls import get, problem
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration

PERFORMANCE = "/api/v1/shift/performance"
START = datetime(2025, 11, 1, 12, tzinfo=UTC)
END = START + timedelta(hours=2)


def performance(api: RunningApi, **query: Any) -> dict[str, Any]:
    span = {"start_time": START.isoformat(), "end_time": END.isoformat()}
    return done(get(api, PERFORMANCE, **span, **query), 200)


def indicator(found: dict[str, Any], name: str) -> tuple[Any, Any, Any]:
    (one,) = (item for item in found["indicators"] if item["name"] == name)
    return one["value"], one["target"], one["is_met"]


def noticed(api: RunningApi, minute: float, **columns: Any) -> str:
    """An alarm of a sample of months ago, which the platform raised so many minutes after the start."""
    place = columns.pop("place", minute)
    at = START + timedelta(minutes=minute)
    return raised(api.pool, -8_000_000 + place, returned=0, start=START, noticed_at=at, **columns)


def test_nothing_raised_is_no_flood_and_leaves_nothing_to_tell_of_shares_and_times(api: RunningApi) -> None:
    found = performance(api)
    assert (found["count"], found["per_interval"]) == (0, [0] * 12)
    assert indicator(found, "alarms_per_operator_hour") == (0, 6, True)
    assert indicator(found, "flood_share") == (0, 0.01, True)
    for name in ("top_ten_share", "high_severity_share", "acknowledged_median_s", "acknowledged_p90_s"):
        assert indicator(found, name)[0::2] == (None, None)


def test_rates_follow_when_alarms_were_raised_not_when_their_samples_were_taken(api: RunningApi) -> None:
    minutes = [0, 9.99, 10, *[30 + second / 10 for second in range(12)], 119.9]
    for minute in minutes:
        noticed(api, minute)
    for outside in (-0.01, 120, 300):
        noticed(api, outside)
    noticed(api, 50, is_withdrawn=True)
    raised(api.pool, 60, start=START, noticed_at=START - timedelta(days=1))
    found = performance(api)
    assert found["per_interval"] == [2, 1, 0, 12, 0, 0, 0, 0, 0, 0, 0, 1]
    assert found["count"] == len(minutes) == 16
    assert indicator(found, "alarms_per_operator_hour") == (8, 6, False)
    assert indicator(found, "alarms_per_interval") == (pytest.approx(16 / 12), 1, False)
    assert indicator(found, "peak_per_interval") == (12, 10, False)
    assert indicator(found, "flood_share") == (pytest.approx(1 / 12), 0.01, False)
    shared = performance(api, operators=2)
    assert indicator(shared, "alarms_per_operator_hour") == (4, 6, True)
    assert indicator(shared, "peak_per_interval") == (6, 10, True)
    assert indicator(shared, "flood_share") == (0, 0.01, True)


def test_times_to_acknowledge_are_told_by_severity_and_kind(api: RunningApi) -> None:
    waits = {"critical": [10, 20, 40, 400], "watch": [5]}
    for severity, seconds in waits.items():
        for place, wait in enumerate(seconds):
            at = START + timedelta(seconds=wait)
            noticed(api, 0, place=wait, severity=severity, acknowledged_at=at, acknowledged_by="Ada",
                    reason=f"r{place}")  # fmt: skip
    noticed(api, 0, place=1, severity="watch", kind="stale")
    found = performance(api)
    columns = ("severity", "kind", "count", "acknowledged")
    assert [tuple(one[name] for name in columns) for one in found["by_severity"]] == [
        ("critical", "limit", 4, 4), ("watch", "limit", 1, 1), ("watch", "stale", 1, 0),
    ]  # fmt: skip
    critical, _, silent = found["by_severity"]
    p90 = quantiles(waits["critical"], n=10, method="inclusive")[-1]
    assert (critical["acknowledged_median_s"], critical["acknowledged_p90_s"]) == (30, pytest.approx(p90))
    assert silent["acknowledged_median_s"] is None
    everything = [wait for seconds in waits.values() for wait in seconds]
    assert indicator(found, "acknowledged_median_s") == (median(everything), None, None)


def test_standing_and_stale_alarms_are_those_that_call_somebody_at_the_end(api: RunningApi) -> None:
    stood = partial(raised, api.pool, start=START)
    day_before = START - timedelta(hours=23)
    stood(0, noticed_at=START)
    stood(1, noticed_at=day_before, reason="old")
    stood(2, noticed_at=day_before, reason="hidden")
    stood(3, returned=7_199, noticed_at=START, reason="over")
    stood(4, returned=7_300, noticed_at=START, reason="over_later")
    stood(5, noticed_at=END + timedelta(seconds=1), reason="not_yet")
    suppressed(api.pool, reason="hidden", kind="out_of_service")
    found = performance(api)
    assert (indicator(found, "standing"), indicator(found, "stale")) == ((3, 10, True), (1, 5, True))


def test_ten_most_frequent_are_named_with_their_share_once_it_tells_something(api: RunningApi) -> None:
    for number in range(12):
        for place in range(number + 1):
            noticed(api, place, place=100 * number + place, reason=f"reason_{number:02d}")
    few = performance(api)
    assert [(one["reason"], one["count"]) for one in few["most_frequent"]] == [
        (f"reason_{number:02d}", number + 1) for number in range(11, 1, -1)
    ]
    assert indicator(few, "top_ten_share") == (None, 0.05, None)
    assert indicator(few, "high_severity_share") == (1, 0.05, False)
    for place in range(122):
        noticed(api, 90, place=5_000 + place, reason=f"rare_{place}")
    assert indicator(performance(api), "top_ten_share") == (pytest.approx(75 / 200), 0.05, False)


def test_chattering_alarms_are_counted_and_the_most_frequent_reasons_say_how_many(api: RunningApi) -> None:
    for minute in range(3):
        noticed(api, minute, chattering_since=START if minute else None, activations=1 + minute)
    noticed(api, 4, chattering_since=START, is_withdrawn=True)
    found = performance(api)
    assert indicator(found, "chattering") == (2, 0, False)
    assert [(one["count"], one["chattering"]) for one in found["most_frequent"]] == [(3, 2)]


def feed_back(api: RunningApi, alarm_id: str, feedback: str, **more: Any) -> requests.Response:
    return act(api, f"{alarm_id}/feedback", feedback=feedback, **more)


def test_what_operators_said_of_an_alarm_last_counts_for_its_rule(api: RunningApi) -> None:
    first, second, third = (noticed(api, minute) for minute in (1, 2, 3))
    of_before = noticed(api, -60)
    other = noticed(api, 4, reason="overheating", subsystem="thermal")
    done(feed_back(api, first, "true_alarm"))
    found = done(feed_back(api, first, "false_alarm", operator="Grace", comment="noise"))
    for alarm_id, said in (
        (second, "false_alarm"),
        (third, "known"),
        (of_before, "known"),
        (other, "true_alarm"),
    ):
        done(feed_back(api, alarm_id, said))
    newest = found["events"][0]
    assert (newest["change"], newest["operator"], newest["comment"]) == ("feedback", "Grace", "noise")
    assert newest["details"] == {"old": {"feedback": "true_alarm"}, "new": {"feedback": "false_alarm"}}
    assert (found["state"], found["acknowledged_by"]) == ("returned_unacknowledged", None)
    done(feed_back(api, noticed(api, 5), "rare_nominal"))
    said = performance(api)["feedback"]
    of_eps = {"true_alarm": 0, "false_alarm": 2, "rare_nominal": 1, "known": 1}
    of_thermal = {"true_alarm": 1, "false_alarm": 0, "rare_nominal": 0, "known": 0}
    assert said["by_rule"] == [
        {"subsystem": "eps", "reason": "low_battery", **of_eps},
        {"subsystem": "thermal", "reason": "overheating", **of_thermal},
    ]
    channel = "battery_voltage"
    assert said["by_channel"] == [
        {"subsystem": "eps", "channel": channel, **of_eps},
        {"subsystem": "thermal", "channel": channel, **of_thermal},
    ]
    assert said["by_day"] == [
        {"day": "2025-11-01", **{name: of_eps[name] + of_thermal[name] for name in of_eps}}
    ]
    assert said["by_model"] == []


def test_a_word_is_enough_and_what_was_said_last_is_listed(api: RunningApi) -> None:
    alarm_id, other = raised(api.pool), raised(api.pool, satellite_id="SAT-002")
    assert detail(api, alarm_id)["feedback"] is None
    for word in ("true_alarm", "known"):
        found = done(act(api, f"{alarm_id}/feedback", {"operator": "Ada", "feedback": word}))
        assert (found["feedback"], found["events"][0]["comment"]) == (word, None)
    listed = {one["alarm_id"]: one["feedback"] for one in get(api, "/api/v1/alarms").json()["alarms"]}
    assert listed == {alarm_id: "known", other: None}


def test_feedback_on_anomalies_counts_for_the_leading_channel_the_model_and_the_day(api: RunningApi) -> None:
    shares = {"battery_voltage": {"level": 0.2, "shape": 0.1}, "battery_soc_percent": {"level": 0.7}}
    for minute, constants, word in (
        (1, "one", "false_alarm"),
        (2, "one", "known"),
        (3, "two", "rare_nominal"),
    ):
        with transaction(api.pool) as connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO inference_jobs (job_id, satellite_id, source, status)"
                " VALUES (%s, 'SAT-001', 'kafka', 'completed')",
                (f"job-{minute}",),
            )
            cursor.execute(
                "INSERT INTO subsystem_inferences (job_id, subsystem, satellite, model_name,"
                " triton_model_version, calibration_hash, status, input_data, contributions)"
                " VALUES (%s, 'eps', 'SAT-001', 'lstm', '1', %s, 'completed', '{}', %s)",
                (f"job-{minute}", constants, json.dumps(shares)),
            )
        alarm_id = noticed(
            api, minute, kind="anomaly", channel=None, reason="anomaly", peak_job_id=f"job-{minute}"
        )
        done(feed_back(api, alarm_id, word))
    without_rows = noticed(api, 4, kind="anomaly", channel=None, reason="anomaly", peak_job_id="deleted")
    done(feed_back(api, without_rows, "true_alarm"))
    said = performance(api)["feedback"]
    assert said["by_channel"] == [
        {"subsystem": "eps", "channel": "battery_soc_percent",
         "true_alarm": 0, "false_alarm": 1, "rare_nominal": 1, "known": 1},
    ]  # fmt: skip
    model = {"model_name": "lstm", "model_version": "1", "true_alarm": 0}
    assert said["by_model"] == [
        {**model, "calibration_hash": "one", "false_alarm": 1, "rare_nominal": 0, "known": 1},
        {**model, "calibration_hash": "two", "false_alarm": 0, "rare_nominal": 1, "known": 0},
    ]
    assert [day["true_alarm"] for day in said["by_day"]] == [1]


def test_feedback_of_other_words_or_of_no_alarm_is_refused(api: RunningApi) -> None:
    alarm_id = raised(api.pool)
    for wrong in ("true", "", None, 1, ["known"]):
        problem(act(api, f"{alarm_id}/feedback", feedback=wrong), 422)
    for comment in ("", "a\u0000b", "x" * 2_001):
        problem(act(api, f"{alarm_id}/feedback", feedback="known", comment=comment), 422)
    problem(act(api, f"{alarm_id}/feedback", ADA), 422)
    problem(act(api, f"{alarm_id}/feedback", {"feedback": "known"}), 422)
    assert problem(feed_back(api, "eps.low_battery.1.SAT-009", "known"), 404) == "No such alarm"
    assert changes(api.pool, alarm_id) == ["raised"]
    assert detail(api, alarm_id)["state"] == "unacknowledged"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"start_time": "2025-11-01T12:00:00Z", "end_time": "2025-11-01T12:00:00Z"}, "before end_time"),
        ({"start_time": "2025-11-02T12:00:00Z", "end_time": "2025-11-01T12:00:00Z"}, "before end_time"),
        ({"start_time": "2025-09-01", "end_time": "2025-10-03"}, "31 days"),
        ({"start_time": "1970-01-01"}, "365 days"),
        ({"end_time": "2199-01-01"}, "future"),
        ({"start_time": "2198-01-01"}, "before end_time"),
        ({"operators": 0}, "operators"),
        ({"operators": 101}, "operators"),
        ({"start_time": "yesterday"}, "start_time"),
        ({"end_time": "9999-12-31T23:59:59Z"}, "between 1970 and 2200"),
    ],
)
def test_impossible_span_is_refused_with_the_reason(
    api: RunningApi, query: dict[str, Any], told: str
) -> None:
    assert told in problem(get(api, PERFORMANCE, **query), 422)


def test_span_that_is_not_given_is_the_last_day(api: RunningApi) -> None:
    found = done(get(api, PERFORMANCE), 200)
    start, end = (datetime.fromisoformat(found[name]) for name in ("start_time", "end_time"))
    assert end - start == timedelta(days=1)
    assert len(found["per_interval"]) == 144

"""Alerts of limits, from a message to the operator, judged or not."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from operation_server.fleet.reading import FRESH_S
from telemetry_core.postgres.database import Pool
from testbed.postgres_server import free_port
from tests.integration.api.alerts.hearing import ENOUGH, LOW, Telemetry
from tests.integration.api.alerts.judging import START, acknowledge, alerts, instant, judge, whole
from tests.integration.api.calls import get, problem
from tests.integration.servers.running_api import RunningApi, running_api

pytestmark = pytest.mark.integration


def test_broken_limit_is_an_alert_before_anything_is_judged(api: RunningApi, telemetry: Telemetry) -> None:
    telemetry.send(0, LOW)
    telemetry.send(10, {"eps": {"battery_soc_percent": 29.0}})
    (found,) = alerts(api)
    assert (found["kind"], found["reason"], found["severity"]) == ("limit", "low_battery", "critical")
    assert (found["state"], found["is_open"], found["suppression"]) == ("unacknowledged", True, None)
    assert (found["started_at"], found["last_at"], found["verdict_count"]) == (instant(0), instant(10), 0)
    assert found["channels"] == ["battery_soc_percent"]
    detail = get(api, f"/api/v1/alerts/{found['alert_id']}").json()
    (channel,) = detail["why"]["channels"]
    assert (channel["channel"], channel["share"], channel["actual"]) == ("battery_soc_percent", 1.0, 29.0)
    assert (channel["nominal"], channel["expected"], detail["verdicts"]) == ([40.0, 100.0], None, [])
    satellite = whole(api)
    assert (satellite["state"], satellite["open_alerts"]) == ("critical", 1)


def test_limit_that_was_kept_again_is_a_returned_alert_until_somebody_looked(
    api: RunningApi, telemetry: Telemetry
) -> None:
    telemetry.send(0, LOW)
    telemetry.send(60, ENOUGH)
    (found,) = alerts(api)
    assert (found["state"], found["is_open"], found["last_at"]) == ("returned", False, instant(0))
    satellite = whole(api)
    assert (satellite["open_alerts"], satellite["returned_alerts"], satellite["state"]) == (0, 1, "caution")
    assert acknowledge(api, found["alert_id"]).status_code == 201
    assert [alert["state"] for alert in alerts(api)] == ["cleared"]
    time.sleep(FRESH_S)  # what was read before is kept so long
    assert get(api, "/api/v1/fleet").json()["satellites"] == []


def test_verdicts_belong_to_the_alert_of_their_time_whichever_comes_first(
    api: RunningApi, api_pool: Pool, telemetry: Telemetry
) -> None:
    for second in (0, 1, 2):
        telemetry.send(second, LOW)
    telemetry.send(62, ENOUGH)
    telemetry.send(70, LOW)
    newest, first = alerts(api)
    for count, second in enumerate((1, 0, 2), start=1):
        judge(api_pool, second, "n", reason="low_battery", anomaly_score=0.1 * count)
        judge(api_pool, second + 10, "n")
        detail = get(api, f"/api/v1/alerts/{first['alert_id']}").json()
        assert (detail["verdict_count"], len(detail["verdicts"])) == (count, count)
    assert detail["peak_score"] == 0.3
    assert detail["peak_job_id"] == detail["newest_job_id"]
    assert detail["why"]["generated_at"] == first["started_at"]
    judge(api_pool, 70, "f", reason="abnormal_temperature,low_battery")
    assert {item["alert_id"]: item["verdict_count"] for item in alerts(api)} == {
        newest["alert_id"]: 1,
        first["alert_id"]: 3,
    }


@pytest.mark.parametrize(("quiet", "is_open"), [(0, True), (2, True), (3, False)])
@pytest.mark.parametrize("interval_s", [20, 300])
def test_flapping_limit_is_one_alert_until_three_intervals_without_a_breach(
    api: RunningApi, telemetry: Telemetry, interval_s: int, quiet: int, *, is_open: bool
) -> None:
    known, flapping = [ENOUGH] * 6, [ENOUGH if number % 3 else LOW for number in range(31)]
    values = [*known, *flapping, *[ENOUGH] * quiet]
    for number, value in enumerate(values, start=-len(values)):
        telemetry.send(number * interval_s, value)
    assert [alert["is_open"] for alert in alerts(api)] == [is_open]


def test_old_links_find_the_alert_by_any_moment_within_it(api: RunningApi, telemetry: Telemetry) -> None:
    for second in (0, 30, 60):
        telemetry.send(second, LOW)
    telemetry.send(150, ENOUGH)
    (found,) = alerts(api)

    def link(second: float) -> str:
        milliseconds = round((START + timedelta(seconds=second)).timestamp() * 1000)
        return f"/api/v1/alerts/eps.low_battery.{milliseconds}.SAT-001"

    for second in (0, 17, 60, 150):
        assert get(api, link(second)).json()["alert_id"] == found["alert_id"]
    for second in (-1, 151):
        problem(get(api, link(second)), 404)


def test_late_sample_moves_the_start_and_the_id_stays(api: RunningApi, telemetry: Telemetry) -> None:
    telemetry.send(5, LOW)
    (before,) = alerts(api)
    telemetry.send(3, LOW, received_s=6)
    (after,) = alerts(api)
    assert (after["alert_id"], after["started_at"]) == (before["alert_id"], instant(3))


def test_alert_of_a_fast_on_board_clock_is_listed_at_once(api: RunningApi, telemetry: Telemetry) -> None:
    now_s = (datetime.now(UTC) - START).total_seconds()
    telemetry.send(now_s + 200, LOW, received_s=now_s)
    now = datetime.now(UTC).isoformat()
    assert [alert["reason"] for alert in alerts(api)] == ["low_battery"]
    assert [alert["reason"] for alert in alerts(api, end_time=now)] == ["low_battery"]
    assert alerts(api, end_time=instant(1_700)) == []


def test_alerts_stand_without_victoria_metrics(api: RunningApi, telemetry: Telemetry, tmp_path: Path) -> None:
    telemetry.send(0, LOW)
    nowhere = f"http://127.0.0.1:{free_port()}"
    with running_api(api.database, tmp_path, victoria_url=nowhere) as other:
        (found,) = alerts(other)
        assert acknowledge(other, found["alert_id"]).status_code == 201
        satellite = whole(other)
    assert (satellite["state"], satellite["last_contact"]) == ("caution", None)

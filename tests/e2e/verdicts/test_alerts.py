"""Alerts of broken limits: they stand at once, also while nothing can be judged."""

from datetime import timedelta
from typing import Any

import pytest
import requests

from testbed.fleet import SimulatedSatellite, low_battery
from testbed.generator import whole_second_now
from testbed.running_platform import HTTP_TIMEOUT_S, Platform
from testbed.supervised import wait_until

NOMINAL_SETS = 20
"""So many that windows are judged: a shorter one warms up, for which no model is asked."""
SAMPLE_SETS = 3
SEEN_WITHIN_S = 5
JUDGED_WITHIN_S = 60

pytestmark = pytest.mark.e2e


def ask(platform: Platform, path: str, **query: str) -> Any:
    answer = requests.get(f"{platform.api_url}/{path}", params=query, timeout=HTTP_TIMEOUT_S)
    answer.raise_for_status()
    return answer.json()


def in_fleet(platform: Platform, satellite_id: str) -> dict[str, Any]:
    found = {item["satellite_id"]: item for item in ask(platform, "fleet")["satellites"]}
    satellite: dict[str, Any] = found.get(satellite_id, {})
    return satellite


def limit_alerts(platform: Platform, satellite_id: str, alert_id: str) -> list[dict[str, Any]]:
    alerts = ask(platform, "alerts", satellite_id=satellite_id, kind="limit")["alerts"]
    return [alert for alert in alerts if alert["alert_id"] == alert_id]


def test_broken_limit_is_an_alert_while_no_model_answers_and_the_same_one_after(
    platform: Platform, satellites: str
) -> None:
    name = f"{satellites}0"
    satellite = SimulatedSatellite(satellite_id=name)
    satellite.send(1)
    wait_until(  # VictoriaMetrics finds a new series only after a while, new samples of a known one at once
        lambda: in_fleet(platform, name).get("last_contact"), "it is in contact", within_s=60, every_s=1
    )
    satellite.generated_at = whole_second_now() - timedelta(seconds=NOMINAL_SETS + SAMPLE_SETS)
    satellite.send(NOMINAL_SETS)
    with platform.supervised.stopped("triton-server"):
        # VictoriaMetrics may show the last of these first: until it shows all, the alert starts later.
        begun_ms = round(satellite.generated_at.timestamp() * 1000)
        satellite.send(SAMPLE_SETS, low_battery)
        (alert,) = wait_until(
            lambda: limit_alerts(platform, name, f"eps.low_battery.{begun_ms}.{name}"),
            "the broken limit is an alert",
            within_s=SEEN_WITHIN_S,
        )
        assert (alert["reason"], alert["state"]) == ("low_battery", "unacknowledged")
        assert alert["verdict_count"] == 0
        wait_until(
            lambda: in_fleet(platform, name)["state"] == "critical",
            "the fleet shows it",
            within_s=SEEN_WITHIN_S,
        )
    wait_until(
        lambda: ask(platform, f"alerts/{alert['alert_id']}")["verdict_count"] == SAMPLE_SETS,
        "the verdicts are the same alert's",
        within_s=JUDGED_WITHIN_S,
        every_s=0.5,
    )
    (judged,) = ask(platform, "alerts", satellite_id=name, kind="limit")["alerts"]
    assert (judged["alert_id"], judged["is_open"]) == (alert["alert_id"], True)
    wait_until(
        lambda: platform.tasks_in("inference") == 0, "nothing is judged later", within_s=JUDGED_WITHIN_S
    )

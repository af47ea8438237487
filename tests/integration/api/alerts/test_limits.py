"""Limits that telemetry breaks, judged or not, over a real VictoriaMetrics and PostgreSQL."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from telemetry_core.service.settings import Settings
from testbed.postgres_server import free_port
from tests.integration.api.alerts.judging import acknowledge, alerts, judge
from tests.integration.api.calls import get, problem
from tests.integration.servers.running_api import RunningApi, running_api
from tests.integration.servers.victoria_server import running_victoria_server, write_samples

if TYPE_CHECKING:
    from telemetry_core.postgres.database import Pool

pytestmark = pytest.mark.integration

SERIES: Final = "satellite_battery_soc"
Measure = Callable[[Mapping[float, float]], None]


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def victoria_url(tmp_path: Path) -> Iterator[str]:
    with running_victoria_server(tmp_path) as url:
        yield url


@pytest.fixture
def measure(victoria_url: str, now: datetime) -> Measure:
    """Offer to store the battery's charge by seconds from now."""

    def store(values: Mapping[float, float]) -> None:
        start_ms = round(now.timestamp() * 1000)
        samples = {start_ms + round(second * 1000): value for second, value in values.items()}
        write_samples(victoria_url, SERIES, "SAT-001", samples)

    return store


@pytest.fixture
def limited_api(database: Settings, victoria_url: str, tmp_path: Path) -> Iterator[RunningApi]:
    models = tmp_path / "models"
    models.mkdir()
    with running_api(database, models, victoria_url=victoria_url) as api:
        yield api


@pytest.fixture
def judged(limited_api: RunningApi, now: datetime) -> Callable[[float], str]:
    """Offer to judge a sample that broke the limit, by seconds from now."""
    pool: Pool = limited_api.pool
    return lambda second: judge(pool, second, "n", reason="low_battery", start=now)


def instant(moment: datetime) -> str:
    return moment.isoformat(timespec="auto").replace("+00:00", "Z")


def fleet_state(api: RunningApi) -> dict[str, Any]:
    time.sleep(1.1)  # what was read before is kept for a second
    (satellite,) = get(api, "/api/v1/fleet").json()["satellites"]
    found: dict[str, Any] = satellite
    return found


def test_broken_limit_is_an_alert_before_anything_is_judged(
    limited_api: RunningApi, measure: Measure, now: datetime
) -> None:
    measure({-100: 20.0, -30: 50.0, -20: 29.99, -10: 29.0})
    (found,) = alerts(limited_api)
    assert (found["kind"], found["reason"], found["state"]) == ("limit", "low_battery", "unacknowledged")
    assert (found["started_at"], found["last_at"], found["verdict_count"]) == (
        instant(now - timedelta(seconds=20)),
        instant(now - timedelta(seconds=10)),
        0,
    )
    detail = get(limited_api, f"/api/v1/alerts/{found['alert_id']}").json()
    (channel,) = detail["why"]["channels"]
    assert (channel["channel"], channel["share"], channel["actual"]) == ("battery_soc_percent", 1.0, 29.0)
    assert (channel["nominal"], channel["expected"], detail["verdicts"]) == ([40.0, 100.0], None, [])
    satellite = fleet_state(limited_api)
    assert (satellite["state"], satellite["is_stale"]) == ("critical", False)


def test_limit_that_is_kept_for_a_minute_is_no_alert(limited_api: RunningApi, measure: Measure) -> None:
    measure({-20: 29.0})
    (found,) = alerts(limited_api)
    measure({-10: 30.0, 39: 30.0})
    assert [alert["alert_id"] for alert in alerts(limited_api)] == [found["alert_id"]]
    measure({40: 30.0})
    assert alerts(limited_api) == []
    problem(get(limited_api, f"/api/v1/alerts/{found['alert_id']}"), 404)
    assert fleet_state(limited_api)["state"] == "standby"


def test_silence_ends_what_nothing_judged(limited_api: RunningApi, measure: Measure) -> None:
    measure({-120: 29.0})
    assert alerts(limited_api) == []


@pytest.mark.parametrize("order", [(-20, -15, -10), (-10, -15, -20)])
def test_alert_acknowledged_unjudged_stays_so_whichever_verdict_comes_first(
    limited_api: RunningApi, measure: Measure, judged: Callable[[float], str], order: tuple[float, ...]
) -> None:
    measure({-20: 29.0, -15: 28.0, -10: 27.0})
    (unjudged,) = alerts(limited_api)
    assert acknowledge(limited_api, unjudged["alert_id"]).status_code == 201
    for count, second in enumerate(order, start=1):
        judged(second)
        (found,) = alerts(limited_api)
        assert (found["state"], found["verdict_count"]) == ("acknowledged", count)
        detail = get(limited_api, f"/api/v1/alerts/{unjudged['alert_id']}").json()
        assert (detail["verdict_count"], detail["alert_id"]) == (count, found["alert_id"])
        problem(acknowledge(limited_api, unjudged["alert_id"], operator="Grace"), 409)
    assert fleet_state(limited_api)["state"] == "caution"


def test_judged_breach_is_one_alert(
    limited_api: RunningApi, measure: Measure, judged: Callable[[float], str]
) -> None:
    measure({-20: 29.0, -10: 28.0})
    judged(-20)
    assert [alert["verdict_count"] for alert in alerts(limited_api)] == [1]


def test_alerts_of_verdicts_stand_without_victoria_metrics(
    database: Settings, tmp_path: Path, now: datetime
) -> None:
    with running_api(database, tmp_path, victoria_url=f"http://127.0.0.1:{free_port()}") as api:
        judge(api.pool, -5, "n", reason="low_battery", start=now)
        (found,) = alerts(api)
        assert acknowledge(api, found["alert_id"]).status_code == 201
        satellite = fleet_state(api)
    assert (satellite["state"], satellite["last_contact"]) == ("caution", None)

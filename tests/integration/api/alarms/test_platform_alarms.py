"""An alarm of the platform is in the list of alarms, and nowhere taken for one of a satellite."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alarm_server.platform.route import PlatformRoutes
from housekeeping.retention import retention_chores
from operation_server.verdicts.feed import read_events
from telemetry_core.postgres.database import Pool
from tests.integration.api.alarms.rows import act, changes, done, listed, raised
from tests.integration.api.calls import get
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration

PLATFORM: dict[str, Any] = {
    "satellite_id": "platform", "subsystem": "triton", "reason": "unavailable", "kind": "platform",
    "channel": None, "value": None, "worst_value": None, "limit_value": None,
}  # fmt: skip


def test_no_satellite_of_that_name_appears(api: RunningApi, api_pool: Pool) -> None:
    standing = raised(api_pool, 0, **PLATFORM)
    returned = raised(api_pool, 10, returned=20, **PLATFORM)
    own = raised(api_pool, 5)
    done(act(api, f"{standing}/acknowledgements"))
    done(act(api, f"{own}/acknowledgements"))

    assert set(listed(api)) == {standing, returned, own}
    fleet = get(api, "/api/v1/fleet").json()
    assert [satellite["satellite_id"] for satellite in fleet["satellites"]] == ["SAT-001"]
    assert get(api, "/api/v1/fleet/platform").status_code == 404
    alerts = get(api, "/api/v1/alerts").json()["alerts"]
    assert [alert["alert_id"] for alert in alerts] == [own]
    told = read_events(api_pool, (0, 0))
    assert [(event["event"], event["satellite_id"]) for event in told] == [("acknowledgement", "SAT-001")]


def test_it_is_deleted_with_its_history_once_it_needs_no_attention(api: RunningApi, api_pool: Pool) -> None:
    standing = raised(api_pool, 0, **PLATFORM)
    over = raised(api_pool, 10, returned=20, **PLATFORM)
    done(act(api, f"{over}/acknowledgements"))
    much_later = datetime.now(UTC) + timedelta(days=400)
    for chore in retention_chores(api_pool, api.database, clock=lambda: much_later):
        if chore.name == "alarms":
            chore.work()

    assert listed(api) == [standing]
    assert changes(api_pool, over) == []


def test_the_alarm_server_reads_what_the_operation_server_says(api: RunningApi, api_pool: Pool) -> None:
    raised(api_pool)
    routes = PlatformRoutes(api.url, None)
    assert routes.pipeline().database.state == "normal"
    assert [satellite.satellite_id for satellite in routes.fleet().satellites] == ["SAT-001"]

"""An anomaly is an alert and an alarm, each with a route of its own: one acknowledgement counts for both."""

import pytest

from telemetry_core.postgres.database import Pool
from tests.integration.api.alarms.rows import act, detail, done, listed
from tests.integration.api.alerts.judging import acknowledge, alerts, judge
from tests.integration.api.calls import problem
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration


def test_an_acknowledged_alert_is_an_acknowledged_alarm(api: RunningApi, api_pool: Pool) -> None:
    judge(api_pool, 0.5, "a")
    judge(api_pool, 1, "a")
    api.fold()
    (alert,) = alerts(api)
    assert acknowledge(api, alert["alert_id"]).status_code == 201
    (alarm_id,) = listed(api)
    alarm = detail(api, alarm_id)
    assert (alarm["state"], alarm["acknowledged_by"]) == ("acknowledged", "Ada")
    newest = alarm["events"][0]
    assert (newest["change"], newest["operator"], newest["comment"]) == ("acknowledged", "Ada", "seen")
    assert "acknowledged already" in problem(act(api, f"{alarm_id}/acknowledgements"), 409)


def test_an_acknowledged_alarm_is_an_acknowledged_alert(api: RunningApi, api_pool: Pool) -> None:
    judge(api_pool, 0.0005, "a")
    api.fold()
    (alarm_id,) = listed(api)
    done(act(api, f"{alarm_id}/acknowledgements", comment="seen here"))
    (alert,) = alerts(api)
    assert (alert["state"], alert["acknowledgement"]["comment"]) == ("acknowledged", "seen here")
    assert acknowledge(api, alert["alert_id"]).status_code == 409

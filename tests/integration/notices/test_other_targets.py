"""An Alertmanager is told again what stands, and apprise reaches its services."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from alarm_notifier.configuration import Notifications
from alarm_notifier.standing_alerts import EVERY_S, AlertmanagerDelivery
from alarm_notifier.targets.alertmanager import LASTS, AlertmanagerSender
from alarm_notifier.targets.choice import senders_of
from telemetry_core.contract.errors import InvalidFile
from telemetry_core.postgres.database import Pool
from tests.integration.api.alarms.rows import raised, suppressed
from tests.integration.notices.running import deliveries, executed, planned, sent, started
from tests.webhook_receiver import receiving

pytestmark = pytest.mark.integration


def configured(kind: str, url: str) -> Notifications:
    return Notifications.model_validate(
        {"targets": {"one": {"type": kind, "url": url}}, "routes": [{"targets": ["one"]}]}
    )


def lasts(alert: dict[str, Any]) -> timedelta:
    return datetime.fromisoformat(alert["endsAt"]) - datetime.fromisoformat(alert["startsAt"])


def test_what_stands_is_told_again_each_minute_and_ends_when_it_returns(pool: Pool, theirs: Pool) -> None:
    now_s = 0.0
    with receiving() as receiver:
        configuration = configured("alertmanager", receiver.url)
        sender = senders_of(configuration)["one"]
        assert isinstance(sender, AlertmanagerSender)
        planner = started(theirs, configuration)
        delivery = AlertmanagerDelivery(theirs, "one", sender, configuration.routes, monotonic=lambda: now_s)
        alarm_ids = [raised(pool, 60), raised(pool, 120, reason="other")]
        planned(planner, pool)
        sent(delivery)
        assert [len(body) for _, body in receiver.taken] == [1, 1]
        alert = receiver.taken[0][1][0]
        assert {name: alert["labels"][name] for name in ("alertname", "satellite_id", "severity")} == {
            "alertname": "low_battery",
            "satellite_id": "SAT-001",
            "severity": "critical",
        }
        assert lasts(alert) > LASTS
        now_s += EVERY_S
        sent(delivery)
        assert {one["labels"]["alarm_id"] for one in receiver.taken[2][1]} == set(alarm_ids)
        suppressed(pool, reason="other", kind="shelved")
        executed(pool, "UPDATE ops.alarms SET returned_at = last_at WHERE reason = 'low_battery'")
        executed(
            pool,
            "INSERT INTO ops.alarm_events (alarm_id, event, member_at) VALUES (%s, 'returned', now())",
            alarm_ids[0],
        )
        planned(planner, pool)
        now_s += EVERY_S
        sent(delivery)
    assert len(receiver.taken) == 4  # nothing stands that anybody is to be told of again
    ended = receiver.taken[3][1][0]
    first_end = datetime.fromisoformat(alert["endsAt"])
    assert datetime.fromisoformat(ended["endsAt"]) < first_end


def test_apprise_reaches_a_service_by_its_url_and_tells_when_it_did_not(pool: Pool, theirs: Pool) -> None:
    with receiving() as receiver:
        configuration = configured("apprise", receiver.url.replace("http://", "json://"))
        planner = started(theirs, configuration)
        raised(pool)
        planned(planner, pool)
        delivery = deliveries(theirs, configuration)["one"]
        receiver.status = 500
        sent(delivery)
        assert receiver.taken == []
        receiver.status = 200
        executed(pool, "UPDATE ops.notifications SET next_attempt_at = created_at")
        sent(delivery)
    ((_, body),) = receiver.taken
    assert body["title"] == "CRITICAL SAT-001 eps low_battery: raised"
    assert "worst value: 2.9" in body["message"].splitlines()


def test_a_url_that_apprise_does_not_know_is_refused_and_not_shown() -> None:
    with pytest.raises(InvalidFile, match=r"targets\.one: apprise knows no service") as refused:
        senders_of(configured("apprise", "hidden-9d41e7://somewhere"))
    assert "hidden" not in str(refused.value)

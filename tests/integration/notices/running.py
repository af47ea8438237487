"""A notifier over a real PostgreSQL, step by step."""

import time
from typing import Any

from alarm_notifier.configuration import Notifications
from alarm_notifier.delivery import Delivery
from alarm_notifier.planner import Planner
from alarm_notifier.targets.choice import senders_of
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, select


def configured(targets: dict[str, str], *routes: dict[str, Any], **target: Any) -> Notifications:
    """Webhooks by name and URL, and routes; without any all are told of everything."""
    return Notifications.model_validate(
        {
            "targets": {name: {"type": "webhook", "url": url, **target} for name, url in targets.items()},
            "routes": list(routes) or [{"targets": list(targets)}],
        }
    )


def deliveries(pool: Pool, configuration: Notifications) -> dict[str, Delivery]:
    return {
        name: Delivery(pool, name, sender, configuration.routes)
        for name, sender in senders_of(configuration).items()
    }


def started(pool: Pool, configuration: Notifications) -> Planner:
    planner = Planner(pool, configuration)
    planner.step()
    return planner


def planned(planner: Planner, pool: Pool) -> None:
    """Plan all that is committed, also what a running transaction still hides."""
    deadline = time.monotonic() + 30
    while True:
        planner.step()
        cursor = planner.cursor()
        newest = "SELECT id FROM ops.alarm_events ORDER BY xact DESC, id DESC LIMIT 1"
        if [row["id"] for row in fetched(pool, newest)] in ([], [cursor.id]):
            return
        assert time.monotonic() < deadline
        time.sleep(0.01)


def sent(delivery: Delivery) -> None:
    while delivery.step():
        pass


def make_due(pool: Pool) -> None:
    """Let the time pass that notices wait."""
    executed(pool, "UPDATE ops.notifications SET next_attempt_at = created_at WHERE state = 'pending'")


def notices(pool: Pool) -> list[Row]:
    return fetched(pool, "SELECT * FROM ops.notifications ORDER BY id")


def fetched(pool: Pool, statement: str) -> list[Row]:
    with transaction(pool) as connection:
        return select(connection, statement)


def executed(pool: Pool, statement: str, *parameters: Any) -> None:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(statement, parameters)

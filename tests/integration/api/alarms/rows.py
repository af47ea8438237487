"""Alarms as the alarm server writes them, and what a client does with them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from alarm_server.groups.store import group
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.postgres.database import Pool, transaction
from tests.integration.api.calls import fetch, get
from tests.integration.servers.running_api import RunningApi

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
ADA = {"operator": "Ada", "comment": "seen"}
GRACE = {"operator": "Grace", "comment": "me too"}


def raised(
    pool: Pool,
    second: float = 0,
    *,
    returned: float | None = None,
    start: datetime = START,
    **columns: Any,
) -> str:
    """Write an alarm as the alarm server does; seconds count from `start`."""
    started_at = start + timedelta(seconds=second)
    row = {"satellite_id": "SAT-001", "subsystem": "eps", "reason": "low_battery", "kind": "limit",
           "severity": "critical", "started_at": started_at, "raised_at": started_at, "last_at": started_at,
           "returned_at": None if returned is None else start + timedelta(seconds=returned),
           "channel": "battery_voltage", "value": 3.1, "worst_value": 2.9, "limit_value": 3.3,
           **columns}  # fmt: skip
    milliseconds = microseconds_of(started_at) // 1000
    row.setdefault("alarm_id", f"{row['subsystem']}.{row['reason']}.{milliseconds}.{row['satellite_id']}")
    names, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO ops.alarms ({names}) VALUES ({places})", row)
        cursor.execute(
            "INSERT INTO ops.alarm_events (alarm_id, event, member_at) VALUES (%s, 'raised', %s)",
            (row["alarm_id"], started_at),
        )
        group(connection, [row["alarm_id"]])
    alarm_id: str = row["alarm_id"]
    return alarm_id


def listed(api: RunningApi, **query: Any) -> list[str]:
    """Return the ids on all pages."""
    found: list[str] = []
    while True:
        answer = get(api, "/api/v1/alarms", **query)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found += [alarm["alarm_id"] for alarm in body["alarms"]]
        if body["next_cursor"] is None:
            return found
        query["cursor"] = body["next_cursor"]


def detail(api: RunningApi, alarm_id: str) -> dict[str, Any]:
    answer = get(api, f"/api/v1/alarms/{alarm_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def act(
    api: RunningApi, path: str, body: Any = None, *, method: str = "POST", **more: Any
) -> requests.Response:
    given = {**ADA, **more} if body is None else body
    return requests.request(method, f"{api.url}/api/v1/alarms/{path}", json=given, timeout=20)


def done(answer: requests.Response, status: int = 201) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


def changes(pool: Pool, alarm_id: str) -> list[str]:
    query = "SELECT event FROM ops.alarm_events WHERE alarm_id = %s ORDER BY id"
    return [event for (event,) in fetch(pool, query, alarm_id)]


def suppressed(
    pool: Pool, *, reason: str, kind: str, satellite: str = "SAT-001", until: datetime | None = None
) -> None:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ops.alarm_suppressions"
            " (satellite_id, subsystem, reason, kind, operator, comment, until)"
            " VALUES (%s, 'eps', %s, %s, 'Ada', 'known', %s::timestamptz AT TIME ZONE 'UTC')",
            (satellite, reason, kind, until or datetime.now(UTC) + timedelta(hours=1)),
        )

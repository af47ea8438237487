"""The order in which alarms ask for an operator, over a real PostgreSQL."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from telemetry_core.postgres.database import Pool, transaction
from tests.integration.api.alarms import rows
from tests.integration.api.alarms.rows import START, act, done, listed, suppressed
from tests.integration.api.calls import get, problem
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration

raised = partial(rows.raised, noticed_at=START)
"""Alarms that came at once would be a flood, too."""


def in_order_of_urgency(pool: Pool) -> list[str]:
    """Write alarms of every rank, the least urgent ones newest, and others that call nobody."""
    raised(pool, 90, reason="cleared", returned=91, acknowledged_at=START, severity="severe")
    raised(pool, 91, reason="shelved", severity="severe")
    suppressed(pool, reason="shelved", kind="shelved")
    known = raised(pool, 80, reason="known", acknowledged_at=START, severity="severe")
    latched_known = raised(
        pool, 70, reason="latched_known", returned=71, is_latching=True, acknowledged_at=START
    )
    over = [
        raised(pool, 60 + place, reason=f"over_{severity}", severity=severity, returned=65)
        for place, severity in enumerate(("severe", "watch"))
    ]
    calling = [
        raised(pool, 40 + place, reason=f"calling_{severity}", severity=severity)
        for place, severity in enumerate(("severe", "critical", "distress", "warning", "watch"))
    ]
    older = raised(pool, 0, reason="calling_earlier", severity="severe")
    latched = raised(pool, 10, reason="latched", returned=11, is_latching=True, severity="severe")
    return [calling[0], latched, older, *calling[1:], *over, known, latched_known]


@pytest.mark.parametrize("limit", [1, 3, 500])
def test_what_nobody_acknowledged_comes_first_then_the_most_severe_then_the_newest(
    api: RunningApi, api_pool: Pool, limit: int
) -> None:
    expected = in_order_of_urgency(api_pool)
    assert listed(api, order="urgency", limit=limit) == expected


def test_page_goes_on_behind_an_alarm_that_is_acknowledged_meanwhile(api: RunningApi, api_pool: Pool) -> None:
    expected = in_order_of_urgency(api_pool)
    page = get(api, "/api/v1/alarms", order="urgency", limit=3).json()
    seen = [alarm["alarm_id"] for alarm in page["alarms"]]
    done(act(api, f"{seen[-1]}/acknowledgements"))
    rest = listed(api, order="urgency", limit=3, cursor=page["next_cursor"])
    assert [alarm_id for alarm_id in rest if alarm_id != seen[-1]] == expected[3:]


def test_filters_hold_in_that_order_too(api: RunningApi, api_pool: Pool) -> None:
    expected = in_order_of_urgency(api_pool)
    raised(api_pool, 5, satellite_id="SAT-002", subsystem="aocs", kind="anomaly", assigned_to="Grace")
    for query in ({"satellite_id": "SAT-001"}, {"subsystem": "eps"}, {"kind": "limit"}):
        assert listed(api, order="urgency", **query) == expected, query
    assert len(listed(api, order="urgency", assigned_to="Grace")) == 1
    assert listed(api, order="urgency", severity="watch") == [expected[6], expected[8]]
    assert listed(api, order="urgency", state="returned_unacknowledged") == expected[7:9]
    assert listed(api, order="urgency", state="normal") == []
    since = (START + timedelta(seconds=64)).isoformat()
    assert expected[1] not in listed(api, order="urgency", start_time=since)
    assert expected[2] in listed(api, order="urgency", start_time=since)


def test_satellites_that_nobody_heard_for_a_day_stand_apart(api: RunningApi, api_pool: Pool) -> None:
    silent = raised(api_pool, 0, satellite_id="SAT-SILENT", severity="severe")
    live = [raised(api_pool, 1, satellite_id=name) for name in ("SAT-HEARD", "SAT-UNKNOWN")]
    heard(api_pool, "SAT-SILENT", ago=timedelta(hours=25))
    heard(api_pool, "SAT-HEARD", ago=timedelta(hours=23))
    for order in ("urgency", "newest"):
        assert sorted(listed(api, order=order, heard=True)) == sorted(live)
        assert listed(api, order=order, heard=False) == [silent]
        assert len(listed(api, order=order)) == 3


def test_cursor_of_another_order_is_refused(api: RunningApi, api_pool: Pool) -> None:
    for second in range(2):
        raised(api_pool, second)
    cursor = get(api, "/api/v1/alarms", limit=1).json()["next_cursor"]
    problem(get(api, "/api/v1/alarms", order="urgency", cursor=cursor), 422)
    problem(get(api, "/api/v1/alarms", order="alphabet"), 422)


def heard(pool: Pool, satellite_id: str, *, ago: timedelta) -> None:
    """Note a contact as the alarm server does."""
    at = datetime.now(UTC) - ago
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO ops.alarm_contacts VALUES (%s, %s, %s, FALSE)", (satellite_id, at, at))

"""Alarms listed page by page, and one with all that belongs to it, over a real PostgreSQL."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from alarms.life_cycle import Facts, State, facts_of, state_of
from operation_server.alarms.filters import Filters
from operation_server.alarms.store import read_page
from operation_server.jobs.cursors import decode_cursor
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import select
from tests.integration.api.alarms.rows import START, act, detail, done, listed, raised, suppressed
from tests.integration.api.calls import get, problem
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration


def test_state_in_the_database_is_that_of_the_life_cycle(api: RunningApi, api_pool: Pool) -> None:
    for number, known in enumerate(product([False, True], repeat=6)):
        standing, acknowledged, latching, was_reset, shelved, out = known
        reason = f"reason_{number}"
        raised(
            api_pool, number, reason=reason, is_latching=latching, noticed_at=START,
            returned_at=None if standing else START + timedelta(hours=1),
            acknowledged_at=START if acknowledged else None, reset_at=START if was_reset else None,
        )  # fmt: skip
        for kind in ["shelved"] * shelved + ["out_of_service"] * out:
            suppressed(api_pool, reason=reason, kind=kind)
    with transaction(api_pool) as connection:
        rows = select(connection, "SELECT * FROM ops.alarm_states ORDER BY started_at")
    assert [facts_of(row["facts"]) for row in rows] == [
        Facts(is_standing=standing, is_acknowledged=acknowledged, is_latching=latching, is_reset=was_reset,
              is_shelved=shelved, is_out_of_service=out)
        for standing, acknowledged, latching, was_reset, shelved, out in product([False, True], repeat=6)
    ]  # fmt: skip
    by_state = {state: listed(api, state=state.value, limit=500) for state in State}
    assert {row["alarm_id"]: state_of(facts_of(row["facts"])) for row in rows} == {
        alarm_id: state for state, found in by_state.items() for alarm_id in found
    }
    counts = get(api, "/api/v1/alarms").json()["attention"]
    assert counts["count"] == len(listed(api, needs_attention=True))
    assert {item["state"]: item["count"] for item in counts["counts"]} == {
        state.value: len(found) for state, found in by_state.items() if found and "unacknowledged" in state
    }


def test_alarm_is_listed_with_what_is_known_of_it(api: RunningApi, api_pool: Pool) -> None:
    alarm_id = raised(api_pool, 0.123456)
    (alarm,) = get(api, "/api/v1/alarms").json()["alarms"]
    assert (alarm["alarm_id"], alarm["state"], alarm["needs_attention"]) == (alarm_id, "unacknowledged", True)
    assert alarm["started_at"] == "2026-11-01T12:00:00.123456Z"
    assert (alarm["limit"], alarm["value"], alarm["worst_value"]) == ("below 3.3", 3.1, 2.9)


@pytest.mark.parametrize("limit", [1, 2, 3, 500])
def test_pages_over_equal_times_repeat_and_skip_none(api: RunningApi, api_pool: Pool, limit: int) -> None:
    expected = [
        raised(api_pool, 5 * (number // 4), reason=f"reason_{number:02d}", noticed_at=START)
        for number in range(12)
    ]
    found = listed(api, limit=limit)
    assert sorted(found) == sorted(expected)
    assert found == sorted(found, key=lambda alarm_id: (int(alarm_id.split(".")[2]), alarm_id), reverse=True)


def test_page_stays_where_it_was_while_new_alarms_arrive(api: RunningApi, api_pool: Pool) -> None:
    first = [raised(api_pool, second) for second in range(4)]
    page = get(api, "/api/v1/alarms", limit=2).json()
    raised(api_pool, 10)
    rest = listed(api, limit=2, cursor=page["next_cursor"])
    assert [alarm["alarm_id"] for alarm in page["alarms"]] + rest == first[::-1]


def test_each_filter_finds_what_fits_it(api: RunningApi, api_pool: Pool) -> None:
    plain = raised(api_pool)
    other = raised(
        api_pool, 1, satellite_id="SAT-002", subsystem="aocs", reason="anomaly", kind="anomaly",
        severity="watch", assigned_to="Grace", returned=2, acknowledged_at=START, chattering_since=START,
    )  # fmt: skip
    for query in (
        {"satellite_id": "SAT-002"}, {"subsystem": "aocs"}, {"kind": "anomaly"},
        {"severity": ["watch", "severe"]}, {"state": ["normal", "shelved"]},
        {"needs_attention": False}, {"assigned_to": "Grace"}, {"chattering": True},
    ):  # fmt: skip
        assert listed(api, **query) == [other], query
    for query in (
        {"satellite_id": "SAT-001"}, {"severity": "critical"}, {"state": "unacknowledged"},
        {"needs_attention": True}, {"chattering": False},
    ):  # fmt: skip
        assert listed(api, **query) == [plain], query
    assert listed(api, chattering=False, order="urgency") == [plain]
    assert listed(api, needs_attention=True, state="normal") == []
    assert listed(api, satellite_id="SAT-002", kind="limit") == []


def test_range_finds_what_stood_within_it(api: RunningApi, api_pool: Pool) -> None:
    long = raised(api_pool, 0, returned=1000, reason="long")
    short = raised(api_pool, 100, returned=200, reason="short")
    standing = raised(api_pool, 300, reason="standing")
    reversed_ = raised(api_pool, 400, returned=399, reason="reversed")

    def within(start: float | None, end: float | None, **more: Any) -> list[str]:
        times = {"start_time": start, "end_time": end}
        given = {
            name: (START + timedelta(seconds=second)).isoformat()
            for name, second in times.items() if second is not None
        }  # fmt: skip
        return listed(api, **given, **more)

    assert within(-10, -1) == []
    assert within(-10, 0) == [long]
    assert within(150, 160) == [short, long]
    assert within(200, 250) == [short, long]
    assert within(201, 250) == [long]
    assert within(350, 390, limit=1) == [standing, long]
    assert within(400, 500) == [reversed_, standing, long]
    assert within(1001, None) == [standing]
    assert within(None, 100) == [short, long]
    assert within(150, 350, satellite_id="SAT-002") == []


def test_rare_alarms_are_found_however_many_others_there_are(pool: Pool) -> None:
    rare = [raised(pool, second, kind="stale") for second in (0, 95)]
    for second in range(1, 90):
        raised(pool, second)
    filters = Filters(kinds=["stale"])
    found, before, pages = [], None, 0
    while True:
        with transaction(pool) as connection:
            page = read_page(connection, filters, before, limit=1, ceiling=10)
        found += [alarm.alarm_id for alarm in page.alarms]
        pages += 1
        if page.next_cursor is None:
            break
        before = decode_cursor(page.next_cursor)
    assert (found, 9 <= pages <= 12) == ([rare[1], rare[0]], True)


@pytest.mark.parametrize(
    "query",
    [{"cursor": "x"}, {"state": "open"}, {"severity": "bad"}, {"limit": 501}, {"limit": 0}, {"kind": "x"},
     {"satellite_id": "a b"}, {"assigned_to": "\u0000"},
     {"start_time": "2026-01-02", "end_time": "2026-01-01"}],
)  # fmt: skip
def test_wrong_filter_is_refused(api: RunningApi, query: dict[str, Any]) -> None:
    problem(get(api, "/api/v1/alarms", **query), 422)


def test_detail_shows_earlier_alarms_with_their_comments_and_those_that_came_with_it(
    api: RunningApi, api_pool: Pool
) -> None:
    earliest = raised(api_pool, -7200, returned=-7100)
    earlier = raised(api_pool, -3600, returned=-3500)
    done(act(api, f"{earlier}/acknowledgements", comment="eclipse"))
    alarm_id = raised(api_pool, 0)
    with_it = [
        raised(api_pool, second, subsystem="thermal", reason=f"r{place}")
        for place, second in enumerate((-110, -60, 60))
    ]
    raised(api_pool, 121, subsystem="thermal", reason="later")
    raised(api_pool, 1, satellite_id="SAT-002")
    raised(api_pool, 2, subsystem="thermal", reason="none", is_withdrawn=True)
    found = detail(api, alarm_id)
    assert [(item["alarm_id"], item["acknowledged_by"], item["comment"]) for item in found["earlier"]] == [
        (earlier, "Ada", "eclipse"), (earliest, None, None),
    ]  # fmt: skip
    assert [item["state"] for item in found["earlier"]] == ["normal", "returned_unacknowledged"]
    assert [item["alarm_id"] for item in found["group"]] == with_it
    assert {(item["group_id"], item["group_size"]) for item in [found, *found["group"]]} == {(with_it[0], 4)}
    assert sorted(listed(api, group_id=with_it[0], limit=3)) == sorted([alarm_id, *with_it])
    assert listed(api, group_id=with_it[0], subsystem="eps") == [alarm_id]
    assert listed(api, group_id=alarm_id) == []
    assert [(event["change"], event["member_at"]) for event in found["events"]] == [
        ("raised", START.isoformat().replace("+00:00", "Z"))
    ]


def test_a_forecast_tells_the_seconds_to_the_limit_and_no_value(api: RunningApi, api_pool: Pool) -> None:
    alarm_id = raised(
        api_pool, reason="low_battery_forecast", kind="forecast", severity="distress", value=14.2,
        worst_value=None, limit_value=None,
    )  # fmt: skip
    found = detail(api, alarm_id)
    assert (found["kind"], found["value"], found["limit"]) == ("forecast", 14.2, None)
    alert = get(api, f"/api/v1/alerts/{alarm_id}").json()
    (channel,) = alert["why"]["channels"]
    assert (alert["kind"], alert["severity"], channel["actual"]) == ("limit", "serious", None)

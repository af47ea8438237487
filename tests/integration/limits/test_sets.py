"""Operators read and switch limit sets over HTTP; the default mission has one, `safe_mode`."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from operation_server.limits.sets.store import UnknownSatellite
from telemetry_core.contract.mission import Mission
from telemetry_core.limits.changes import LimitRefused
from telemetry_core.postgres.database import Pool
from testbed.kafka_topics import wait_until
from tests.integration.api.calls import fetch, get, problem
from tests.integration.limits.changing import change
from tests.integration.limits.switching import known, switch
from tests.integration.servers.running_api import RunningApi
from tests.unit.alarm_server.messages import MISSION

pytestmark = pytest.mark.integration


def put(api: RunningApi, satellite: str = "SAT-1", **given: Any) -> requests.Response:
    body = {"operator": "Ada", "comment": "safe mode", "version": 0, "limit_set": "safe_mode", **given}
    return requests.put(f"{api.url}/api/v1/limit_sets/{satellite}", json=body, timeout=20)


def used(api: RunningApi) -> dict[str, tuple[str, int]]:
    satellites = get(api, "/api/v1/limit_sets").json()["satellites"]
    return {one["satellite_id"]: (one["limit_set"], one["version"]) for one in satellites}


def charted(api: RunningApi, satellite: str | None = None) -> tuple[str, float]:
    query = {} if satellite is None else {"satellite_id": satellite}
    body = get(api, "/api/v1/mission", **query).json()
    (eps,) = [part for part in body["subsystems"] if part["name"] == "eps"]
    return body["limit_set"], eps["rules"][0]["below"]


def test_sets_are_listed_with_what_they_replace(api: RunningApi) -> None:
    body = get(api, "/api/v1/limit_sets").json()
    assert [one["name"] for one in body["sets"]] == ["default", "safe_mode"]
    default, safe = body["sets"]
    battery, thruster = safe["rules"]
    assert default["rules"] == body["satellites"] == []
    assert battery["fields"] == {"below": 20, "severity": "severe"}
    assert (battery["channel"], battery["unit"], battery["switched_off"]) == (
        "battery_soc_percent",
        "%",
        None,
    )
    assert (thruster["fields"], thruster["switched_off"]) == ({}, "Safe mode fires the thrusters by itself")


def test_a_switch_is_in_force_at_once_for_its_satellite_alone(api: RunningApi) -> None:
    known(api.pool)
    answer = put(api)
    assert answer.status_code == 200, answer.text
    (listed,) = get(api, "/api/v1/limit_sets").json()["satellites"]
    assert answer.json() == listed
    assert (listed["limit_set"], listed["version"], listed["problem"]) == ("safe_mode", 1, None)
    assert (listed["operator"], listed["comment"]) == ("Ada", "safe mode")
    assert charted(api, "SAT-1") == ("safe_mode", 20)
    assert charted(api, "SAT-2") == charted(api) == ("default", 30)
    aocs = get(api, "/api/v1/mission", satellite_id="SAT-1").json()["subsystems"][2]
    assert aocs["rules"][0]["switched_off"] == "Safe mode fires the thrusters by itself"
    assert put(api, version=1, limit_set="default").json()["version"] == 2
    assert charted(api, "SAT-1") == ("default", 30)


def test_what_another_server_switched_is_followed_and_stands_above_a_change(api: RunningApi) -> None:
    known(api.pool)
    switch(api.pool, "safe_mode", file=MISSION)
    wait_until(lambda: charted(api, "SAT-1") == ("safe_mode", 20), "the charts' limit", within_s=2)
    change(api.pool, {"below": 25})
    wait_until(lambda: charted(api) == ("default", 25), "the charts' limit", within_s=2)
    assert charted(api, "SAT-1") == ("safe_mode", 20)


def test_of_two_operators_at_once_one_wins_and_the_other_is_told(api: RunningApi) -> None:
    known(api.pool)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: put(api, operator=f"No {n}"), range(8)))
    (won,) = [answer for answer in answers if answer.status_code == 200]
    refused = [problem(answer, 409) for answer in answers if answer is not won]
    assert len(refused) == 7
    winner = won.json()["operator"]
    assert all(text.startswith(f"{winner} switched SAT-1 to safe_mode at ") for text in refused)
    assert fetch(api.pool, "SELECT version FROM ops.limit_set_changes") == [(1,)]


@pytest.mark.parametrize(
    ("given", "status", "text"),
    [
        ({"limit_set": "gone"}, 422, "the mission file has no limit set gone, only default, safe_mode"),
        ({"limit_set": "Safe Mode"}, 422, "limit_set"),
        ({"limit_set": "default"}, 422, "nothing would change: SAT-1 uses default"),
        ({"comment": " "}, 422, "comment"),
        ({"operator": "\x00"}, 422, "operator"),
        ({"version": -1}, 422, "version"),
        ({"version": 2**63}, 409, "there is no version 9223372036854775808"),
        ({"version": 3}, 409, "there is no version 3 of the limit set of SAT-1"),
        ({"more": 1}, 422, "more"),
        ({"satellite": "SAT-9"}, 404, "SAT-9 was never heard, and no contact plan names it: check the name"),
        ({"satellite": "no%20name"}, 422, "satellite_id"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_switches_nothing(
    api: RunningApi, given: dict[str, Any], status: int, text: str
) -> None:
    known(api.pool)
    assert text in problem(put(api, **given), status)
    assert fetch(api.pool, "SELECT count(*) FROM ops.limit_set_changes") == [(0,)]


def test_a_satellite_is_switched_before_its_first_contact_once_it_is_planned(api: RunningApi) -> None:
    with pytest.raises(UnknownSatellite):
        switch(api.pool, "safe_mode", file=MISSION)
    plan = {
        "operator": "Ada",
        "start_time": "2030-01-01T00:00:00Z",
        "end_time": "2030-01-02T00:00:00Z",
        "satellites": ["SAT-1"],
        "passes": [],
    }
    requests.put(f"{api.url}/api/v1/passes/plan", json=plan, timeout=20).raise_for_status()
    assert put(api).status_code == 200


def test_history_comes_in_pages_of_one_satellite_or_all(api: RunningApi) -> None:
    for name in ("SAT-1", "SAT-2"):
        known(api.pool, name)
    put(api)
    put(api, version=1, limit_set="default", operator="Grace")
    put(api, satellite="SAT-2")

    def page(**query: Any) -> tuple[list[tuple[str, str, str]], int | None]:
        body = get(api, "/api/v1/limit_sets/changes", **query).json()
        return [(one["satellite_id"], one["old"], one["new"]) for one in body["changes"]], body["next_cursor"]

    every, cursor = page(limit=2)
    assert every == [("SAT-2", "default", "safe_mode"), ("SAT-1", "safe_mode", "default")]
    assert page(limit=2, before=cursor) == ([("SAT-1", "default", "safe_mode")], None)
    assert page(satellite_id="SAT-2") == ([("SAT-2", "default", "safe_mode")], None)
    assert page(since=datetime.now(UTC).isoformat()) == ([], None)


def test_the_hand_over_report_tells_switches(api: RunningApi) -> None:
    known(api.pool)
    put(api)
    (told,) = [
        one for one in get(api, "/api/v1/shift/report").json()["changes"] if one["kind"] == "limit_set"
    ]
    assert (told["satellite_id"], told["name"], told["version"]) == ("SAT-1", "safe_mode", 1)
    text = get(api, "/api/v1/shift/report.md").text
    assert "| limit set | SAT-1 version 1 | safe\\_mode | Ada | safe mode |" in text


def test_a_set_that_the_mission_file_has_no_more_is_told_and_the_default_holds(api: RunningApi) -> None:
    known(api.pool)
    older = Mission.model_validate(
        {**MISSION.model_dump(mode="json"), "limit_sets": {"launch": {"eps": {"low_battery": {"below": 5}}}}}
    )
    switch(api.pool, "launch", file=older)
    wait_until(lambda: used(api) == {"SAT-1": ("launch", 1)}, "the switch", within_s=2)
    (listed,) = get(api, "/api/v1/limit_sets").json()["satellites"]
    assert listed["problem"] == "the mission file has no limit set launch: switch it to another one"
    assert charted(api, "SAT-1") == ("default", 30)
    assert put(api, version=1).status_code == 200


def test_a_limit_that_a_set_can_not_take_is_refused(api: RunningApi, operators: Pool) -> None:
    limit = get(api, "/api/v1/limits").json()["limits"][0]["file"]
    body = {"operator": "Ada", "comment": "x", "version": 0}
    values = limit | {"below": None, "equals": 5, "dead_band": 0}
    url = f"{api.url}/api/v1/limits/eps/low_battery"
    assert requests.put(url, json=body | {"values": values}, timeout=20).status_code == 200
    values = limit | {"below": 30, "above": 31, "dead_band": 0.5}
    assert requests.put(url, json=body | {"version": 1, "values": values}, timeout=20).status_code == 200
    with pytest.raises(LimitRefused, match="no limit set other"):
        switch(operators, "other", file=MISSION)

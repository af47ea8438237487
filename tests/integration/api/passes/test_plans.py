"""Contact plans put, replaced, deleted and listed, over a real PostgreSQL."""

from typing import Any

import pytest
import requests

from operation_server.passes.store import read_contact_plans
from telemetry_core.postgres.database import Pool, transaction
from tests.integration.api.calls import fetch, get, problem
from tests.integration.api.passes.planning import DAY_MIN, at, listed, one_pass, put, put_csv, times
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration

COVERED = "SELECT satellite_id, lower(covered), upper(covered) FROM ops.contact_plans ORDER BY 1"


def test_a_plan_is_listed_as_it_was_put_and_a_second_time_changes_nothing(
    api: RunningApi, api_pool: Pool
) -> None:
    plan = [one_pass(10, 20), one_pass(105, 115, station="Troll"), one_pass(12, 24, satellite="SAT-002")]
    for _ in range(2):
        assert put(api, *plan).json() == {"satellites": 2, "passes": 3}
        found = listed(api)
        assert times(found) == [
            ("SAT-001", plan[0]["start_time"], "Svalbard"),
            ("SAT-002", plan[2]["start_time"], "Svalbard"),
            ("SAT-001", plan[1]["start_time"], "Troll"),
        ]
        assert {one["outcome"] for one in found} == {"planned"}
    assert len(fetch(api_pool, COVERED)) == 2
    assert times(listed(api, satellite_id="SAT-002")) == [("SAT-002", plan[2]["start_time"], "Svalbard")]


def test_a_new_plan_replaces_what_begins_in_its_range_of_its_satellites_alone(api: RunningApi) -> None:
    put(api, one_pass(10, 20), one_pass(30, 40), one_pass(10, 20, satellite="SAT-002"))
    put(api, one_pass(1500, 1510), begin=DAY_MIN, end=2 * DAY_MIN)
    put(api, one_pass(35, 45), begin=25, end=100)
    assert [one["start_time"] for one in listed(api, satellite_id="SAT-001")] == [at(10), at(35), at(1500)]
    assert len(listed(api, satellite_id="SAT-002")) == 1


def test_a_satellite_that_a_plan_names_without_passes_has_none(api: RunningApi, api_pool: Pool) -> None:
    put(api, one_pass(10, 20))
    assert put(api, satellites=["SAT-001", "SAT-003"]).json() == {"satellites": 2, "passes": 0}
    assert listed(api) == []
    assert [row[0] for row in fetch(api_pool, COVERED)] == ["SAT-001", "SAT-003"]


def test_what_was_heard_stays_where_a_pass_is_planned_anew(api: RunningApi, api_pool: Pool) -> None:
    put(api, one_pass(10, 20), one_pass(100, 110), one_pass(200, 210))
    fetch(
        api_pool,
        "UPDATE ops.passes SET"
        " first_heard_at = start_at + interval '30 s', last_heard_at = start_at + interval '9 min'"
        " WHERE start_at < (SELECT max(start_at) FROM ops.passes) RETURNING id",
    )
    put(api, one_pass(11, 18), one_pass(102, 112, station="Troll"), one_pass(200, 210), one_pass(300, 310))
    found = [(one["first_heard"], one["last_heard"]) for one in listed(api)]
    assert found == [(at(11), at(18)), (at(102), at(109)), (None, None), (None, None)]


def test_pages_repeat_and_skip_none(api: RunningApi) -> None:
    put(api, *(one_pass(10, 20, satellite=f"SAT-{number:03d}") for number in range(25)))
    names = [one["satellite_id"] for one in listed(api, limit=7)]
    assert sorted(names) == [f"SAT-{number:03d}" for number in range(25)]


def test_a_deleted_range_is_planned_no_more_and_who_did_it_is_told(api: RunningApi, api_pool: Pool) -> None:
    put(api, one_pass(10, 20), one_pass(100, 110))
    asked = {"satellite_id": "SAT-001", "operator": "Bob", "start_time": at(0), "end_time": at(60)}
    answer = requests.delete(f"{api.url}/api/v1/passes/plan", params=asked, timeout=20)
    assert answer.json() == {"passes": 1}
    assert [one["start_time"] for one in listed(api)] == [at(100)]
    ((_, begin, _),) = fetch(api_pool, COVERED)
    assert begin.isoformat() == at(60).removesuffix("Z")
    changes = get(api, "/api/v1/passes/changes").json()["changes"]
    assert [(one["operator"], one["passes"]) for one in changes] == [("Bob", None), ("Ada", 2)]
    asked["end_time"] = at(2 * DAY_MIN)
    requests.delete(f"{api.url}/api/v1/passes/plan", params=asked, timeout=20)
    assert fetch(api_pool, COVERED) == []


def test_changes_are_told_page_by_page(api: RunningApi) -> None:
    for number in range(5):
        put(api, one_pass(10, 20 + number))
    page = get(api, "/api/v1/passes/changes", limit=3).json()
    rest = get(api, "/api/v1/passes/changes", before=page["next_cursor"]).json()
    ids = [one["id"] for one in [*page["changes"], *rest["changes"]]]
    assert ids == sorted(ids, reverse=True)
    assert (len(ids), rest["next_cursor"]) == (5, None)


@pytest.mark.parametrize(
    ("passes", "fields", "words"),
    [
        ([one_pass(20, 10)], {}, "passes.0: its end must lie 1 s or more after its begin"),
        ([one_pass(1, 2), one_pass(10, 10)], {}, "passes.1: its end must lie"),
        ([one_pass(0, DAY_MIN + 1)], {}, "passes.0: it is longer than 1 day"),
        ([one_pass(-5, 5)], {}, "passes.0: it begins outside the range"),
        ([one_pass(0, 10), one_pass(20, 30), one_pass(5, 15)], {}, "passes.2: it overlaps passes.0"),
        ([one_pass(0, 10), one_pass(0, 10)], {}, "it overlaps"),
        ([], {}, "must name whose it is"),
        ([], {"end": 0, "satellites": ["SAT-001"]}, "must lie before"),
        ([], {"end": 400 * DAY_MIN, "satellites": ["SAT-001"]}, "must not exceed 365 days"),
        ([], {"satellites": ["no satellite"]}, "body.satellites.0"),
        ([one_pass(0, 10, station=" ")], {}, "body.passes.0.ground_station"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_as_a_whole(
    api: RunningApi, passes: list[Any], fields: dict[str, Any], words: str
) -> None:
    put(api, one_pass(700, 710))
    assert words in problem(put(api, *passes, **fields), 422)
    assert [one["start_time"] for one in listed(api)] == [at(700)]


def test_two_stations_may_hear_a_satellite_at_once(api: RunningApi) -> None:
    assert put(api, one_pass(0, 10), one_pass(5, 15, station="Troll"), one_pass(10, 20)).status_code == 200
    assert len(listed(api)) == 3


def test_a_cursor_of_another_list_is_refused(api: RunningApi) -> None:
    for cursor in ("MTc4MDAwMDAwMDAwMDAwMC9hYmM=", "MTc4MDAwMDAwMDAwMDAwMC85OTk5OTk5OTk5OTk5OTk5OTk5OTk="):
        assert "cursor" in problem(get(api, "/api/v1/passes", cursor=cursor), 422)


def test_a_schedule_is_put_as_csv(api: RunningApi) -> None:
    text = (
        "﻿Satellite,Begin,End,Elevation,Station\r\n"
        f"SAT-001,{at(10)},{at(20)},61.5,Svalbard\r\n"
        f'SAT-002, {at(12)[:-1].replace("T", " ")} ,{at(24)},8,"Inuvik, NT"\r\n\r\n'
    )
    assert put_csv(api, text.encode(), satellite_id=["SAT-009"]).json() == {"satellites": 3, "passes": 2}
    assert times(listed(api)) == [("SAT-001", at(10), "Svalbard"), ("SAT-002", at(12), "Inuvik, NT")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "body: Field required"),
        (b"\n", "row 1: no column satellite_id"),
        (b"satellite,begin,end\n", "row 1: no column ground_station (or station, apertureref)"),
        (b"\xff\xfe", "no CSV in UTF-8"),
        (b'satellite,begin,end,station\nSAT-001,"2026', "no CSV in UTF-8"),
        (b"satellite,begin,end,station\nSAT-001,yesterday,2026-12-01T00:00:00Z,X\n", "row 2: start_time: "),
        (b"satellite,begin,end,station\nSAT-001\n", "row 2: start_time: "),
        (
            f"satellite,begin,end,station\n\nSAT-001,{at(5)},{at(1)},X\n".encode(),
            "row 3: its end must lie",
        ),
        (
            f"satellite,begin,end,station\nA,{at(5)},{at(9)},X\nA,{at(8)},{at(9)},X\n".encode(),
            "row 3: it overlaps row 2",
        ),
        (b"satellite,begin,end,station\n" + b"A,B,C,D\n" * 30, "and 40 more"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_by_its_rows(api: RunningApi, text: bytes, words: str) -> None:
    assert words in problem(put_csv(api, text), 422)
    assert listed(api) == []


def test_more_passes_than_a_plan_may_have_are_refused(api: RunningApi) -> None:
    row = f"SAT-001,{at(5)},{at(9)},X\n".encode()
    text = b"satellite,begin,end,station\n" + row * 5_001
    assert "5001 passes, more than 5000" in problem(put_csv(api, text), 422)


def test_the_largest_plan_of_one_satellite_is_put_within_a_request(api: RunningApi) -> None:
    rows = [f"SAT-001,{at(number * 90)},{at(number * 90 + 10)},X" for number in range(5_000)]
    text = "\n".join(["satellite,begin,end,station", *rows])
    for _ in range(2):
        answer = put_csv(api, text, end_time=at(365 * DAY_MIN))
        assert answer.json() == {"satellites": 1, "passes": 5_000}


def test_a_plan_has_run_out_when_the_next_contact_would_have_come_until_another_is_put(
    api: RunningApi, api_pool: Pool
) -> None:
    def run_out() -> list[str]:
        with transaction(api_pool) as connection:
            plans = read_contact_plans(connection)
        return [name for name, plan in plans.items() if plan["has_run_out"]]

    def put_past(satellite: str, *begins: float, end: float) -> None:
        passes = [one_pass(begin, begin + 10, satellite=satellite) for begin in begins]
        put(api, *passes, begin=-2_000, end=end).raise_for_status()

    put_past("OVER", -600, -500, -400, end=-380)
    put_past("RARE", -1_900, -400, end=-380)
    put_past("COVERED", -600, -500, -400, end=DAY_MIN)
    put_past("FOLLOWED", -600, -500, -400, end=-380)
    put(api, one_pass(30, 40, satellite="FOLLOWED"), begin=20).raise_for_status()
    put(api, satellites=["NEVER"], begin=-2_000, end=-380).raise_for_status()
    assert sorted(run_out()) == ["NEVER", "OVER"]
    put(api, satellites=["OVER"], begin=-380).raise_for_status()
    assert run_out() == ["NEVER"]

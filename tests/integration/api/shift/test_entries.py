"""The shift log over a real PostgreSQL: written once, corrected by what comes after."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2
import pytest
import requests

from telemetry_core.postgres.database import transaction
from tests.integration.api.alarms.rows import done, raised
from tests.integration.api.calls import fetch, get, problem
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration

LOG = "/api/v1/shift/entries"
HOSTILE = ["", " \n ", "a\u0000b", "\u001b[2J", "\ud800", "x" * 2_001, None, 7]


def write(api: RunningApi, text: Any = "quiet", **more: Any) -> requests.Response:
    return requests.post(api.url + LOG, json={"operator": "Ada", "text": text, **more}, timeout=20)


def page(api: RunningApi, **query: Any) -> dict[str, Any]:
    return done(get(api, LOG, **query), 200)


def test_entry_says_who_wrote_what_when_and_about_what(api: RunningApi) -> None:
    alarm_id = raised(api.pool)
    entry = done(write(api, "zwei\r\nZeilen ✓", alarm_id=alarm_id))
    assert (entry["operator"], entry["text"], entry["alarm_id"]) == ("Ada", "zwei\nZeilen ✓", alarm_id)
    assert (entry["satellite_id"], entry["corrects"], entry["corrected_by"]) == ("SAT-001", None, None)
    assert page(api) == {"entries": [entry], "next_cursor": None}


def test_pages_go_back_in_time_and_repeat_none(api: RunningApi) -> None:
    written = [done(write(api, f"entry {number}", satellite_id=f"SAT-00{number % 2}")) for number in range(7)]
    first = page(api, limit=3)
    done(write(api, "meanwhile"))
    second = page(api, limit=3, cursor=first["next_cursor"])
    third = page(api, limit=3, cursor=second["next_cursor"])
    assert first["entries"] + second["entries"] + third["entries"] == written[::-1]
    assert third["next_cursor"] is None
    assert [entry["text"] for entry in page(api, satellite_id="SAT-001")["entries"]] == [
        "entry 5", "entry 3", "entry 1",
    ]  # fmt: skip
    within = page(api, start_time=written[2]["at"], end_time=written[4]["at"])["entries"]
    assert {"entry 2", "entry 3", "entry 4"} <= {entry["text"] for entry in within}
    assert page(api, end_time="2020-01-01")["entries"] == []


def test_correction_names_the_old_entry_which_stays(api: RunningApi) -> None:
    old = done(write(api, "pass 14:10 lost"))
    new = done(write(api, "pass 14:20 lost", corrects=old["id"]))
    newest = done(write(api, "pass 14:30 lost", corrects=new["id"], operator="Grace"))
    assert [(entry["text"], entry["corrected_by"]) for entry in page(api)["entries"]] == [
        ("pass 14:30 lost", None), ("pass 14:20 lost", newest["id"]), ("pass 14:10 lost", new["id"]),
    ]  # fmt: skip
    told = problem(write(api, "no: 15:00", corrects=new["id"]), 409)
    assert told.startswith("it is corrected already, by Grace at 20")
    assert told.endswith(f"correct entry {newest['id']}")


def test_of_two_corrections_at_once_one_wins_and_the_other_is_told_who(api: RunningApi) -> None:
    for _ in range(5):
        old = done(write(api))
        with ThreadPoolExecutor(2) as threads:
            answers = list(
                threads.map(lambda name: write(api, operator=name, corrects=old["id"]), ["Ada", "Grace"])  # noqa: B023
            )
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        (won,) = (answer.json() for answer in answers if answer.status_code == 201)
        (lost,) = (answer for answer in answers if answer.status_code == 409)
        assert f"by {won['operator']} at {won['at'][:23]}" in problem(lost, 409)


def test_hostile_and_contradictory_entries_are_refused_and_leave_nothing(api: RunningApi) -> None:
    alarm_id = raised(api.pool)
    for text in HOSTILE:
        problem(write(api, text), 422)
        problem(write(api, operator=text), 422)
    for more in (
        {"satellite_id": "a b"}, {"satellite_id": "x" * 51}, {"alarm_id": "a'b"}, {"corrects": 0},
        {"corrects": 2**63}, {"corrects": "one"}, {"at": "2020-01-01"}, {"operator": "x" * 101},
    ):  # fmt: skip
        problem(write(api, **more), 422)
    assert problem(write(api, alarm_id="eps.low_battery.1.SAT-009"), 422) == "alarm_id: no such alarm"
    assert problem(write(api, corrects=10**9), 422) == "corrects: no entry 1000000000"
    assert problem(write(api, alarm_id=alarm_id, satellite_id="SAT-002"), 422) == (
        "satellite_id: the alarm is of SAT-001"
    )
    assert fetch(api.pool, "SELECT count(*) FROM ops.shift_entries") == [(0,)]


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": 501}, {"cursor": 0}, {"cursor": "x"}, {"cursor": 2**63}, {"satellite_id": "a b"},
     {"start_time": "2026-01-02", "end_time": "2026-01-01"}, {"start_time": "9999-12-31T23:59:59Z"}],
)  # fmt: skip
def test_wrong_filter_is_refused(api: RunningApi, query: dict[str, Any]) -> None:
    problem(get(api, LOG, **query), 422)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ops.shift_entries SET text = 'x'",
        "DELETE FROM ops.shift_entries",
        "TRUNCATE ops.shift_entries",
    ],
)
def test_log_is_never_rewritten_not_even_by_its_owner(api: RunningApi, change: str) -> None:
    done(write(api))
    with pytest.raises(psycopg2.Error, match="refused"), transaction(api.pool) as connection:
        connection.cursor().execute(change)
    assert len(page(api)["entries"]) == 1

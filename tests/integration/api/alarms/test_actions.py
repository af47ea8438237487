"""Operators acknowledge, comment, assign and reset alarms, over a real PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2
import pytest
import requests

from operation_server.alarms.schemas import MAX_BULK
from telemetry_core.postgres.database import Pool, transaction
from tests.integration.api.alarms.rows import ADA, GRACE, START, act, changes, detail, done, listed, raised
from tests.integration.api.calls import get, problem
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration

HOSTILE = ["", "  ", "a\u0000b", "\u001b[2J", "\ud800", "x" * 2_001]
ACTIONS = [
    ("acknowledgements", "POST", {}), ("comments", "POST", {}), ("resets", "POST", {}),
    ("assignment", "PUT", {"assigned_to": "Grace"}), ("shelves", "POST", {"minutes": 5}),
    ("shelves", "DELETE", {}), ("out_of_service", "POST", {}), ("out_of_service", "DELETE", {}),
]  # fmt: skip


def test_withdrawn_alarm_is_in_no_list_and_takes_no_action_but_keeps_its_history(
    api: RunningApi, api_pool: Pool
) -> None:
    alarm_id = raised(api_pool, is_withdrawn=True)
    assert listed(api) == []
    assert get(api, "/api/v1/alarms").json()["attention"]["count"] == 0
    found = detail(api, alarm_id)
    assert (found["is_withdrawn"], found["needs_attention"]) == (True, False)
    assert "it is withdrawn" in problem(act(api, f"{alarm_id}/acknowledgements"), 409)
    assert [event["change"] for event in done(act(api, f"{alarm_id}/comments"))["events"]] == [
        "commented",
        "raised",
    ]


def test_acknowledgement_changes_the_state_once_and_is_in_the_history(
    api: RunningApi, api_pool: Pool
) -> None:
    alarm_id = raised(api_pool)
    found = done(act(api, f"{alarm_id}/acknowledgements", comment="zwei\nZeilen"))
    assert (found["state"], found["acknowledged_by"]) == ("acknowledged", "Ada")
    newest = found["events"][0]
    assert (newest["change"], newest["operator"], newest["comment"]) == (
        "acknowledged",
        "Ada",
        "zwei\nZeilen",
    )
    assert newest["details"] == {"old": {"acknowledged_by": None}, "new": {"acknowledged_by": "Ada"}}
    told = problem(act(api, f"{alarm_id}/acknowledgements", GRACE), 409)
    assert told.startswith("it is acknowledged already; last acknowledged by Ada at 20")
    assert told.endswith("Z: zwei\nZeilen")
    assert changes(api_pool, alarm_id) == ["raised", "acknowledged"]


def latched(pool: Pool) -> str:
    return raised(pool, returned=10, is_latching=True, acknowledged_at=START, acknowledged_by="Ada")


@pytest.mark.parametrize(
    ("prepare", "path", "method", "more", "status", "word"),
    [
        (raised, "acknowledgements", "POST", {}, 201, "acknowledged"),
        (latched, "resets", "POST", {}, 201, "reset"),
        (raised, "assignment", "PUT", {"assigned_to": "Grace"}, 200, "assigned"),
        (raised, "shelves", "POST", {"minutes": 5}, 201, "shelved"),
        (raised, "out_of_service", "POST", {}, 201, "removed from service"),
    ],
)
def test_of_two_operators_at_once_one_wins_and_the_other_is_told_who(
    api: RunningApi, api_pool: Pool, prepare: Callable[[Pool], str], path: str, method: str,
    more: dict[str, Any], status: int, word: str,
) -> None:  # fmt: skip
    for _ in range(5):
        api.forget()
        alarm_id = prepare(api_pool)
        with ThreadPoolExecutor(2) as threads:
            answers = list(
                threads.map(
                    lambda name: act(api, f"{alarm_id}/{path}", method=method, operator=name, **more),  # noqa: B023
                    ["Ada", "Grace"],
                )
            )
        assert sorted(answer.status_code for answer in answers) == [status, 409]
        (lost,) = (answer for answer in answers if answer.status_code == 409)
        (won,) = (answer.json() for answer in answers if answer.status_code == status)
        newest = won["events"][0]
        at = newest["at"].removesuffix("Z")[:23]
        assert f"; last {word} by {newest['operator']} at {at}" in problem(lost, 409)
        assert changes(api_pool, alarm_id) == ["raised", word.replace(" ", "_")]


def test_bulk_says_of_each_alarm_what_became_of_it(api: RunningApi, api_pool: Pool) -> None:
    first, second, third = (raised(api_pool, number) for number in range(3))
    done(act(api, f"{second}/acknowledgements", GRACE))
    asked = [third, second, "eps.low_battery.1.SAT-009", first, third]
    outcomes = done(act(api, "acknowledgements", alarm_ids=asked), 200)["outcomes"]
    assert [(item["alarm_id"], item["result"]) for item in outcomes] == [
        (third, "acknowledged"), (second, "refused"), ("eps.low_battery.1.SAT-009", "unknown"),
        (first, "acknowledged"),
    ]  # fmt: skip
    assert outcomes[1]["detail"].startswith("it is acknowledged already; last acknowledged by Grace at ")
    assert {detail(api, alarm_id)["acknowledged_by"] for alarm_id in (first, third)} == {"Ada"}
    assert changes(api_pool, first) == ["raised", "acknowledged"]


def test_bulks_that_overlap_at_once_acknowledge_each_alarm_once(api: RunningApi, api_pool: Pool) -> None:
    alarm_ids = [raised(api_pool, second) for second in range(40)]
    orders = {"Ada": alarm_ids, "Grace": alarm_ids[::-1], "Edsger": alarm_ids[10:30]}
    with ThreadPoolExecutor(3) as threads:
        answers = list(
            threads.map(
                lambda name: act(api, "acknowledgements", alarm_ids=orders[name], operator=name), orders
            )
        )
    assert [answer.status_code for answer in answers] == [200] * 3
    results = [item["result"] for answer in answers for item in answer.json()["outcomes"]]
    assert (results.count("acknowledged"), results.count("refused")) == (40, 60)


def test_latching_alarm_is_reset_after_it_returned_and_was_acknowledged(
    api: RunningApi, api_pool: Pool
) -> None:
    alarm_id = raised(api_pool, is_latching=True)
    assert "still broken" in problem(act(api, f"{alarm_id}/resets"), 409)
    with transaction(api_pool) as connection:
        connection.cursor().execute("UPDATE ops.alarms SET returned_at = started_at + interval '1 minute'")
    assert detail(api, alarm_id)["state"] == "latched_unacknowledged"
    assert "acknowledge it first" in problem(act(api, f"{alarm_id}/resets"), 409)
    assert done(act(api, f"{alarm_id}/acknowledgements"))["state"] == "latched_acknowledged"
    assert done(act(api, f"{alarm_id}/resets"))["state"] == "normal"
    assert "it is reset already; last reset by Ada" in problem(act(api, f"{alarm_id}/resets", GRACE), 409)
    assert "not latching" in problem(act(api, f"{raised(api_pool, 100)}/resets"), 409)


def test_assignment_replaces_whom_the_operator_saw(api: RunningApi, api_pool: Pool) -> None:
    alarm_id = raised(api_pool)

    def assign(name: str | None, **more: str) -> requests.Response:
        return act(api, f"{alarm_id}/assignment", method="PUT", assigned_to=name, **more)

    assert done(assign("Grace"), 200)["assigned_to"] == "Grace"
    assert "it is assigned to Grace; last assigned by Ada at " in problem(assign("Edsger"), 409)
    assert done(assign("Edsger", replaces="Grace"), 200)["assigned_to"] == "Edsger"
    assert listed(api, assigned_to="Edsger") == [alarm_id]
    found = done(assign(None, replaces="Edsger"), 200)
    assert (found["assigned_to"], found["events"][0]["details"]) == (
        None, {"old": {"assigned_to": "Edsger"}, "new": {"assigned_to": None}},
    )  # fmt: skip
    problem(act(api, f"{alarm_id}/assignment", ADA, method="PUT"), 422)


@pytest.mark.parametrize(("path", "method", "more"), ACTIONS)
def test_unknown_alarm_is_not_found(api: RunningApi, path: str, method: str, more: dict[str, Any]) -> None:
    assert (
        problem(act(api, f"eps.low_battery.1.SAT-001/{path}", method=method, **more), 404) == "No such alarm"
    )
    problem(get(api, "/api/v1/alarms/eps.low_battery.1.SAT-001"), 404)


@pytest.mark.parametrize(("path", "method", "more"), ACTIONS)
def test_hostile_text_is_refused_and_changes_nothing(
    api: RunningApi, api_pool: Pool, path: str, method: str, more: dict[str, Any]
) -> None:
    alarm_id = raised(api_pool)
    for field, text in [(field, text) for field in ("operator", "comment") for text in HOSTILE]:
        problem(act(api, f"{alarm_id}/{path}", method=method, **{**more, field: text}), 422)
    problem(act(api, f"{alarm_id}/{path}", {}, method=method), 422)
    problem(act(api, f"{alarm_id}/{path}", {**ADA, **more, "more": 1}, method=method), 422)
    problem(act(api, f"a%00b/{path}", method=method, **more), 422)
    assert changes(api_pool, alarm_id) == ["raised"]


@pytest.mark.parametrize("alarm_ids", [[], ["a b"], ["x" * 201], "eps", [None], ["a"] * (MAX_BULK + 1)])
def test_bulk_of_no_or_impossible_ids_is_refused(api: RunningApi, alarm_ids: Any) -> None:
    problem(act(api, "acknowledgements", alarm_ids=alarm_ids), 422)


@pytest.mark.parametrize("change", ["UPDATE ops.alarm_events SET comment = 'x'", "TRUNCATE ops.alarm_events"])
def test_history_is_never_rewritten(pool: Pool, change: str) -> None:
    with pytest.raises(psycopg2.Error, match="refused"), transaction(pool) as connection:
        connection.cursor().execute(change)

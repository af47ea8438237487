"""Operators read and change limits over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from operation_server.http.dependencies import MISSION
from telemetry_core.postgres.database import transaction
from telemetry_core.service.settings import load_mission
from testbed.kafka_topics import wait_until
from tests.integration.api.calls import fetch, get, problem
from tests.integration.limits.changing import change
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration


def limits(api: RunningApi) -> dict[str, Any]:
    body = get(api, "/api/v1/limits").json()
    return {limit["reason"]: limit for limit in body["limits"]} | {"unfit": body["unfit"]}


def put(api: RunningApi, path: str = "eps/low_battery", **given: Any) -> requests.Response:
    values = limits(api)["low_battery"]["file"] | given.pop("values", {})
    body = {"operator": "Ada", "comment": "eclipse season", "version": 0, "values": values, **given}
    return requests.put(f"{api.url}/api/v1/limits/{path}", json=body, timeout=20)


def charted(api: RunningApi) -> float:
    (eps,) = [part for part in get(api, "/api/v1/mission").json()["subsystems"] if part["name"] == "eps"]
    below: float = eps["rules"][0]["below"]
    return below


def test_a_change_is_in_force_at_once_and_the_file_is_shown_beside_it(api: RunningApi) -> None:
    assert limits(api)["low_battery"]["version"] == 0
    answer = put(api, values={"below": 25, "severity": "severe"})
    assert answer.status_code == 200, answer.text
    found = limits(api)["low_battery"]
    assert answer.json() == found
    assert (found["in_force"]["below"], found["file"]["below"], found["version"]) == (25, 30, 1)
    assert found["change"]["fields"] == {"below": 25, "severity": "severe"}
    assert (found["change"]["operator"], found["change"]["comment"]) == ("Ada", "eclipse season")
    assert charted(api) == 25


def test_what_another_server_changed_is_followed(api: RunningApi) -> None:
    change(api.pool, {"below": 25})
    wait_until(lambda: charted(api) == 25, "the charts' limit", within_s=2)


def test_back_to_the_file_is_a_change_too(api: RunningApi) -> None:
    put(api, values={"below": 25})
    answer = put(api, version=1, comment="eclipse season is over")
    assert answer.json()["in_force"] == answer.json()["file"]
    assert answer.json()["change"]["fields"] == {}
    assert charted(api) == 30


def test_of_two_operators_at_once_one_wins_and_the_other_is_told(api: RunningApi) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: put(api, values={"below": n}, operator=f"No {n}"), range(8)))
    (won,) = [answer for answer in answers if answer.status_code == 200]
    winner = won.json()["change"]["operator"]
    refused = [problem(answer, 409) for answer in answers if answer is not won]
    assert len(refused) == 7
    assert all(text.startswith(f"{winner} changed this limit at ") for text in refused)
    assert all("to version 1: eclipse season; look at it, and change it again" in text for text in refused)
    assert fetch(api.pool, "SELECT version FROM ops.limit_changes") == [(1,)]


@pytest.mark.parametrize(
    ("given", "status", "text"),
    [
        ({"values": {"below": None}}, 422, "a rule needs at least one of below, above"),
        ({"values": {"min_violations": 0}}, 422, "min_violations: Input should be greater"),
        ({"values": {"below": "low"}}, 422, "valid number"),
        ({"values": {}}, 422, "nothing would change"),
        ({"values": {"below": 25}, "comment": " "}, 422, "comment"),
        ({"values": {"below": 25}, "version": 3}, 409, "there is no version 3 of this limit"),
        ({"path": "eps/other"}, 404, "no rule other of eps"),
        ({"path": "other/low_battery"}, 404, "no rule low_battery of other"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_changes_nothing(
    api: RunningApi, given: dict[str, Any], status: int, text: str
) -> None:
    assert text in problem(put(api, **given), status)
    assert fetch(api.pool, "SELECT count(*) FROM ops.limit_changes") == [(0,)]


def test_history_comes_in_pages_of_one_rule_or_all(api: RunningApi) -> None:
    for version in range(3):
        put(api, values={"below": 20 + version}, version=version)
    change(api.pool, {"below": 10}, version=3, operator="Grace")

    def page(**query: Any) -> tuple[list[int], int | None]:
        body = get(api, "/api/v1/limits/changes", **query).json()
        return [item["version"] for item in body["changes"]], body["next_cursor"]

    versions, cursor = page(limit=3)
    assert versions == [4, 3, 2]
    assert page(limit=3, before=cursor) == ([1], None)
    assert page(subsystem="eps", reason="low_battery") == ([4, 3, 2, 1], None)
    assert page(subsystem="thermal") == ([], None)


def steps(api: RunningApi, **query: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    body = get(api, "/api/v1/limits/changes", **query).json()
    return [(change["old"], change["new"]) for change in body["changes"]]


def test_history_tells_what_each_change_replaced(api: RunningApi) -> None:
    put(api, values={"below": 25})
    put(api, version=1, values={"below": 12, "severity": "severe"})
    put(api, version=2)
    assert steps(api) == [
        ({"below": 12, "severity": "severe"}, {"below": 30, "severity": "critical"}),
        ({"below": 25, "severity": "critical"}, {"below": 12, "severity": "severe"}),
        ({"below": 30}, {"below": 25}),
    ]
    first, second, _ = reversed(get(api, "/api/v1/limits/changes").json()["changes"])
    assert datetime.fromisoformat(first["at"]) < datetime.fromisoformat(second["at"])
    assert steps(api, since=second["at"]) == steps(api)[:2]
    assert steps(api, since=datetime.now(UTC).isoformat()) == []


def test_the_exported_file_is_what_is_in_force(api: RunningApi, tmp_path: Path) -> None:
    put(api, values={"below": 25, "dead_band": 2.5})
    answer = get(api, "/api/v1/limits/mission.yaml")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="default.yaml"'
    (tmp_path / "mission.yaml").write_text(answer.text, encoding="utf-8")
    assert load_mission(tmp_path / "mission.yaml") == MISSION.of(api.app)
    assert answer.text.startswith("# The default mission")


def test_a_change_whose_rule_is_gone_is_told_and_stops_nothing(api: RunningApi) -> None:
    put(api, values={"below": 25})
    with transaction(api.pool) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ops.limit_changes (mission, subsystem, reason, version, fields, operator, comment)"
            " VALUES ('default', 'eps', 'gone', 1, '{\"below\": 1}', 'Ada', 'x')"
        )
    wait_until(lambda: limits(api)["unfit"], "what does not fit", within_s=2)
    (unfit,) = limits(api)["unfit"]
    assert steps(api, reason="gone") == [({"below": None}, {"below": 1})]
    assert (unfit["reason"], unfit["problem"]) == ("gone", "the mission file has no rule gone of eps")
    assert charted(api) == 25

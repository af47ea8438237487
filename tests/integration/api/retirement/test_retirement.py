"""Satellites retired and taken back by operators, over a real PostgreSQL."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from typing import Any, Final

import psycopg2
import pytest
import requests

from operation_server.fleet.reading import FRESH_S
from telemetry_core.postgres.database import Pool
from tests.integration.api.alarms.rows import ADA, GRACE, START, act, detail, done, listed, raised, suppressed
from tests.integration.api.calls import fetch, get, problem
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration

WITHIN_S: Final = 30.0


def change(
    api: RunningApi, given: Any = None, *, satellite: str = "SAT-001", method: str = "POST"
) -> requests.Response:
    url = f"{api.url}/api/v1/fleet/{satellite}/retirement"
    return requests.request(method, url, json=ADA if given is None else given, timeout=20)


def fleet(api: RunningApi, *, patience_s: float = FRESH_S, **query: Any) -> dict[str, Any]:
    """As it is now: a reading is handed out for `FRESH_S`, and may take longer than a client waits."""
    time.sleep(patience_s)
    deadline = time.monotonic() + WITHIN_S
    while (answer := get(api, "/api/v1/fleet", **query)).status_code == 503:
        assert time.monotonic() < deadline, answer.text
    found: dict[str, Any] = answer.json()
    return found


def names(found: dict[str, Any]) -> list[str]:
    return sorted(one["satellite_id"] for one in found["satellites"])


def test_a_retired_satellite_is_listed_apart_and_its_alarms_call_nobody(
    api: RunningApi, api_pool: Pool
) -> None:
    alarm_id = raised(api_pool)
    other = raised(api_pool, 1, satellite_id="SAT-002")
    answer = change(api).json()
    assert (answer["satellite_id"], answer["is_retired"]) == ("SAT-001", True)
    (only,) = answer["changes"]
    assert (only["operator"], only["comment"], only["is_retired"]) == ("Ada", "seen", True)
    assert names(fleet(api, patience_s=0)) == ["SAT-002"]

    in_service, retired = fleet(api), fleet(api, retired=True)
    assert (names(in_service), names(retired)) == (["SAT-002"], ["SAT-001"])
    assert in_service["retired_count"] == retired["retired_count"] == 1
    assert sum(in_service["counts"].values()) == sum(retired["counts"].values()) == 1
    of_one = get(api, "/api/v1/fleet/SAT-001").json()
    assert of_one["retired"] == {"at": only["at"], "operator": "Ada", "comment": "seen"}
    assert (of_one["open_alerts"], of_one["unacknowledged_alerts"]) == (0, 0)
    assert listed(api, needs_attention=True) == listed(api, order="urgency") == [other]
    assert get(api, "/api/v1/alarms").json()["attention"]["count"] == 1
    assert (detail(api, alarm_id)["state"], detail(api, alarm_id)["needs_attention"]) == (
        "out_of_service",
        False,
    )
    refusal = problem(act(api, f"{alarm_id}/out_of_service", method="DELETE"), 409)
    assert refusal.startswith("its satellite is retired")

    back = change(api, GRACE, method="DELETE").json()
    assert (back["is_retired"], [one["operator"] for one in back["changes"]]) == (False, ["Grace", "Ada"])
    assert names(fleet(api)) == ["SAT-001", "SAT-002"]
    assert sorted(listed(api, needs_attention=True)) == sorted([alarm_id, other])
    assert get(api, "/api/v1/fleet/SAT-001/retirement").json() == back


def test_the_same_again_changes_nothing_and_another_operator_is_told_who_was_first(
    api: RunningApi, api_pool: Pool
) -> None:
    raised(api_pool)
    assert "it is not retired, and never was" in problem(change(api, method="DELETE"), 409)
    assert change(api).json() == change(api).json()
    told = problem(change(api, GRACE), 409)
    assert told.startswith("it is retired already: retired by Ada at ")
    assert told.endswith(": seen")
    assert change(api, GRACE, method="DELETE").json() == change(api, GRACE, method="DELETE").json()
    assert problem(change(api, method="DELETE"), 409).startswith("it is not retired: taken back by Grace at ")
    assert len(fetch(api_pool, "SELECT id FROM ops.retirement_changes")) == 2


def test_of_several_at_once_one_wins(api: RunningApi, api_pool: Pool) -> None:
    raised(api_pool)
    given = [{"operator": f"operator {number}", "comment": "gone"} for number in range(6)]
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda one: change(api, one), given))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]
    assert len(fetch(api_pool, "SELECT id FROM ops.retirement_changes")) == 1


def test_what_is_not_known_or_garbage_is_refused(api: RunningApi, api_pool: Pool) -> None:
    raised(api_pool)
    for satellite in ("SAT-404", "platform"):
        for method in ("POST", "DELETE", "GET"):
            answer = change(api, satellite=satellite, method=method)
            assert problem(answer, 404) == f"nothing is known of satellite {satellite}"
    garbage: list[Any] = [
        {}, [], {"operator": "Ada"}, {**ADA, "comment": " "}, {**ADA, "more": 1},
        {**ADA, "operator": "a\x00"},
    ]  # fmt: skip
    for given in garbage:
        assert problem(change(api, given), 422)
    assert problem(change(api, satellite="no%20satellite"), 422)
    assert problem(get(api, "/api/v1/fleet", retired="perhaps"), 422)
    assert fetch(api_pool, "SELECT id FROM ops.retirement_changes") == []


def test_who_retired_what_is_kept_as_it_was_written(api: RunningApi, api_pool: Pool) -> None:
    raised(api_pool)
    change(api)
    for statement in (
        "UPDATE ops.retirement_changes SET operator = 'Eve'",
        "DELETE FROM ops.retirement_changes",
    ):
        with pytest.raises(psycopg2.Error, match="history is kept as it was written"):
            fetch(api_pool, statement)


def test_fleet_list_count_and_definition_agree_on_what_needs_attention(
    api: RunningApi, api_pool: Pool
) -> None:
    expected: dict[str, int] = {}
    for number, known in enumerate(product([False, True], repeat=7)):
        is_standing, acknowledged, latching, was_reset, shelved, out, retired = known
        satellite, reason = f"SAT-{number % 3}{retired:d}", f"reason_{number}"
        raised(
            api_pool, number, satellite_id=satellite, reason=reason, is_latching=latching, noticed_at=START,
            returned_at=None if is_standing else START + timedelta(hours=1),
            acknowledged_at=START if acknowledged else None, reset_at=START if was_reset else None,
        )  # fmt: skip
        for kind in ["shelved"] * shelved + ["out_of_service"] * out:
            suppressed(api_pool, satellite=satellite, reason=reason, kind=kind)
        calls = not (acknowledged or shelved or out or retired)
        expected[satellite] = expected.get(satellite, 0) + calls
    for satellite in expected:
        if satellite.endswith("1"):
            assert change(api, satellite=satellite).status_code == 200

    found = {
        one["satellite_id"]: one
        for retired in (False, True)
        for one in fleet(api, retired=retired)["satellites"]
    }
    for satellite, count in expected.items():
        of_one = found[satellite]
        assert of_one["unacknowledged_alerts"] + of_one["returned_alerts"] == count, satellite
        assert len(listed(api, satellite_id=satellite, needs_attention=True)) == count
        assert len(listed(api, satellite_id=satellite, needs_attention=True, order="urgency")) == count
    page = get(api, "/api/v1/alarms", limit=500).json()
    assert page["attention"]["count"] == sum(expected.values())
    assert sum(alarm["needs_attention"] for alarm in page["alarms"]) == sum(expected.values())
    waiting = ["unacknowledged", "latched_unacknowledged", "returned_unacknowledged"]
    assert len(listed(api, state=waiting, limit=500)) == sum(expected.values())
    assert done(act(api, f"{listed(api, needs_attention=True)[0]}/acknowledgements"))
    assert get(api, "/api/v1/alarms").json()["attention"]["count"] == sum(expected.values()) - 1

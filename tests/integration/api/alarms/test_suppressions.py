"""Alarms that call nobody: shelved or out of service, over a real PostgreSQL."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from telemetry_core.postgres.database import Pool
from tests.integration.api.alarms.rows import GRACE, act, detail, done, listed, raised, suppressed
from tests.integration.api.calls import get, problem
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration


def test_two_alarms_of_one_sign_are_shelved_once(api: RunningApi, api_pool: Pool) -> None:
    alarm_ids = [raised(api_pool, second) for second in (0, 100)]
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda one: act(api, f"{one}/shelves", minutes=5), alarm_ids))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert [detail(api, alarm_id)["state"] for alarm_id in alarm_ids] == ["shelved", "shelved"]


def test_shelved_alarm_calls_nobody_until_it_is_unshelved(api: RunningApi, api_pool: Pool) -> None:
    alarm_id = raised(api_pool)
    until = (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0)
    found = done(act(api, f"{alarm_id}/shelves", until=until.isoformat()))
    assert (found["state"], found["needs_attention"]) == ("shelved", False)
    (shelf,) = found["suppressions"]
    assert (shelf["kind"], shelf["operator"], shelf["comment"]) == ("shelved", "Ada", "seen")
    assert datetime.fromisoformat(shelf["until"]) == until
    assert datetime.fromisoformat(found["events"][0]["details"]["new"]["until"]) == until
    later = raised(api_pool, 100)
    assert detail(api, later)["state"] == "shelved"
    assert (listed(api, needs_attention=True), get(api, "/api/v1/alarms").json()["attention"]["count"]) == (
        [],
        0,
    )
    assert problem(act(api, f"{later}/shelves", GRACE | {"minutes": 1}), 409).startswith(
        "it is shelved already: unshelve it first; last shelved by Ada at "
    )
    found = done(act(api, f"{alarm_id}/shelves", GRACE, method="DELETE"), 200)
    assert (found["state"], found["suppressions"]) == ("unacknowledged", [])
    assert found["events"][0]["details"]["old"]["operator"] == "Ada"
    assert "it is not shelved; last unshelved by Grace at " in problem(
        act(api, f"{alarm_id}/shelves", method="DELETE"), 409
    )


def test_all_that_calls_nobody_is_listed(api: RunningApi, api_pool: Pool) -> None:
    alarm_id = raised(api_pool)
    done(act(api, f"{alarm_id}/out_of_service"))
    done(act(api, f"{alarm_id}/shelves", GRACE | {"minutes": 5}))
    suppressed(api_pool, reason="another", kind="shelved", until=datetime.now(UTC) - timedelta(seconds=1))
    satellite_id = detail(api, alarm_id)["satellite_id"]

    def found(query: str = "") -> list[tuple[str, ...]]:
        answer = get(api, f"/api/v1/alarms/suppressions{query}").json()
        assert not answer["is_truncated"]
        names = ("satellite_id", "subsystem", "reason", "kind", "operator")
        return [tuple(item[name] for name in names) for item in answer["suppressions"]]

    both = [
        (satellite_id, "eps", "low_battery", "shelved", "Grace"),
        (satellite_id, "eps", "low_battery", "out_of_service", "Ada"),
    ]
    assert (found(), found(f"?satellite_id={satellite_id}"), found("?satellite_id=none")) == (both, both, [])


def test_shelf_whose_time_is_over_is_none_and_gives_way_to_another(api: RunningApi, api_pool: Pool) -> None:
    alarm_id = raised(api_pool)
    suppressed(
        api_pool, reason="low_battery", kind="shelved", until=datetime.now(UTC) + timedelta(seconds=0.5)
    )
    assert detail(api, alarm_id)["state"] == "shelved"
    time.sleep(0.6)
    found = detail(api, alarm_id)
    assert (found["state"], found["suppressions"]) == ("unacknowledged", [])
    assert listed(api, needs_attention=True) == [alarm_id]
    problem(act(api, f"{alarm_id}/shelves", method="DELETE"), 409)
    found = done(act(api, f"{alarm_id}/shelves", GRACE | {"minutes": 1}))
    assert [item["operator"] for item in found["suppressions"]] == ["Grace"]


def test_alarm_out_of_service_calls_nobody_until_it_is_returned(api: RunningApi, api_pool: Pool) -> None:
    alarm_id = raised(api_pool)
    found = done(act(api, f"{alarm_id}/out_of_service"))
    assert (found["state"], found["suppressions"][0]["until"]) == ("out_of_service", None)
    assert done(act(api, f"{alarm_id}/shelves", minutes=5))["state"] == "out_of_service"
    assert "it is out of service already" in problem(act(api, f"{alarm_id}/out_of_service"), 409)
    assert done(act(api, f"{alarm_id}/out_of_service", method="DELETE"), 200)["state"] == "shelved"
    assert "it is in service; last returned to service by Ada" in problem(
        act(api, f"{alarm_id}/out_of_service", method="DELETE"), 409
    )


@pytest.mark.parametrize(
    "shelf",
    [{}, {"minutes": 0}, {"minutes": 10_081}, {"until": "2020-01-01T00:00:00Z"},
     {"until": "2199-01-01T00:00:00Z"}, {"minutes": 5, "until": "2199-01-01T00:00:00Z"}, {"minutes": "soon"}],
)  # fmt: skip
def test_shelf_without_an_end_within_a_week_is_refused(
    api: RunningApi, api_pool: Pool, shelf: dict[str, Any]
) -> None:
    problem(act(api, f"{raised(api_pool)}/shelves", **shelf), 422)

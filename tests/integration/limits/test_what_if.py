"""A changed limit is tried over HTTP on what a real VictoriaMetrics has stored, before it is saved."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from operation_server.what_if import turns
from operation_server.what_if.budget import Allowance
from operation_server.what_if.trial_routes import TRIALS
from telemetry_core.service.settings import Settings
from testbed.kafka_topics import wait_until
from tests.integration.api.alarms.rows import act, raised
from tests.integration.api.calls import fetch, get, problem
from tests.integration.servers.running_api import RunningApi, running_api
from tests.integration.servers.victoria_server import running_victoria_server, write_samples

pytestmark = pytest.mark.integration

SOC = "satellite_battery_soc"
CLEAR = [80.0] * 20
#: Every ten seconds, since 23 hours ago.
CHARGES = [*CLEAR, 28.0, *CLEAR, 22.0, 21.0, *CLEAR, 28.0, 22.0, 28.0, *CLEAR]
EPOCH_MS = round(time.time() - 23 * 3600) * 1000


@pytest.fixture
def api(database: Settings, tmp_path: Path) -> Iterator[RunningApi]:
    (tmp_path / "models").mkdir()
    with (
        running_victoria_server(tmp_path) as url,
        running_api(database, tmp_path / "models", victoria_url=url) as running,
    ):
        yield running


def store(
    api: RunningApi, satellite_id: str, values: Sequence[float] = CHARGES, *, metric: str = SOC
) -> None:
    url = TRIALS.of(api.app).telemetry._url
    write_samples(
        url, metric, satellite_id, {EPOCH_MS + 10_000 * place: one for place, one in enumerate(values)}
    )


def ask(api: RunningApi, reason: str = "low_battery", **given: Any) -> requests.Response:
    limits = {limit["reason"]: limit for limit in get(api, "/api/v1/limits").json()["limits"]}
    values = limits.get(reason, limits["low_battery"])["in_force"] | given.pop("values", {})
    body = {"subsystem": "eps", "reason": reason, "values": values, "days": 1, **given}
    return requests.post(f"{api.url}/api/v1/limits/what-if", json=body, timeout=60)


def tried(api: RunningApi, **given: Any) -> dict[str, Any]:
    answer = ask(api, **given)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def known(api: RunningApi, place: int, *feedback: str) -> str:
    """Write the alarm that began with one of the charges, and what operators called it one after another."""
    start = datetime.fromtimestamp(EPOCH_MS / 1000, UTC)
    alarm_id = raised(api.pool, 10 * place, returned=10 * place + 90, start=start, satellite_id="SAT-A")
    for word in feedback:
        act(api, f"{alarm_id}/feedback", feedback=word).raise_for_status()
    return alarm_id


def test_alarms_before_and_after_are_told_by_satellite_and_by_rate(api: RunningApi) -> None:
    store(api, "SAT-A")
    store(api, "SAT-B", [27.0] * 30)
    found = tried(api, values={"below": 25})
    assert found["satellites"] == [
        {"satellite_id": "SAT-A", "samples": len(CHARGES), "before": 3, "after": 2},
        {"satellite_id": "SAT-B", "samples": 30, "before": 1, "after": 0},
    ]
    assert found["before"] == {"count": 4, "per_day": 4.0, "per_operator_hour": pytest.approx(4 / 24)}
    assert found["after"]["count"] == 2
    assert found["acceptable_per_operator_hour"] == 6
    assert found["appearing"] == {"count": 0, "alarms": []}
    assert [(one["satellite_id"], one["worst_value"]) for one in found["vanishing"]["alarms"]] == [
        ("SAT-B", 27.0),
        ("SAT-A", 28.0),
    ]
    assert found["vanishing"]["alarms"][0]["returned_at"] is None
    assert fetch(api.pool, "SELECT count(*) FROM ops.limit_changes") == [(0,)]


def test_the_limit_in_force_is_what_is_compared_with_not_the_files(api: RunningApi) -> None:
    store(api, "SAT-A")
    limit = next(one for one in get(api, "/api/v1/limits").json()["limits"] if one["reason"] == "low_battery")
    change = {"operator": "Ada", "comment": "x", "version": 0, "values": limit["file"] | {"below": 25}}
    requests.put(f"{api.url}/api/v1/limits/eps/low_battery", json=change, timeout=20).raise_for_status()
    found = tried(api, values={"below": 30}, satellites=["SAT-A"])
    assert (found["before"]["count"], found["after"]["count"]) == (2, 3)
    assert found["appearing"]["count"] == 1


def test_true_alarms_that_would_be_missed_are_told_and_false_ones_that_would_be_gone(api: RunningApi) -> None:
    store(api, "SAT-A")
    missed = known(api, 20, "known", "true_alarm")
    known(api, 41, "true_alarm")
    known(api, 63, "true_alarm", "false_alarm")
    found = tried(api, values={"below": 25})
    assert found["feedback"] == [
        {"feedback": "false_alarm", "count": 1, "before": 1, "after": 1},
        {"feedback": "true_alarm", "count": 2, "before": 2, "after": 1},
    ]
    assert [one["alarm_id"] for one in found["missed"]["alarms"]] == [missed]
    assert found["vanishing"]["alarms"][0]["alarm_id"] == missed
    assert tried(api, values={"below": 35})["missed"]["count"] == 0


def test_lists_tell_the_oldest_twenty(api: RunningApi) -> None:
    store(api, "SAT-A", [*CLEAR, 20.0] * 25 + CLEAR)
    found = tried(api, values={"below": 10})
    assert (found["vanishing"]["count"], len(found["vanishing"]["alarms"])) == (25, 20)
    assert found["vanishing"]["alarms"][0]["started_at"] < found["vanishing"]["alarms"][1]["started_at"]


def test_without_telemetry_it_says_how_many_samples_there_were(api: RunningApi) -> None:
    assert tried(api)["satellites"] == []
    assert tried(api, satellites=["SAT-Z"])["satellites"] == [
        {"satellite_id": "SAT-Z", "samples": 0, "before": 0, "after": 0}
    ]


@pytest.mark.parametrize(
    ("given", "status", "text"),
    [
        ({"values": {"below": None}}, 422, "a rule needs at least one of below, above"),
        ({"values": {"dead_band": -1}}, 422, "dead_band: Input should be greater"),
        ({"reason": "other"}, 404, "no rule other of eps"),
        ({"days": 0}, 422, "days"),
        ({"days": 366}, 422, "days"),
        ({"satellites": []}, 422, "satellites"),
        ({"satellites": ["a b"]}, 422, "satellites"),
        ({"operator": "Ada"}, 422, "operator"),
    ],
)
def test_a_refusal_says_what_is_wrong(api: RunningApi, given: dict[str, Any], status: int, text: str) -> None:
    assert text in problem(ask(api, **given), status)


def test_more_than_the_allowance_is_refused_with_what_fits(api: RunningApi) -> None:
    store(api, "SAT-A")
    TRIALS.of(api.app).allowance = Allowance(most_samples=10)
    told = problem(ask(api, days=365, satellites=["SAT-B", "SAT-A"]), 422)
    assert told.startswith("365 days of 2 satellites are more than one trial reads (10 s, 10 samples): try ")
    assert told.endswith(" days or fewer satellites")
    TRIALS.of(api.app).allowance = Allowance(most_s=0)
    assert "more than one trial reads" in problem(ask(api, days=365, satellites=["SAT-A"]), 422)


def test_what_fits_is_what_fits(api: RunningApi) -> None:
    days = 2
    for place in range(days):
        values = {EPOCH_MS - 86_400_000 * place - 60_000 * at: 80.0 for at in range(1440)}
        write_samples(TRIALS.of(api.app).telemetry._url, SOC, "SAT-A", dict(sorted(values.items())))
    TRIALS.of(api.app).allowance = Allowance(most_samples=1_000)
    told = problem(ask(api, days=days, satellites=["SAT-A"]), 422)
    fits = float(told.rpartition("try ")[2].partition(" days")[0])
    assert 0 < fits < days
    assert ask(api, days=fits, satellites=["SAT-A"]).ok


def test_other_requests_are_answered_while_trials_wait_and_some_are_turned_away(
    api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "MOST_WAITING", 4)
    store(api, "SAT-A", [29.0, 31.0] * 2_000)
    with ThreadPoolExecutor(12) as threads:
        asked = [threads.submit(ask, api, values={"below": 25 + place / 10}) for place in range(12)]
        answered = 0
        while not all(one.done() for one in asked):
            assert get(api, "/api/v1/limits").ok
            answered += 1
        statuses = [one.result().status_code for one in asked]
    assert answered >= 3
    assert statuses.count(200) >= 4
    assert set(statuses) == {200, 429}


def test_who_goes_away_gives_the_turn_back(api: RunningApi) -> None:
    store(api, "SAT-A", [29.0, 31.0] * 4_000)
    TRIALS.of(api.app).allowance = Allowance(most_s=600)
    for _ in range(2):
        with pytest.raises(requests.Timeout):
            requests.post(
                f"{api.url}/api/v1/limits/what-if",
                json={"subsystem": "eps", "reason": "low_battery", "days": 365, "satellites": ["SAT-A"],
                      "values": get(api, "/api/v1/limits").json()["limits"][0]["in_force"]},
                timeout=0.05,
            )  # fmt: skip
    wait_until(lambda: not TRIALS.of(api.app)._free.locked(), "a turn is free", within_s=20)


def test_without_victoriametrics_it_says_so(database: Settings, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    with running_api(database, tmp_path / "models", victoria_url="http://127.0.0.1:9") as api:
        assert "victoria-metrics" in problem(ask(api), 503)

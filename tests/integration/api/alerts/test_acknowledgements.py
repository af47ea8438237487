"""Acknowledgements over a real PostgreSQL."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg2
import pytest

from telemetry_core.postgres.database import Pool, transaction
from tests.integration.api.alerts.judging import START, acknowledge, alerts, judge
from tests.integration.api.calls import get, problem
from tests.integration.api.live.verdict_events import stream
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration


def test_two_acknowledgements_at_once_have_one_winner(api: RunningApi, api_pool: Pool) -> None:
    judge(api_pool, 0, "a")
    (found,) = alerts(api)
    with ThreadPoolExecutor(2) as threads:
        answers = list(
            threads.map(lambda name: acknowledge(api, found["alert_id"], operator=name), ["Ada", "Grace"])
        )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    (lost,) = (answer for answer in answers if answer.status_code == 409)
    (won,) = (answer.json() for answer in answers if answer.status_code == 201)
    assert problem(lost, 409).startswith(f"Already acknowledged by {won['acknowledgement']['operator']} at ")
    assert [alert["state"] for alert in alerts(api)] == ["acknowledged"]


@pytest.mark.parametrize(
    "body", [{"operator": "  "}, {"comment": ""}, {"operator": "a\u0000b"}, {"comment": "\u001b[2J"}]
)
def test_unprintable_acknowledgement_is_refused(
    api: RunningApi, api_pool: Pool, body: dict[str, str]
) -> None:
    judge(api_pool, 0, "a")
    (found,) = alerts(api)
    problem(acknowledge(api, found["alert_id"], **body), 422)


def test_unknown_alert_is_not_found(api: RunningApi) -> None:
    problem(acknowledge(api, "eps.anomaly.1.SAT-001"), 404)
    problem(get(api, "/api/v1/alerts/nope.anomaly.1.SAT-001"), 404)


@pytest.mark.parametrize(
    "change",
    ["UPDATE ops.alert_acknowledgements SET comment = 'x'", "DELETE FROM ops.alert_acknowledgements",
     "TRUNCATE ops.alert_acknowledgements"],
)  # fmt: skip
def test_history_is_append_only(pool: Pool, change: str) -> None:
    with pytest.raises(psycopg2.Error, match="refused"), transaction(pool) as connection:
        connection.cursor().execute(change)


def test_acknowledgement_arrives_on_another_stream_and_resumes(api: RunningApi, api_pool: Pool) -> None:
    judge(api_pool, 0, "a")
    (found,) = alerts(api)
    with stream(api, "0-0") as next_event:
        first = next_event()
        started = time.monotonic()
        assert acknowledge(api, found["alert_id"], comment="zwei\nZeilen").status_code == 201
        second = next_event()
        assert time.monotonic() - started < 2
    judge(api_pool, 1, "n")
    assert [first["event"], second["event"]] == ["verdict", "acknowledgement"]
    assert second["data"]["comment"] == "zwei\nZeilen"
    with stream(api, first["id"]) as next_event:
        resumed = [next_event() for _ in range(2)]
    assert [event["event"] for event in resumed] == ["acknowledgement", "verdict"]
    assert resumed[0]["id"] == second["id"]


def test_cut_connections_lose_and_repeat_nothing(api: RunningApi, api_pool: Pool) -> None:
    written: list[str] = []

    def write() -> None:
        start = START - timedelta(hours=1)
        for second in range(0, 3600, 120):
            job_id = judge(api_pool, second, "n", reason="low_battery", start=start)
            alert_id = f"eps.low_battery.{job_id.rsplit('-', 1)[1]}.SAT-001"
            assert acknowledge(api, alert_id, comment=f"seen {second}").status_code == 201
            written.extend([job_id, f"seen {second}", judge(api_pool, second + 60, "n", start=start)])

    seen: list[str] = []
    last_id = "0-0"
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write)
        for length in (1, 2, 5, 1, 20, 3, 11, 47):
            with stream(api, last_id) as next_event:
                for _ in range(length):
                    event = next_event()
                    last_id = event["id"]
                    seen.append(event["data"].get("comment") or event["data"]["job_id"])
        writing.result(timeout=20)
    assert set(written) ^ set(seen) == set()
    assert len(seen) == len(set(seen)) == 90

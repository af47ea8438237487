"""Acknowledgements over a real PostgreSQL."""

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from telemetry_core.postgres.database import Pool, transaction
from tests.integration.api.alerts.hearing import LOW, Telemetry
from tests.integration.api.alerts.judging import acknowledge, alerts, instant, judge
from tests.integration.api.calls import get, problem
from tests.integration.api.live.verdict_events import stream
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration


def test_two_acknowledgements_at_once_have_one_winner(api: RunningApi, telemetry: Telemetry) -> None:
    telemetry.send(0, LOW)
    (found,) = alerts(api)
    with ThreadPoolExecutor(2) as threads:
        answers = list(
            threads.map(lambda name: acknowledge(api, found["alert_id"], operator=name), ["Ada", "Grace"])
        )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    (lost,) = (answer for answer in answers if answer.status_code == 409)
    (won,) = (answer.json() for answer in answers if answer.status_code == 201)
    winner = won["acknowledgement"]["operator"]
    assert f"it is acknowledged already; last acknowledged by {winner} at " in problem(lost, 409)
    assert [alert["state"] for alert in alerts(api)] == ["acknowledged"]


@pytest.mark.parametrize(
    "body", [{"operator": "  "}, {"comment": ""}, {"operator": "a\u0000b"}, {"comment": "\u001b[2J"}]
)
def test_unprintable_acknowledgement_is_refused(
    api: RunningApi, telemetry: Telemetry, body: dict[str, str]
) -> None:
    telemetry.send(0, LOW)
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


def test_acknowledgement_arrives_on_another_stream_and_resumes(
    api: RunningApi, api_pool: Pool, telemetry: Telemetry
) -> None:
    judge(api_pool, 0, "n", reason="low_battery")
    telemetry.send(0, LOW)
    (found,) = alerts(api)
    with stream(api, "0-0") as next_event:
        first = next_event()
        started = time.monotonic()
        assert acknowledge(api, found["alert_id"], comment="zwei\nZeilen").status_code == 201
        second = next_event()
        assert time.monotonic() - started < 2
    judge(api_pool, 1, "n")
    assert [first["event"], second["event"]] == ["verdict", "acknowledgement"]
    assert (second["data"]["comment"], second["data"]["alert_id"]) == ("zwei\nZeilen", found["alert_id"])
    with stream(api, first["id"]) as next_event:
        resumed = [next_event() for _ in range(2)]
    assert [event["event"] for event in resumed] == ["acknowledgement", "verdict"]
    assert resumed[0]["id"] == second["id"]


def test_cut_connections_lose_and_repeat_nothing(
    api: RunningApi, api_pool: Pool, telemetry: Telemetry
) -> None:
    written: list[str] = []

    def write() -> None:
        for second in range(0, 3600, 120):
            telemetry.send(second, LOW, satellite=f"SAT-{second}")
            job_id = judge(api_pool, second, "n", reason="low_battery")
            alert_id = f"eps.low_battery.{job_id.rsplit('-', 1)[1]}.SAT-{second}"
            assert acknowledge(api, alert_id, comment=f"seen {second}").status_code == 201
            written.extend([job_id, f"seen {second}", judge(api_pool, second + 60, "n")])

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


def test_acknowledgements_from_before_alarms_were_kept_are_history(
    api: RunningApi, owner: Pool, telemetry: Telemetry
) -> None:
    telemetry.send(0, LOW)
    telemetry.send(10, LOW)
    (found,) = alerts(api)
    with transaction(owner) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ops.alert_acknowledgements"
            " (satellite_id, subsystem, reason, generated_at, operator, comment)"
            " SELECT 'SAT-001', 'eps', 'low_battery', at, 'Ada', comment FROM unnest("
            " %s::timestamptz [], %s::text []) AS given (at, comment)",
            ([instant(5), instant(11)], ["seen", "another one"]),
        )
    detail = get(api, f"/api/v1/alerts/{found['alert_id']}").json()
    assert [item["comment"] for item in detail["history"]] == ["seen"]
    assert (detail["state"], detail["acknowledgement"]) == ("unacknowledged", None)
    assert acknowledge(api, found["alert_id"], comment="again").status_code == 201
    detail = get(api, f"/api/v1/alerts/{found['alert_id']}").json()
    assert [item["comment"] for item in detail["history"]] == ["again", "seen"]

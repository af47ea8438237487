"""The live line of alarms over a real PostgreSQL."""

import time

import pytest
import requests

from operation_server.alarms.store import read_events
from telemetry_core.postgres.database import Pool, transaction
from tests.integration.api.alarms.rows import act, done, raised
from tests.integration.api.calls import problem
from tests.integration.api.live.verdict_events import stream
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration

EVENTS = "/api/v1/alarms/events"


def test_live_line_tells_each_change_once_and_resumes(api: RunningApi, api_pool: Pool) -> None:
    with stream(api, "0-0", path=EVENTS) as next_event:
        alarm_id = raised(api_pool)
        first = next_event()
        begun = time.monotonic()
        done(act(api, f"{alarm_id}/acknowledgements", comment="zwei\nZeilen"))
        second = next_event()
        assert time.monotonic() - begun < 2
    done(act(api, f"{alarm_id}/comments"))
    assert {first["event"], second["event"]} == {"alarm"}
    assert (first["data"]["change"], first["data"]["operator"], first["data"]["alarm_id"]) == (
        "raised",
        None,
        alarm_id,
    )
    told = second["data"]
    assert (told["change"], told["operator"], told["comment"]) == ("acknowledged", "Ada", "zwei\nZeilen")
    assert (told["satellite_id"], told["kind"], told["severity"]) == ("SAT-001", "limit", "critical")
    assert (first["data"]["state"], told["state"]) == ("unacknowledged", "acknowledged")
    with stream(api, first["id"], path=EVENTS) as next_event:
        resumed = [next_event() for _ in range(2)]
    assert [event["data"]["change"] for event in resumed] == ["acknowledged", "commented"]
    assert resumed[0]["id"] == second["id"]


def test_live_line_skips_no_change_that_commits_late(api: RunningApi, api_pool: Pool) -> None:
    alarm_id = raised(api_pool)
    early = api_pool.acquire()
    early.cursor().execute(
        "INSERT INTO ops.alarm_events (alarm_id, event) VALUES (%s, 'expired')", [alarm_id]
    )
    with stream(api, "0-0", path=EVENTS) as next_event:
        assert next_event()["data"]["change"] == "raised"
        done(act(api, f"{alarm_id}/comments"))
        early.commit()
        assert [next_event()["data"]["change"] for _ in range(2)] == ["expired", "commented"]
    api_pool.release(early)


def test_live_line_begins_now_without_an_id_and_refuses_one_that_it_never_sent(
    api: RunningApi, api_pool: Pool
) -> None:
    alarm_id = raised(api_pool)
    with stream(api, path=EVENTS, ticks=True) as next_event:
        assert next_event()["event"] == "tick"
        done(act(api, f"{alarm_id}/comments"))
        while (event := next_event())["event"] == "tick":
            pass
        assert event["data"]["change"] == "commented"
    answer = requests.get(f"{api.url}{EVENTS}", headers={"Last-Event-ID": "yesterday"}, timeout=10)
    problem(answer, 422)


def test_new_changes_lie_behind_those_that_a_dump_brought_from_another_cluster(pool: Pool) -> None:
    far_ahead = 10**12
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ops.alarm_events (alarm_id, event, xact) VALUES ('one', 'raised', %s::text::xid8)",
            [far_ahead],
        )
        cursor.execute("UPDATE ops.cluster SET system_identifier = 0")
        cursor.execute("SELECT ops.adopt_cluster()")
    alarm_id = raised(pool)
    assert [row["alarm_id"] for row in read_events(pool, (far_ahead, 10**9))] == [alarm_id]

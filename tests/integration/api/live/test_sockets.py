"""WebSockets over a real PostgreSQL."""

import json
import socket
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from operation_server.dashboard.routes import DASHBOARD_FEED
from operation_server.http.limits import MAX_LINES_OF_ONE
from telemetry_core.postgres.database import Pool
from tests.integration.api.calls import finish, submitted
from tests.integration.api.live.verdict_events import WAIT_S
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration


def watch(api: RunningApi, path: str, **options: Any) -> ClientConnection:
    client: ClientConnection = connect(
        api.url.replace("http", "ws") + path, open_timeout=WAIT_S, proxy=None, **options
    )
    return client


def opened_as(api: RunningApi, *, host: str, origin: str) -> ClientConnection:
    """Connect as a browser does whose page had its own name point at this machine."""
    there = urlsplit(api.url)
    socket_there = socket.create_connection((there.hostname, there.port), timeout=WAIT_S)
    client: ClientConnection = connect(
        f"ws://{host}:{there.port}/api/v1/dashboard/ws",
        sock=socket_there,
        origin=Origin(origin),
        open_timeout=WAIT_S,
    )
    return client


def message(client: ClientConnection) -> Any:
    return json.loads(client.recv(timeout=WAIT_S))


def message_of_type(client: ClientConnection, kind: str) -> Any:
    while (found := message(client))["type"] != kind:
        pass
    return found


def test_job_socket_pushes_the_change_to_completed(api: RunningApi, api_pool: Pool) -> None:
    job_id = submitted(api)
    with watch(api, f"/api/v1/inference/ws/{job_id}") as client:
        first = message(client)
        assert (first["type"], first["job_id"], first["status"]) == ("status", job_id, "pending")
        finish(api_pool, job_id)
        assert message_of_type(client, "progress")["progress"] == 1.0
        assert message_of_type(client, "status")["status"] == "completed"


def test_job_socket_answers_status_and_result(api: RunningApi, api_pool: Pool) -> None:
    job_id = submitted(api)
    finish(api_pool, job_id)
    with watch(api, f"/api/v1/inference/ws/{job_id}") as client:
        message(client)
        client.send("status")
        assert message(client)["status"] == "completed"
        client.send("result")
        answer = message(client)
        assert (answer["type"], answer["result"]["predictions"]) == ("result", [35.0, 36.0])
        client.send("help")
        assert message(client)["type"] == "error"


def test_socket_of_an_unknown_job_says_so_and_closes(api: RunningApi) -> None:
    with watch(api, "/api/v1/inference/ws/nothing") as client:
        assert message(client)["message"] == "Job not found"
        with pytest.raises(ConnectionClosed):
            message(client)


def test_page_of_another_origin_may_not_connect(api: RunningApi) -> None:
    with pytest.raises(InvalidStatus) as refused:
        watch(api, "/api/v1/dashboard/ws", origin="http://elsewhere.example")
    assert refused.value.response.status_code == 403
    with watch(api, "/api/v1/dashboard/ws", origin=api.url) as client:
        assert message(client)["type"] == "update"


def test_dashboard_socket_pushes_updates(api: RunningApi, api_pool: Pool) -> None:
    job_id = submitted(api)
    with watch(api, "/api/v1/dashboard/ws") as client:
        update = message(client)
        assert (update["type"], update["statistics"]["total_jobs"]) == ("update", 1)
        assert update["recent_results"][0]["job_id"] == job_id
        finish(api_pool, job_id)
        while message(client)["statistics"]["completed"] != 1:
            pass


def test_clients_share_one_poller(api: RunningApi) -> None:
    feed = DASHBOARD_FEED.of(api.app)
    with watch(api, "/api/v1/dashboard/ws") as one, watch(api, "/api/v1/dashboard/ws") as two:
        assert message(one)["type"] == message(two)["type"] == "update"
        assert feed._clients == 2


def test_client_with_too_many_lines_is_told_so_and_gets_one_again_when_it_closed_one(api: RunningApi) -> None:
    with ExitStack() as opened:
        lines = [opened.enter_context(watch(api, "/api/v1/dashboard/ws")) for _ in range(MAX_LINES_OF_ONE)]
        with pytest.raises(InvalidStatus) as refused, watch(api, "/api/v1/dashboard/ws"):
            pass
        assert refused.value.response.status_code == 429
        assert b"live lines" in refused.value.response.body
        answer = requests.get(f"{api.url}/api/v1/verdicts/stream", timeout=10)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")
        lines[0].close()
        with watch(api, "/api/v1/dashboard/ws") as client:
            assert message(client)["type"] == "update"


def test_name_that_is_not_ours_opens_no_line(api: RunningApi) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        opened_as(api, host="evil.example", origin="http://evil.example"),
    ):
        pass
    assert refused.value.response.status_code == 421

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from operation_server.http.keys import MAX_TICKETS, TICKET_S, ApiKeys, Tickets
from telemetry_core.service.api_keys import parse_api_keys

KEYS = ["0123456789abcdef", "fedcba9876543210"]
HISTORY = "/api/v1/results/history"


def application(keys: Sequence[str], tickets: Tickets) -> Starlette:
    async def answer(_: Request) -> PlainTextResponse:
        return PlainTextResponse("telemetry")

    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    routes = [Route(HISTORY, answer), Route("/livez", answer), WebSocketRoute("/ws", talk)]
    return Starlette(
        routes=routes, middleware=[Middleware(ApiKeys, keys=parse_api_keys(",".join(keys)), tickets=tickets)]
    )


def get(path: str, *, keys: Sequence[str] = KEYS, **request: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(application(keys, Tickets()))
        async with httpx.AsyncClient(transport=transport, base_url="http://platform") as client:
            return await client.get(path, **request)

    return asyncio.run(ask())


def websocket_answer(tickets: Tickets, **query: str) -> dict[str, Any]:
    """Return the first message that a client gets."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": "/ws",
        "query_string": urlencode(query).encode(),
        "headers": [],
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }
    asyncio.run(application(KEYS, tickets)(scope, receive, send))
    return sent[0]


@pytest.mark.parametrize("key", KEYS)
def test_each_configured_key_opens_the_api(key: str) -> None:
    assert get(HISTORY, headers={"X-API-Key": key}).text == "telemetry"


@pytest.mark.parametrize("key", ["", "0123456789abcde", "0123456789abcdef0", "\u00fc"])
def test_any_other_key_is_refused_with_what_to_do(key: str) -> None:
    answer = get(HISTORY, headers={"X-API-Key": key.encode()})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "X-API-Key" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["api_key", "ticket", "key"])
def test_key_in_an_address_is_refused(name: str) -> None:
    assert get(HISTORY, params={name: KEYS[0]}).status_code == 401


def test_probes_need_no_key() -> None:
    assert get("/livez").status_code == 200


def test_without_configured_keys_everybody_is_let_through() -> None:
    assert get(HISTORY, keys=[]).status_code == 200


def test_a_websocket_without_a_ticket_never_opens() -> None:
    answer = websocket_answer(Tickets())
    assert (answer["type"], answer["status"]) == ("websocket.http.response.start", 401)


def test_a_ticket_opens_one_websocket() -> None:
    tickets = Tickets()
    ticket = tickets.issue()
    assert websocket_answer(tickets, ticket=ticket)["type"] == "websocket.accept"
    assert websocket_answer(tickets, ticket=ticket)["type"] == "websocket.http.response.start"


def test_a_ticket_is_good_for_a_short_time() -> None:
    now = 0.0
    tickets = Tickets(monotonic=lambda: now)
    early, late = tickets.issue(), tickets.issue()
    now = TICKET_S - 1
    assert tickets.redeem(early)
    now = TICKET_S + 1
    assert not tickets.redeem(late)


def test_tickets_that_nobody_uses_do_not_pile_up() -> None:
    tickets = Tickets()
    issued = [tickets.issue() for _ in range(MAX_TICKETS + 1)]
    assert not tickets.redeem(issued[0])
    assert all(tickets.redeem(ticket) for ticket in issued[1:])

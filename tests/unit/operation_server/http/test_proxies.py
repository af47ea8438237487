"""Whose word on a client's address is believed, and what the limit for each client makes of it."""

import asyncio
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from operation_server.http.proxies import own_networks

ROOT = Path(__file__).parents[4]
HEADER = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT"
DEFAULT = "eth0 00000000 010012AC 0003 0 0 0 00000000 0 0 0"  # by 172.18.0.1
OWN = "eth0 000012AC 00000000 0001 0 0 0 0000FFFF 0 0 0"  # 172.18.0.0/16
SECOND = "eth1 00000A0A 00000000 0001 0 0 0 00FFFFFF 0 0 0"  # 10.10.0.0/24
CONTAINER = f"{HEADER}\n{DEFAULT}\n{OWN}"
NGINX, GATEWAY, OUTSIDE = "172.18.0.7", "172.18.0.1", "192.168.1.4"


def told(peer: str, forwarded: str | None, *, routes: str = CONTAINER) -> str:
    """Return the client that the application sees, as the server in a container tells it."""
    seen: list[str] = []

    async def application(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["client"][0])

    async def nothing() -> None: ...

    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]
    scope = {"type": "websocket", "scheme": "ws", "client": (peer, 5000), "headers": headers}
    server = ProxyHeadersMiddleware(application, trusted_hosts=",".join(own_networks(routes)))  # type: ignore[arg-type]
    asyncio.run(server(scope, nothing, nothing))  # type: ignore[arg-type]
    return seen[0]


def test_clients_behind_nginx_are_distinguished() -> None:
    assert [told(NGINX, "10.1.1.1"), told(NGINX, "10.1.1.2")] == ["10.1.1.1", "10.1.1.2"]


def test_client_of_this_machine_comes_to_nginx_by_the_gateway() -> None:
    assert told(NGINX, GATEWAY) == GATEWAY


@pytest.mark.parametrize("peer", [GATEWAY, OUTSIDE])
def test_client_beside_nginx_can_not_choose_its_address(peer: str) -> None:
    assert told(peer, "6.6.6.6") == peer


def test_every_network_of_the_container_is_its_own_and_no_other() -> None:
    routes = f"{CONTAINER}\n{SECOND}"
    assert told("10.10.0.9", "10.1.1.1", routes=routes) == "10.1.1.1"
    assert told("10.10.1.9", "10.1.1.1", routes=routes) == "10.10.1.9"
    assert own_networks(HEADER) == []


def test_no_gate_passes_on_what_a_client_says_of_its_address() -> None:
    for path in (ROOT / "nginx").rglob("*.conf"):
        text = path.read_text(encoding="utf-8")
        assert "proxy_add_x_forwarded_for" not in text, path
        assert "http_x_forwarded_for" not in text, path
    for name in ("routes.conf", "gate.conf"):
        assert "proxy_set_header X-Forwarded-For $remote_addr;" in (ROOT / "nginx" / name).read_text()

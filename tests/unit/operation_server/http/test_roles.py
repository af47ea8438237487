"""Every route of the API document, asked with a key of each role. No server stands behind it."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI

from operation_server.app import create_app
from operation_server.http.keys import OPEN_PATHS, TICKETS
from telemetry_core.service.api_keys import ROLES, Role, may
from telemetry_core.service.settings import Settings

KEYS: Final[Mapping[Role, str]] = {role: f"key-of-the-{role}" for role in ROLES}
BY_EVERYBODY: Final = {"/api/v1/tickets"}
"""Writing routes that only make reading possible."""
FORBIDDEN: Final = 403


@pytest.fixture(scope="module")
def app() -> FastAPI:
    keys = ",".join(f"{role} in person:{role}:{key}" for role, key in KEYS.items())
    return create_app(Settings(api_keys=keys))


def ask(app: FastAPI, method: str, path: str, *, key: str | None = None, **request: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            headers = {} if key is None else {"X-API-Key": key}
            return await client.request(method, path, headers=headers, **request)

    return asyncio.run(send())


def operations(app: FastAPI) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, described in app.openapi()["paths"].items():
        for method, operation in described.items():
            yield method.upper(), path, operation


def needed_role(app: FastAPI, operation: dict[str, Any]) -> Role | None:
    """As the document says; None: no key is needed."""
    needed = operation.get("security", app.openapi()["security"])
    return next((role for item in needed for role in item["ApiKey"]), None)


def test_each_route_that_writes_says_which_role_it_needs_and_refuses_the_lower_ones(app: FastAPI) -> None:
    writing = [item for item in operations(app) if item[0] not in {"GET", "HEAD"}]
    assert len(writing) > 15
    for method, path, operation in writing:
        assert "security" in operation, f"{method} {path} names no role"
        needed = needed_role(app, operation)
        assert needed
        assert needed == "viewer" if path in BY_EVERYBODY else needed in {"operator", "engineer"}
        assert ("403" in operation["responses"]) is (needed != "viewer")
        place = re.sub(r"{\w+}", "1", path)
        for role, key in KEYS.items():
            answer = ask(app, method, place, key=key, json={})
            assert (answer.status_code == FORBIDDEN) is not may(role, needed), (method, path, role)
            if answer.status_code == FORBIDDEN:
                assert answer.headers["content-type"] == "application/problem+json"
                assert f"the role {needed}" in answer.json()["detail"]
                assert f"the role {role}" in answer.json()["detail"]


def test_what_reads_needs_a_viewers_key_and_probes_need_none(app: FastAPI) -> None:
    for method, path, operation in operations(app):
        if method == "GET":
            assert needed_role(app, operation) == (None if path in OPEN_PATHS else "viewer")
            if path not in OPEN_PATHS:
                assert ask(app, method, re.sub(r"{\w+}", "1", path)).status_code == 401


def test_a_ticket_reads_alone(app: FastAPI) -> None:
    """Though an engineer asked for it: it stands in an address."""
    ticket = ask(app, "POST", "/api/v1/tickets", key=KEYS["engineer"]).json()["ticket"]
    answer = ask(app, "POST", "/api/v1/shift/entries", params={"ticket": ticket}, json={})
    assert answer.status_code == FORBIDDEN
    tickets = TICKETS.of(app)
    assert ask(app, "GET", "/api/v1/session", params={"ticket": tickets.issue()}).json()["role"] == "viewer"


@pytest.mark.parametrize("role", ROLES)
def test_a_key_is_told_its_role_and_name(app: FastAPI, role: Role) -> None:
    session = ask(app, "GET", "/api/v1/session", key=KEYS[role]).json()
    assert session == {"key_name": f"{role} in person", "role": role}


def test_where_no_keys_are_set_everybody_is_an_engineer() -> None:
    app = create_app(Settings(api_keys=""))
    assert ask(app, "GET", "/api/v1/session").json() == {"key_name": None, "role": "engineer"}
    assert ask(app, "PUT", "/api/v1/limits/eps/low_battery", json={}).status_code == 422

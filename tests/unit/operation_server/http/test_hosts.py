"""The whole application, asked as browsers ask."""

import asyncio

import httpx
import pytest

from operation_server.app import create_app
from telemetry_core.service.settings import Settings

APP = create_app(Settings(allowed_hosts="telemetry.example"), send_task=lambda *_, **__: None, checks={})


def ask(method: str, path: str, *, host: str, **headers: str) -> httpx.Response:
    async def exchange() -> httpx.Response:
        transport = httpx.ASGITransport(APP)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(exchange())


@pytest.mark.parametrize(
    "path", ["/", "/livez", "/metrics", "/docs", "/openapi.json", "/api/v1/results/history"]
)
def test_foreign_name_is_refused_on_every_path(path: str) -> None:
    answer = ask("GET", path, host="evil.example")
    assert answer.status_code == 421
    assert "ALLOWED_HOSTS" in answer.json()["detail"]


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "telemetry.example"])
def test_own_names_are_answered(host: str) -> None:
    assert ask("GET", "/livez", host=host).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_foreign_page_is_refused_and_gets_no_cross_origin_header(method: str, origin: str) -> None:
    answer = ask(method, "/livez", host="localhost:8000", Origin=origin)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_own_page_behind_a_proxy_is_answered() -> None:
    assert ask("GET", "/livez", host="localhost:8000", Origin="http://localhost").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["/livez", "/metrics", "/api/v1/results/history", "/docs"])
def test_image_of_another_page_is_refused_and_its_link_is_followed(path: str, site: str) -> None:
    image = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    link = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert ask("GET", path, host="localhost:8000", **image).status_code == 403
    assert ask("GET", path, host="localhost:8000", **link).status_code != 403

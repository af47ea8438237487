"""nginx knows the console's addresses: its views are its page, and what is nothing is 404."""

import re
from collections.abc import Iterator
from typing import Final

import pytest
import requests

from tests.integration.servers.running_nginx import BIND, CHECKOUT, TIMEOUT_S, WEB_PORT, running_nginx

ROUTER: Final = CHECKOUT / "frontend" / "src" / "app" / "router.tsx"
VIEWS: Final = re.findall(r'\bpath: "([^"]+)"', ROUTER.read_text(encoding="utf-8"))
NEVER_KEPT: Final = "no-cache"


@pytest.fixture(scope="module", autouse=True)
def _nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    state = tmp_path_factory.mktemp("web")
    with running_nginx(state):
        assets = state / "etc" / "html" / "assets"
        assets.mkdir()
        (assets / "index-1a2b.js").write_text("script")
        yield


def get(path: str) -> requests.Response:
    headers = {"Host": f"localhost:{WEB_PORT}"}
    return requests.get(f"http://{BIND}:{WEB_PORT}{path}", headers=headers, timeout=TIMEOUT_S)


def test_the_router_is_read() -> None:
    assert {"/", "/alerts", "/satellites/$satelliteId"} <= set(VIEWS)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", ["SAT-001", "eps.limit.1700000000000000.SAT.js", "a%20b"])
@pytest.mark.parametrize("rest", ["", "/", "?range=5m&satellite=A%2FB"])
def test_a_deep_link_is_the_console(view: str, name: str, rest: str) -> None:
    path = re.sub(r"\$\w+", name, view)
    answer = get(path if path == "/" and rest == "/" else path + rest)
    assert (answer.status_code, answer.text) == (200, "console")
    assert answer.headers["Cache-Control"] == NEVER_KEPT


@pytest.mark.parametrize(
    "path",
    ["/nope", "/no/such/file.js", "/alerts.js", "/alertsx", "/alerts/a/b", "/satellites", "/favicon.ico"],
)
def test_what_is_nothing_is_not_found_and_says_so_in_the_console(path: str) -> None:
    answer = get(path)
    assert (answer.status_code, answer.text) == (404, "console")
    assert answer.headers["Cache-Control"] == NEVER_KEPT
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_only_a_file_that_is_there_is_kept_for_a_year() -> None:
    """An address of the release before, or the next one, must not be kept as missing."""
    kept = get("/assets/index-1a2b.js")
    assert (kept.status_code, kept.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
    missing = get("/assets/index-3c4d.js")
    assert (missing.status_code, missing.headers["Cache-Control"]) == (404, NEVER_KEPT)
    assert "console" not in missing.text

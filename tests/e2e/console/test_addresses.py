"""nginx as browsers meet it: old and new addresses, headers, caching, compression."""

import gzip
import re
from collections.abc import Callable

import pytest
import requests

from testbed.browser import CHECKOUT, Operator, web_url
from testbed.running_platform import Platform

pytestmark = pytest.mark.e2e
TIMEOUT_S = 30


def get(path: str, **headers: str) -> requests.Response:
    return requests.get(web_url() + path, headers=headers, timeout=TIMEOUT_S)


@pytest.mark.parametrize("path", ["/", "/alerts", "/jobs/some-id", "/satellites/SAT-001"])
def test_every_view_is_the_same_page_and_never_an_old_one(path: str) -> None:
    page = get(path)
    assert page.status_code == 200
    assert '<div id="root">' in page.text
    assert page.headers["Cache-Control"] == "no-cache"


def test_scripts_within_pages_are_not_allowed_to_run() -> None:
    page = get("/")
    policy = page.headers["Content-Security-Policy"]
    script_sources = re.search(r"script-src ([^;]*)", policy)
    assert script_sources is not None
    assert script_sources[1] == "'self'"
    assert re.search(r"<script(?![^>]*\ssrc=)", page.text) is None
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "same-origin"


def test_files_with_a_hash_in_their_names_are_kept_and_compressed() -> None:
    script = re.search(r'src="(/assets/[^"]+\.js)"', get("/").text)
    assert script is not None
    answer = get(script[1], **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize("path", ["/assets/index-00000000.js", "/no/such/file.js", "/nope"])
def test_what_is_not_there_is_not_found(path: str) -> None:
    assert get(path).status_code == 404


def test_answers_of_the_api_are_compressed_and_keep_their_own_caching() -> None:
    answer = get("/api/v1/mission", **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Cache-Control" not in answer.headers


def test_victoria_metrics_can_be_read_and_not_written() -> None:
    query = get("/victoriametrics/api/v1/query?query=1")
    assert query.json()["status"] == "success"
    assert get("/victoriametrics/vmui/").status_code == 200
    for path in ("api/v1/import", "api/v1/admin/tsdb/delete_series", "write"):
        refused = requests.post(f"{web_url()}/victoriametrics/{path}", data="x 1", timeout=TIMEOUT_S)
        assert refused.status_code in {403, 404, 405}, path
    assert (
        requests.post(f"{web_url()}/victoriametrics/api/v1/query", data={"query": "1"}, timeout=5).status_code
        == 403
    )


def test_page_of_the_api_still_works_behind_nginx(sit_down: Callable[..., Operator]) -> None:
    page = sit_down().open("/docs")
    page.get_by_role("heading", name="Satellite telemetry analysis").wait_for()


def test_documentation_works_without_scripts_within_its_pages(sit_down: Callable[..., Operator]) -> None:
    assert '"swagger-ui"' in get("/docs").text
    page = sit_down().open("/docs/")
    page.get_by_role("link", name="Architecture").first.click()
    page.get_by_role("heading", name="Architecture").wait_for()
    page.locator("div.mermaid").wait_for()
    page.get_by_role("textbox", name="Search").press_sequentially("calibration")
    page.get_by_text(re.compile(r"^\d+ matching documents$")).wait_for()


def test_old_dashboard_fills_itself_over_its_websocket(
    sit_down: Callable[..., Operator], platform: Platform
) -> None:
    requests.post(
        f"{platform.api_url}/inference/submit",
        json={"model_name": "lstm_timeseries", "data": [float(n % 7) for n in range(32)]},
        timeout=TIMEOUT_S,
    ).raise_for_status()
    page = sit_down().open("/dashboard.html")
    page.get_by_role("row").nth(1).wait_for()
    total = page.get_by_text(re.compile(r"^Total jobs$", re.IGNORECASE))
    total.wait_for()


def test_console_is_smaller_than_500_kilobytes_on_the_wire() -> None:
    files = [*(CHECKOUT / "frontend" / "dist" / "assets").iterdir()]
    compressed = sum(len(gzip.compress(path.read_bytes(), 6)) for path in files)
    assert files
    assert compressed < 500_000

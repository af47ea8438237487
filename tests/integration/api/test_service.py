"""What the server says of itself, and whom it answers."""

import re
from urllib.parse import urlsplit

import pytest
import requests

from operation_server.health.schemas import VERSION
from tests.integration.api.calls import get
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration


def test_who_answers_and_that_it_lives(api: RunningApi) -> None:
    assert get(api, "/").json() == {
        "service": "Operation Server", "version": VERSION, "status": "running", "type": "api_server",
    }  # fmt: skip
    healthy = {"status": "healthy", "server_type": "operation_server"}
    assert get(api, "/health").json() == get(api, "/livez").json() == healthy


def test_metrics_count_requests_by_route_template(api: RunningApi) -> None:
    get(api, "/api/v1/inference/status/one-job")
    text = get(api, "/metrics").text
    assert (
        'http_request_seconds_count{method="GET",route="/api/v1/inference/status/{job_id}",status="404"}'
        in text
    )
    assert "one-job" not in text


def test_no_other_origin_may_read(api: RunningApi) -> None:
    answer = requests.get(f"{api.url}/health", headers={"Origin": "http://elsewhere.example"}, timeout=20)
    assert not any(name.lower().startswith("access-control") for name in answer.headers)


def test_docs_page_needs_nothing_from_the_internet(api: RunningApi) -> None:
    page = get(api, "/docs").text
    addresses = re.findall(r"(?:src|href)=[\"']([^\"']+)", page)
    assert {urlsplit(address).netloc for address in addresses} == {""}
    assert {get(api, address).status_code for address in addresses} == {200}

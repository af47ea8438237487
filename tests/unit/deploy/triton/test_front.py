"""The front of Triton over a server that exists in memory only."""

import asyncio
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import httpx
import pytest

FRONT = Path(__file__).parents[4] / "deploy" / "triton" / "front.py"
METRICS = """# HELP nv_inference_queue_duration_us Cumulative queuing
# TYPE nv_inference_queue_duration_us counter
nv_inference_queue_duration_us{model="lstm_timeseries",version="1"} 5000
# HELP nv_inference_compute_infer_duration_us Cumulative inference
# TYPE nv_inference_compute_infer_duration_us counter
nv_inference_compute_infer_duration_us{model="lstm_timeseries",version="1"} 125000
"""


def _load() -> ModuleType:
    specification = importlib.util.spec_from_file_location("triton_front", FRONT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["triton_front"] = module
    specification.loader.exec_module(module)
    return module


front = _load()


def ask(
    triton: Callable[[httpx.Request], httpx.Response],
    path: str,
    *,
    content: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    app = front.create_app("http://triton:1", "http://triton:2", httpx.MockTransport(triton))

    async def exchange() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://triton-front"
        ) as client:
            method = "GET" if content is None else "POST"
            return await client.request(method, path, content=content, headers=headers)

    return asyncio.run(exchange())


def test_model_list_has_name_version_and_state() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert (request.method, request.url.path) == ("POST", "/v2/repository/index")
        return httpx.Response(
            200,
            json=[
                {"name": "lstm_timeseries", "version": "1", "state": "READY"},
                {"name": "broken", "state": "UNAVAILABLE", "reason": "no such file"},
            ],
        )

    assert ask(handler, "/v2/models").json() == {
        "models": [
            {"name": "lstm_timeseries", "version": "1", "state": "READY"},
            {"name": "broken", "version": "", "state": "UNAVAILABLE"},
        ]
    }


def test_alias_metrics_keep_labels_values_help_and_type() -> None:
    lines = ask(lambda _: httpx.Response(200, text=METRICS), "/metrics").text.splitlines()
    assert lines[:6] == METRICS.splitlines()
    assert lines[6:] == [
        "# HELP nv_inference_exec_time_us Cumulative inference",
        "# TYPE nv_inference_exec_time_us counter",
        'nv_inference_exec_time_us{model="lstm_timeseries",version="1"} 125000',
        "# HELP nv_inference_queue_time_us Cumulative queuing",
        "# TYPE nv_inference_queue_time_us counter",
        'nv_inference_queue_time_us{model="lstm_timeseries",version="1"} 5000',
    ]


def test_binary_request_and_answer_pass_unchanged() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url == "http://triton:1/v2/models/a%20b/infer?x=1"
        assert request.headers["inference-header-content-length"] == "3"
        body = httpx.ByteStream(request.content[::-1])
        return httpx.Response(400, stream=body, headers={"Inference-Header-Content-Length": "2"})

    answer = ask(
        handler,
        "/v2/models/a%20b/infer?x=1",
        content=bytes(range(256)),
        headers={"Inference-Header-Content-Length": "3"},
    )
    assert answer.status_code == 400
    assert answer.content == bytes(range(256))[::-1]
    assert answer.headers["inference-header-content-length"] == "2"


@pytest.mark.parametrize("path", ["/v2/models", "/metrics", "/v2/health/ready"])
def test_absent_triton_gives_503_with_reason(path: str) -> None:
    def handler(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    answer = ask(handler, path)
    assert answer.status_code == 503
    assert "Triton is unavailable" in answer.json()["error"]


def test_silent_triton_gives_504() -> None:
    def handler(_request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("no answer")

    assert ask(handler, "/v2/health/ready").status_code == 504


def answering(body: bytes) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _request: httpx.Response(200, stream=httpx.ByteStream(body))


def untouched(_request: httpx.Request) -> httpx.Response:
    raise AssertionError("Triton was asked")


@pytest.mark.parametrize("content", [None, b"{}"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v2/logging",
        "/v2/trace/setting",
        "/v2/systemsharedmemory/status",
        "/v2/systemsharedmemory/region/any/register",
        "/v2/cudasharedmemory/status",
        "/v2/repository/models/lstm_timeseries/load",
        "/v2/repository/models/lstm_timeseries/unload",
        "/v2/models/lstm_timeseries/trace/setting",
        "/v2/models/../logging",
    ],
)
def test_requests_that_no_client_uses_are_not_forwarded(path: str, content: bytes | None) -> None:
    assert ask(untouched, path, content=content).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/v2",
        "/v2/health/live",
        "/v2/models/stats",
        "/v2/models/lstm_timeseries",
        "/v2/models/lstm_timeseries/config",
        "/v2/models/lstm_timeseries/versions/1/ready",
    ],
)
def test_what_operators_read_is_passed(path: str) -> None:
    assert ask(answering(b"asked"), path).text == "asked"


def test_model_index_is_passed() -> None:
    answer = ask(answering(b"[]"), "/v2/repository/index", content=b"")
    assert answer.json() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "rebound.example"},
        {"host": "localhost:8500", "origin": "http://page.example"},
        {"host": "localhost", "origin": "null"},
    ],
)
@pytest.mark.parametrize("path", ["/v2/models", "/metrics", "/v2/models/lstm_timeseries/infer"])
def test_foreign_names_and_pages_are_refused(path: str, headers: dict[str, str]) -> None:
    assert ask(untouched, path, headers=headers).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8500", "127.0.0.1:8500", "[::1]:8500", "triton-front:8000"])
def test_own_names_are_answered(host: str) -> None:
    assert ask(answering(b"ready"), "/v2/health/ready", headers={"host": host}).text == "ready"

"""Thin front of Triton: the model list as a GET, two known metric names, what clients use unchanged.

`python deploy/triton/front.py --host 127.0.0.1 --http-port 8500 --metrics-port 8502
--triton-http http://127.0.0.1:18500 --triton-metrics http://127.0.0.1:18502`
"""

import argparse
import os
import re
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from telemetry_core.service.access import is_own_host, is_own_page, own_names

TIMEOUT = httpx.Timeout(60.0, connect=2.0)
"""Of one read or write, not of a whole answer."""
HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
PASSED = {
    "GET": re.compile(
        r"/v2(/health/(live|ready)|/models/stats|/models/[^/]+(/versions/[^/]+)?(/(ready|config|stats))?)?"
    ),
    "POST": re.compile(r"/v2/repository/index|/v2/models/[^/]+(/versions/[^/]+)?/infer"),
}
"""What clients use of Triton; its shared memory, tracing, logging and model control are none of it."""
METRIC_ALIASES = {
    "nv_inference_compute_infer_duration_us": "nv_inference_exec_time_us",
    "nv_inference_queue_duration_us": "nv_inference_queue_time_us",
}


def with_alias_metrics(exposition: str) -> str:
    """Repeat the samples, HELP and TYPE of METRIC_ALIASES' keys under their alias at the end."""
    lines = exposition.splitlines()
    aliases = [
        line.replace(name, alias, 1) for name, alias in METRIC_ALIASES.items() for line in _of(name, lines)
    ]
    return "\n".join([*lines, *aliases]) + "\n"


def _of(metric: str, lines: Iterable[str]) -> list[str]:
    starts = (f"{metric}{{", f"{metric} ", f"# HELP {metric} ", f"# TYPE {metric} ")
    return [line for line in lines if line.startswith(starts)]


def model_list(index: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    """Shape Triton's repository index as the list of models; one that never loaded may have no version."""
    return {"models": [{key: model.get(key, "") for key in ("name", "version", "state")} for model in index]}


def passed_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers without those that concern one connection only."""
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]


class Front:
    """The routes, over one HTTP client."""

    def __init__(self, client: httpx.AsyncClient, triton_http: str, triton_metrics: str) -> None:
        self._client = client
        self._triton_http = triton_http.rstrip("/")
        self._triton_metrics = triton_metrics.rstrip("/")

    async def models(self, _request: Request) -> Response:
        """List the models with version and state."""
        answer = await self._client.post(f"{self._triton_http}/v2/repository/index", json={})
        answer.raise_for_status()
        return JSONResponse(model_list(answer.json()))

    async def metrics(self, _request: Request) -> Response:
        """Triton's metrics with the aliases."""
        answer = await self._client.get(f"{self._triton_metrics}/metrics")
        text = with_alias_metrics(answer.text) if answer.is_success else answer.text
        return PlainTextResponse(text, answer.status_code)

    async def passed_through(self, request: Request) -> Response:
        """Stream request and answer unchanged, of what clients use."""
        path = request.scope["raw_path"].decode()
        if not PASSED["GET" if request.method == "HEAD" else request.method].fullmatch(path):
            return JSONResponse({"error": f"the front of Triton does not pass on {path}"}, 404)
        has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
        headers = [(name, value) for name, value in passed_headers(request.headers.items()) if name != "host"]
        outgoing = self._client.build_request(
            request.method,
            httpx.URL(self._triton_http + path, query=request.url.query.encode()),
            headers=headers,
            content=request.stream() if has_body else None,
        )
        answer = await self._client.send(outgoing, stream=True)
        response = StreamingResponse(
            answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose)
        )
        response.raw_headers = [
            (n.lower().encode(), v.encode()) for n, v in passed_headers(answer.headers.multi_items())
        ]
        return response


class OwnHosts:
    """Refuses a foreign Host (DNS rebinding) and pages of another origin."""

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A browser on this machine is inside the loopback, whatever page it shows."""
        if scope["type"] != "http" or self._is_own(Request(scope)):
            await self._app(scope, receive, send)
            return
        reason = "Triton does not answer to this name or page: add the name to ALLOWED_HOSTS if it is yours"
        await JSONResponse({"error": reason}, 421)(scope, receive, send)

    def _is_own(self, request: Request) -> bool:
        hosts = request.headers.getlist("host")
        return (
            len(hosts) == 1
            and is_own_host(hosts[0], self._names)
            and is_own_page(request.method, request.headers)
        )


def accepted_names() -> frozenset[str]:
    """Names that requests may use: this machine's, the container's, and those of ALLOWED_HOSTS."""
    configured = (name.strip() for name in os.environ.get("ALLOWED_HOSTS", "").split(","))
    return own_names(["triton-front", *filter(None, configured)])


async def triton_unavailable(_request: Request, error: Exception) -> Response:
    """Triton does not answer, or not in time."""
    status = (
        504
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout)
        else 503
    )
    reason = f"Triton is unavailable: {type(error).__name__} {error}".strip()
    return JSONResponse({"error": reason}, status, headers={"Retry-After": "1"})


def create_app(
    triton_http: str, triton_metrics: str, transport: httpx.AsyncBaseTransport | None = None
) -> Starlette:
    """Build the application; `transport` replaces the network in tests."""
    client = httpx.AsyncClient(
        timeout=TIMEOUT, limits=httpx.Limits(max_connections=None), trust_env=False, transport=transport
    )
    for added_by_httpx in ("accept", "accept-encoding", "user-agent"):
        del client.headers[added_by_httpx]
    front = Front(client, triton_http, triton_metrics)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    return Starlette(
        routes=[
            Route("/v2/models", front.models, methods=["GET"]),
            Route("/metrics", front.metrics, methods=["GET"]),
            Route("/{path:path}", front.passed_through, methods=list(PASSED)),
        ],
        middleware=[Middleware(OwnHosts, names=accepted_names())],
        exception_handlers={httpx.HTTPError: triton_unavailable},
        lifespan=lifespan,
    )


def main() -> None:
    """Serve both ports from one process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--http-port", type=int, default=8500)
    parser.add_argument("--metrics-port", type=int, default=8502)
    parser.add_argument("--triton-http", default="http://127.0.0.1:8000", help="URL of Triton's HTTP service")
    parser.add_argument("--triton-metrics", default="http://127.0.0.1:8002", help="URL of Triton's metrics")
    arguments = parser.parse_args()
    app = create_app(arguments.triton_http, arguments.triton_metrics)
    ports = (arguments.http_port, arguments.metrics_port)
    sockets = [socket.create_server((arguments.host, port), reuse_port=False) for port in ports]
    server = uvicorn.Server(
        uvicorn.Config(app, access_log=False, log_level="warning", timeout_graceful_shutdown=5)
    )
    server.run(sockets=sockets)


if __name__ == "__main__":
    main()

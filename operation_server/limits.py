"""What every request meets first: a limit on its body, its media type, and the measurement of its time."""

import time
from http import HTTPStatus
from typing import Final

from prometheus_client import Histogram
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from operation_server.problems import problem_response

MAX_BODY_BYTES: Final = 1_000_000
_TOO_LARGE: Final = f"the body exceeds {MAX_BODY_BYTES} bytes"

REQUEST_SECONDS: Final = Histogram(
    "http_request_seconds",
    "Time from request to answer",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class BodyLimit:
    """Refuses bodies over 1 MB, announced or not, and POST bodies that do not call themselves JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the headers, then count what arrives."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        refusal = _refusal(request)
        if refusal is None:
            await self._app(scope, _counted(receive), send)
        else:
            await problem_response(request, *refusal)(scope, receive, send)


def _refusal(request: Request) -> tuple[int, str] | None:
    length = request.headers.get("content-length", "0")
    if not length.isdecimal():
        return HTTPStatus.BAD_REQUEST, "Content-Length must be a number"
    if int(length) > MAX_BODY_BYTES:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE
    has_body = length != "0" or "transfer-encoding" in request.headers
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and has_body and media_type != "application/json":
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send Content-Type: application/json"
    return None


def _counted(receive: Receive) -> Receive:
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
        return message

    return counted


class RequestTimer:
    """Observes each request under its route's template, so that labels stay few."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and note the status on the way back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            labels = _labels(scope, status)
            if labels[1] not in STREAMS:
                REQUEST_SECONDS.labels(*labels).observe(time.perf_counter() - started)


STREAMS: Final = frozenset({"/api/v1/verdicts/stream"})
"""Answers that end when the client goes; their duration says nothing."""


def _labels(scope: Scope, status: int) -> tuple[str, str, str]:
    method = scope["method"] if scope["method"] in _METHODS else "other"
    route = getattr(scope.get("route"), "path", "unmatched")
    return method, route, str(status)

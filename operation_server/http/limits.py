"""Limits that every request passes first: body sizes and live connections."""

import asyncio
import time
from collections import Counter
from http import HTTPStatus
from typing import Final

from prometheus_client import Gauge
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from operation_server.http.problems import problem_response, refuse

MAX_BODY_BYTES: Final = 1_000_000
BODY_TIMEOUT_S: Final = 20.0
"""For a whole body: who sends it byte by byte does not hold a connection for ever."""
MAX_LINES: Final = 200
MAX_LINES_OF_ONE: Final = 50
"""Of one address, behind which a whole office may sit."""
RETRY_LINE_S: Final = 10
STREAMS: Final = frozenset({"/api/v1/verdicts/stream", "/api/v1/alarms/events"})
"""Answers that end when the client goes; their duration says nothing."""
_TOO_LARGE: Final = f"the body exceeds {MAX_BODY_BYTES} bytes"
_TOO_SLOW: Final = f"the body did not arrive within {BODY_TIMEOUT_S:g} s"

LIVE_LINES: Final = Gauge("live_lines", "WebSockets and event streams that are open")


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
            await self._app(scope, _counted(receive, time.monotonic() + BODY_TIMEOUT_S), send)
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


def _counted(receive: Receive, deadline: float) -> Receive:
    received = 0
    is_complete = False

    async def counted() -> Message:
        nonlocal received, is_complete
        if is_complete:  # what follows is the client's going, which may take as long as an answer
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), deadline - time.monotonic())
        except TimeoutError as error:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, _TOO_SLOW) from error
        is_complete = not message.get("more_body", False)
        received += len(message.get("body", b""))
        if received > MAX_BODY_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
        return message

    return counted


class LineLimit:
    """Lets a client open some live lines, and all clients together a number that the server bears."""

    def __init__(self, app: ASGIApp, *, of_one: int = MAX_LINES_OF_ONE, of_all: int = MAX_LINES) -> None:
        self._app = app
        self._of_one, self._of_all = of_one, of_all
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with 429 and the reason, a WebSocket before it opens."""
        if scope["type"] != "websocket" and scope.get("path") not in STREAMS:
            await self._app(scope, receive, send)
            return
        client = scope["client"][0] if scope.get("client") else ""
        reason = self._reason_against(client)
        if reason:
            again = {"Retry-After": str(RETRY_LINE_S)}
            status = HTTPStatus.TOO_MANY_REQUESTS
            answer = problem_response(HTTPConnection(scope), status, reason, headers=again)
            await refuse(scope, receive, send, answer)
            return
        self._open[client] += 1
        LIVE_LINES.inc()
        try:
            await self._app(scope, receive, send)
        finally:
            LIVE_LINES.dec()
            self._open[client] -= 1
            self._open += Counter()  # forget who has none left

    def _reason_against(self, client: str) -> str | None:
        if self._open[client] >= self._of_one:
            return f"{client} has {self._of_one} live lines open already: close some, or try again later"
        if self._open.total() >= self._of_all:
            return f"all {self._of_all} live lines are taken: try again later"
        return None

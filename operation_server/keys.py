"""API keys: asked for where some are configured, which `preflight` demands beyond loopback."""

import hmac
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from operation_server.problems import problem_response

OPEN_PATHS: Final = frozenset({"/", "/health", "/livez", "/readyz", "/metrics", "/docs", "/openapi.json"})
"""Probes, monitoring and the description of the API hold no telemetry."""
_DETAIL: Final = "send one of the platform's API_KEYS as X-API-Key, or as the query parameter api_key"


class ApiKeys:
    """Lets through who brings a configured key; without configured keys everybody."""

    def __init__(self, app: ASGIApp, keys: Iterable[str]) -> None:
        self._app = app
        self._keys = [key.encode() for key in keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with 401, or a WebSocket before it opens."""
        if scope["type"] not in {"http", "websocket"} or self._is_allowed(HTTPConnection(scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "an API key is needed"})
        else:
            refusal = problem_response(Request(scope), HTTPStatus.UNAUTHORIZED, _DETAIL)
            await refusal(scope, receive, send)

    def _is_allowed(self, connection: HTTPConnection) -> bool:
        path = connection.url.path
        if not self._keys or path in OPEN_PATHS or path.startswith("/docs/"):
            return True
        # Browsers cannot set a header on a WebSocket or an event stream.
        given = connection.headers.get("x-api-key") or connection.query_params.get("api_key", "")
        # No early end: the time taken must not tell which key came close.
        return any([hmac.compare_digest(given.encode(), key) for key in self._keys])  # noqa: C419

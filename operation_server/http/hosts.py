"""Answers requests to this machine's own names only, and from its own pages only."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from operation_server.http.problems import problem_response, refuse
from telemetry_core.service.access import is_own_host, is_own_page, own_names

_FOREIGN_HOST: Final = "the platform does not answer to this name: add it to ALLOWED_HOSTS if it is yours"
_FOREIGN_PAGE: Final = "pages of another origin may not use the platform"


class OwnHosts:
    """Refuses a foreign Host (DNS rebinding) and what foreign pages send, before anything else."""

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str]) -> None:
        self._app = app
        self._names = own_names(allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Browsers let any page send simple requests and open WebSockets; only the server can say no."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        refusal = self._refusal(scope.get("method", "GET"), connection.headers)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await refuse(scope, receive, send, problem_response(connection, *refusal))

    def _refusal(self, method: str, headers: Headers) -> tuple[HTTPStatus, str] | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not is_own_host(hosts[0], self._names):
            return HTTPStatus.MISDIRECTED_REQUEST, _FOREIGN_HOST
        if not is_own_page(method, headers):
            return HTTPStatus.FORBIDDEN, _FOREIGN_PAGE
        return None

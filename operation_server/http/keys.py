"""API keys, required if configured (`preflight` demands them beyond loopback), and tickets."""

import hmac
import secrets
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from operation_server.http.dependencies import Slot
from operation_server.http.parameters import API_PREFIX
from operation_server.http.problems import problem_response, refuse

OPEN_PATHS: Final = frozenset({"/", "/health", "/livez", "/readyz", "/metrics", "/docs", "/openapi.json"})
"""Probes, monitoring and the description of the API hold no telemetry."""
TICKET_S: Final = 30.0
MAX_TICKETS: Final = 1_000
_DETAIL: Final = (
    "send one of the platform's API_KEYS as the header X-API-Key; a browser's WebSocket or event stream takes"
    " the query parameter ticket, which POST /api/v1/tickets gives; a key in an address is refused"
)


class Tickets:
    """Each opens one connection, soon: what stands in an address stands in logs, too."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._expiries: dict[str, float] = {}

    def issue(self) -> str:
        """Return a new one; the oldest of very many is given up."""
        now = self._monotonic()
        self._expiries = {ticket: expiry for ticket, expiry in self._expiries.items() if expiry > now}
        if len(self._expiries) >= MAX_TICKETS:
            del self._expiries[next(iter(self._expiries))]
        ticket = secrets.token_urlsafe(24)
        self._expiries[ticket] = now + TICKET_S
        return ticket

    def redeem(self, ticket: str) -> bool:
        """Tell whether it is good; it is not a second time."""
        return self._expiries.pop(ticket, 0.0) > self._monotonic()


class ApiKeys:
    """Lets through who brings a configured key or a ticket; without configured keys everybody."""

    def __init__(self, app: ASGIApp, keys: Iterable[str], tickets: Tickets) -> None:
        self._app = app
        self._keys = [key.encode() for key in keys]
        self._tickets = tickets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with 401, a WebSocket before it opens."""
        if scope["type"] == "lifespan" or self._is_allowed(HTTPConnection(scope)):
            await self._app(scope, receive, send)
        else:
            answer = problem_response(HTTPConnection(scope), HTTPStatus.UNAUTHORIZED, _DETAIL)
            await refuse(scope, receive, send, answer)

    def _is_allowed(self, connection: HTTPConnection) -> bool:
        path = connection.url.path
        if not self._keys or path in OPEN_PATHS or path.startswith("/docs/"):
            return True
        given = connection.headers.get("x-api-key", "").encode()
        # No early end: the time taken must not tell which key came close.
        if any([hmac.compare_digest(given, key) for key in self._keys]):  # noqa: C419
            return True
        return self._tickets.redeem(connection.query_params.get("ticket", ""))


router = APIRouter(prefix=f"{API_PREFIX}/tickets", tags=["live"])

TICKETS: Final = Slot[Tickets]("tickets")


class Ticket(BaseModel):
    """It opens one connection."""

    ticket: Annotated[str, Field(description="Value of the query parameter `ticket`")]
    valid_for_s: Annotated[float, Field(description="How soon it must be used")] = TICKET_S


@router.post("", status_code=201)
def create_ticket(tickets: Annotated[Tickets, Depends(TICKETS)]) -> Ticket:
    """Return a ticket for one WebSocket or event stream: a browser can set no header on these."""
    return Ticket(ticket=tickets.issue())

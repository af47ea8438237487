"""API keys, required if configured (`preflight` demands them beyond loopback), their roles, and tickets."""

import hmac
import secrets
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Security
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from operation_server.http.dependencies import CALLER, Caller, Slot
from operation_server.http.parameters import API_PREFIX
from operation_server.http.problems import problem_response, refuse, responses
from telemetry_core.service.api_keys import ApiKey, Role, may

OPEN_PATHS: Final = frozenset({"/", "/health", "/livez", "/readyz", "/metrics", "/docs", "/openapi.json"})
"""Probes, monitoring and the description of the API hold no telemetry."""
TICKET_S: Final = 30.0
MAX_TICKETS: Final = 1_000
_DETAIL: Final = (
    "send one of the platform's API_KEYS as the header X-API-Key; a browser's WebSocket or event stream takes"
    " the query parameter ticket, which POST /api/v1/tickets gives; a key in an address is refused"
)

_SCHEME: Final = APIKeyHeader(
    name="X-API-Key",
    scheme_name="ApiKey",
    description="One of API_KEYS; where none is configured, everybody may do everything",
    auto_error=False,
)


_ANYBODY: Final = Caller(None, "engineer")
"""Where no keys are configured."""
_READER: Final = Caller(None, "viewer")


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
    """Lets through who brings a configured key or a ticket, which reads; without keys everybody."""

    def __init__(self, app: ASGIApp, keys: Iterable[ApiKey], tickets: Tickets) -> None:
        self._app = app
        self._keys = list(keys)
        self._tickets = tickets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with 401, a WebSocket before it opens."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        caller = self._caller(connection)
        if caller is None:
            answer = problem_response(connection, HTTPStatus.UNAUTHORIZED, _DETAIL)
            await refuse(scope, receive, send, answer)
        else:
            CALLER.set(caller)
            await self._app(scope, receive, send)

    def _caller(self, connection: HTTPConnection) -> Caller | None:
        """Tell who is let through; None: nobody."""
        if not self._keys:
            return _ANYBODY
        path = connection.url.path
        if path in OPEN_PATHS or path.startswith("/docs/"):
            return _READER
        given = connection.headers.get("x-api-key", "").encode()
        # No early end: the time taken must not tell which key came close.
        for key in [key for key in self._keys if hmac.compare_digest(given, key.secret.encode())]:
            return Caller(key.name, key.role)
        return _READER if self._tickets.redeem(connection.query_params.get("ticket", "")) else None


def _needs(role: Role) -> Any:
    """Make the dependency of routes that only some keys may use: it refuses the others with 403."""

    async def require(_key: Annotated[str | None, Security(_SCHEME)]) -> None:
        given = CALLER.get().role
        if not may(given, role):
            detail = f"this needs a key with the role {role}: yours has the role {given}"
            raise HTTPException(HTTPStatus.FORBIDDEN, detail)

    return Security(require, scopes=[role])


VIEWER: Final = _needs("viewer")
OPERATOR: Final = _needs("operator")
ENGINEER: Final = _needs("engineer")


def describe_roles(document: dict[str, Any]) -> None:
    """Say in the OpenAPI document which role each operation needs: a viewer's, where its route names none."""
    scheme = _SCHEME.scheme_name
    document["security"] = [{scheme: ["viewer"]}]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if path in OPEN_PATHS:
                operation["security"] = []
            (needed,) = operation.get("security") or [{scheme: ["viewer"]}]
            if needed[scheme] != ["viewer"]:
                (refusal,) = responses(HTTPStatus.FORBIDDEN).values()
                description = f"Needs a key with the role {needed[scheme][0]}"
                operation["responses"]["403"] = {**refusal, "description": description}


router = APIRouter(prefix=API_PREFIX)

TICKETS: Final = Slot[Tickets]("tickets")


class Session(BaseModel):
    """What the key of a request is good for."""

    key_name: Annotated[str | None, Field(description="null: it has none, or no keys are configured")]
    role: Annotated[
        Role,
        Field(
            description="`viewer` reads; `operator` acts on alarms, plans and jobs, too; `engineer` may do"
            " everything, as everybody may where no keys are configured"
        ),
    ]


@router.get("/session", tags=["access"])
async def get_session() -> Session:
    """Return who asks, and what this key may do."""
    caller = CALLER.get()
    return Session(key_name=caller.key_name, role=caller.role)


class Ticket(BaseModel):
    """It opens one connection."""

    ticket: Annotated[str, Field(description="Value of the query parameter `ticket`")]
    valid_for_s: Annotated[float, Field(description="How soon it must be used")] = TICKET_S


@router.post("/tickets", status_code=201, tags=["live"], dependencies=[VIEWER])
def create_ticket(tickets: Annotated[Tickets, Depends(TICKETS)]) -> Ticket:
    """Return a ticket for one WebSocket or event stream: a browser can set no header on these."""
    return Ticket(ticket=tickets.issue())

"""Tickets: what a browser puts into the address of a live line instead of its key."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from operation_server.http.dependencies import Provided
from operation_server.http.keys import TICKET_S
from operation_server.http.parameters import API_PREFIX

router = APIRouter(prefix=f"{API_PREFIX}/tickets", tags=["live"])


class Ticket(BaseModel):
    """It opens one connection."""

    ticket: Annotated[str, Field(description="Value of the query parameter `ticket`")]
    valid_for_s: Annotated[float, Field(description="How soon it must be used")] = TICKET_S


@router.post("", status_code=201)
def create_ticket(services: Provided) -> Ticket:
    """Return a ticket for one WebSocket or event stream: a browser can set no header on these."""
    return Ticket(ticket=services.tickets.issue())

"""How routes get what the composition root built, each thing from its slot, and who asks them."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated, Final, Generic, TypeVar, cast

from fastapi import Depends, FastAPI
from starlette.requests import HTTPConnection

from telemetry_core.contract.mission import Mission
from telemetry_core.postgres.database import Pool
from telemetry_core.service.api_keys import Role

T = TypeVar("T")


class Slot(Generic[T]):
    """Place of one thing that routes depend on: its feature declares it, `create_app` fills it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def put(self, app: FastAPI, thing: T) -> None:
        """Make it available to the routes of an application."""
        setattr(app.state, self._name, thing)

    def of(self, app: FastAPI) -> T:
        """Return what an application's routes get."""
        return cast("T", getattr(app.state, self._name))

    async def __call__(self, connection: HTTPConnection) -> T:
        """Return it as a dependency; a coroutine, for what needs no thread should wait for none."""
        return self.of(connection.app)


POOL: Final = Slot[Pool]("pool")
MISSION: Final = Slot[Mission]("mission")

ProvidedPool = Annotated[Pool, Depends(POOL)]
ProvidedMission = Annotated[Mission, Depends(MISSION)]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request comes from: the name of its key, if it has one, and what it may do."""

    key_name: str | None
    role: Role


CALLER: Final[ContextVar[Caller]] = ContextVar("caller")
"""Of the request that is being answered; set for each of them before its route runs."""


def key_name() -> str | None:
    """Return the name of the key of the request that is being answered; None outside of one, too."""
    caller = CALLER.get(None)
    return None if caller is None else caller.key_name

"""The mission of this server follows the limits that operators change, whichever server took the change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from operation_server.http.dependencies import MISSION
from telemetry_core.contract.mission import Mission
from telemetry_core.limits.changes import Limits
from telemetry_core.limits.in_force import LOOK_EVERY_S, LimitsInForce
from telemetry_core.postgres.database import Pool


class FollowedLimits:
    """Limits in force, and the application whose routes go by them."""

    def __init__(self, app: FastAPI, file: Mission, path: Path, pool: Pool) -> None:
        self._app = app
        self._in_force = LimitsInForce(file, pool)
        #: As the mission file was when the server started: one that was changed since is read by the next.
        self.text = path.read_text(encoding="utf-8")

    @property
    def limits(self) -> Limits:
        """What is in force."""
        return self._in_force.limits

    def refresh(self) -> None:
        """Let the routes go by what was changed since."""
        if self._in_force.keep_up():
            MISSION.put(self._app, self._in_force.mission)


@asynccontextmanager
async def following(limits: FollowedLimits) -> AsyncIterator[None]:
    """Follow inside the block."""
    task = asyncio.create_task(_follow(limits))
    try:
        yield
    finally:
        task.cancel()


async def _follow(limits: FollowedLimits) -> None:
    while True:
        await run_in_threadpool(limits.refresh)
        await asyncio.sleep(LOOK_EVERY_S)

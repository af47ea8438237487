"""The mission of this server follows the limits that operators change, whichever server took the change."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from fastapi import FastAPI

from operation_server.background import repeating
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
        self._in_force.keep_up()
        # Also if another thread looked, or looking failed after the mission was made.
        MISSION.put(self._app, self._in_force.mission)


def following(limits: FollowedLimits) -> AbstractAsyncContextManager[None]:
    """Follow inside the block."""
    return repeating("Changed limits were not taken over", limits.refresh, every_s=LOOK_EVERY_S)

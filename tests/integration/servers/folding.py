"""Committed verdicts into alarms, by the alarm server's own code."""

import time
from typing import Final

from alarm_server.anomalies.projection import AnomalyProjection
from alarm_server.anomalies.store import PROJECTION
from operation_server.pipeline import QUERIES
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import select

WITHIN_S: Final = 30.0


def catch_up(projection: AnomalyProjection) -> None:
    """Fold all that is settled."""
    while projection.step():
        pass


def fold(pool: Pool) -> None:
    """Fold all committed verdicts, also those that a running transaction still hides."""
    projection = AnomalyProjection(pool)
    deadline = time.monotonic() + WITHIN_S
    while True:
        catch_up(projection)
        with transaction(pool) as connection:
            (found,) = select(connection, QUERIES["relay_lag"], {"sink": PROJECTION, "ceiling": 1})
        if not found["waiting"]:
            return
        assert time.monotonic() < deadline
        time.sleep(0.01)

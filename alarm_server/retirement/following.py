"""Which satellites are retired, as the alarm service follows it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from alarm_server.passes.plan import ContactPlan
from alarm_server.readings import Contradiction, Readings
from alarm_server.retirement import QUERIES
from alarm_server.silence.heard import Heard
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import select

FOR_EVER: Final = 2**63 - 1


class Retirements:
    """What was last read of retirements: while PostgreSQL is unavailable it holds."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: int | None = None
        #: By satellite, when it was taken back last: microseconds since 1970 UTC; `FOR_EVER`: it is retired.
        self._until_us: dict[str, int] = {}

    def look(self) -> Collection[str]:
        """Take over what changed, and end what stands of retired satellites; return those that changed.

        Raises `DependencyUnavailable`, and leaves all as it is.
        """
        with transaction(self._pool) as connection:
            newest = select(connection, QUERIES["newest_retirement_change"])
            known = newest[0]["id"] if newest else 0
            found = self._until_us if known == self._known else _read(connection)
            changed = [name for name, until_us in found.items() if self._until_us.get(name) != until_us]
            # Each time while one is retired: what another service still saves is ended, too.
            if changed or FOR_EVER in found.values():
                # What was heard of them until now went on from before; of a service that starts, nothing did.
                anew = {"satellites": [] if self._known is None else changed}
                with connection.cursor() as cursor:
                    cursor.execute(QUERIES["end_runs_of_retired"])
                    cursor.execute(QUERIES["end_retired"], anew)
        self._known, self._until_us = known, found
        return changed

    def forget(self) -> None:
        """Take the next look for the first one: another service hears the partitions meanwhile."""
        self._known = None

    def says(self, readings: Readings, received_us: int) -> Readings:
        """Return what of a message counts: of one received before a satellite was taken back, its contact."""
        if not self._until_us or not readings.samples:
            return readings
        until_us = self._until_us.get(readings.samples[0].satellite_id, 0)
        return readings if received_us >= until_us else replace(readings, samples=(), uncompared=())

    def believed(self, contradictions: Iterable[Contradiction]) -> set[Contradiction]:
        """Return those that were received since their satellite was taken back, if it was retired."""
        return {one for one in contradictions if one.last_us >= self._until_us.get(one.satellite_id, 0)}

    def listened(
        self, heard: Mapping[str, Heard], plans: Mapping[str, ContactPlan]
    ) -> tuple[Mapping[str, Heard], Mapping[str, ContactPlan]]:
        """Return whose silence counts; one that was taken back may pause from then on."""
        if not self._until_us:
            return heard, plans
        since = {
            name: self._until_us.get(name, 0)
            for name in heard.keys() | plans.keys()
            if self._until_us.get(name) != FOR_EVER
        }
        return (
            {name: last.since(since[name]) for name, last in heard.items() if name in since},
            {name: plan.since(since[name]) for name, plan in plans.items() if name in since},
        )


def _read(connection: Connection) -> dict[str, int]:
    rows = select(connection, QUERIES["newest_retirements"])
    return {row["satellite_id"]: _until_us(row["taken_back_at"]) for row in rows}


def _until_us(taken_back_at: datetime | None) -> int:
    return FOR_EVER if taken_back_at is None else microseconds_of(taken_back_at)

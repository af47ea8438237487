"""Messages of a wrong on-board clock: how wrong it is, and the limits that they break, by satellite."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kafka_inference_trigger.gathered import QUERIES
from kafka_inference_trigger.gathered.gathering import Gathered, Key, Save
from kafka_inference_trigger.rules import Breach
from telemetry_core.contract.messages import (
    CLOCK_PATIENCE,
    TIMESTAMP,
    ConflictingDuplicate,
    WrongClock,
    time_of,
)
from telemetry_core.postgres.database import Pool, transaction

MAX_RUNS: Final = 5_000
"""In memory and in the table, likewise: all that is recent is an alert, and a sender may invent ids."""
_PATIENCE_US: Final = round(CLOCK_PATIENCE.total_seconds() * 1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Messages of one sign, none received later than `CLOCK_PATIENCE` after the one before."""

    #: Of the last one: seconds that the clock lies behind, or what breaks the limit.
    value: float
    #: Reception times, microseconds since 1970 UTC.
    first_us: int
    last_us: int

    def and_later(self, later: "Run") -> "Run":
        """Join both where they are one; else the newer one counts, which a redelivery may bring first."""
        newest = later if later.last_us >= self.last_us else self
        apart_us = max(self.first_us, later.first_us) - min(self.last_us, later.last_us)
        if apart_us > _PATIENCE_US:
            return newest
        first_us = min(self.first_us, later.first_us)
        return Run(value=newest.value, first_us=first_us, last_us=newest.last_us)


class WrongClocks(Gathered[Run]):
    """Runs by satellite and sign: `timestamp` and why it was refused, or a rule's subsystem and reason."""

    def __init__(self, *, max_gathered: int = MAX_RUNS) -> None:
        super().__init__(max_gathered=max_gathered)

    def add(
        self, clock: WrongClock | ConflictingDuplicate, breaches: Iterable[Breach], received_us: int
    ) -> None:
        """Gather what a message tells of its satellite's clock, and the limits that it breaks."""
        signs = [] if clock.behind_s is None else [(TIMESTAMP, clock.reason, clock.behind_s)]
        signs += [(breach.subsystem, breach.rule.reason, breach.value) for breach in breaches]
        self.gather(
            ((clock.satellite_id, part, reason), Run(value=value, first_us=received_us, last_us=received_us))
            for part, reason, value in signs
        )


def saving(pool: Pool, *, max_rows: int = MAX_RUNS) -> Save[Run]:
    """Return what joins runs with those of the table; the longest silent rows beyond `max_rows` go."""

    def save(runs: Mapping[Key, Run]) -> None:
        keys = sorted(runs)  # two triggers that save the same rows wait for each other, and never both
        columns = {
            "satellite_ids": [satellite_id for satellite_id, _, _ in keys],
            "subsystems": [part for _, part, _ in keys],
            "reasons": [reason for _, _, reason in keys],
            "values": [runs[key].value for key in keys],
            "firsts": [time_of(runs[key].first_us) for key in keys],
            "lasts": [time_of(runs[key].last_us) for key in keys],
            "patience": CLOCK_PATIENCE,
        }
        with transaction(pool) as connection, connection.cursor() as cursor:
            cursor.execute(QUERIES["save_wrong_clocks"], columns)
            cursor.execute(QUERIES["forget_oldest_wrong_clocks"], {"ceiling": max_rows})

    return save

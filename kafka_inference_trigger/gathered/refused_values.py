"""Values taken as missing samples: gathered by satellite, channel and reason, and added to their table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kafka_inference_trigger.gathered import QUERIES
from kafka_inference_trigger.gathered.gathering import Gathered, Key, Save
from telemetry_core.contract.messages import BadValue, time_of
from telemetry_core.postgres.database import Pool, transaction

MAX_GATHERED: Final = 5_000
"""Rows that wait to be saved, under 4 MB; beyond them the longest silent one goes."""
MAX_ROWS: Final = 20_000
"""Of the table, likewise: a sender may invent ids without end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """How often a value was refused, and the last one."""

    count: int
    last_value: str
    #: Reception time, microseconds since 1970 UTC: the satellite's own clock may be wrong.
    last_us: int

    def and_later(self, later: "Refusals") -> "Refusals":
        """Add those that came after these."""
        return Refusals(count=self.count + later.count, last_value=later.last_value, last_us=later.last_us)


class RefusedValues(Gathered[Refusals]):
    """Refusals by satellite, `subsystem.channel` and reason."""

    def __init__(self, *, max_gathered: int = MAX_GATHERED) -> None:
        super().__init__(max_gathered=max_gathered)

    def add(self, satellite_id: str, bad_values: Iterable[BadValue], received_us: int) -> None:
        """Gather the bad values of a message."""
        self.gather(
            (
                (satellite_id, bad.channel, bad.reason.value),
                Refusals(count=1, last_value=bad.value, last_us=received_us),
            )
            for bad in bad_values
        )


def saving(pool: Pool, *, max_rows: int = MAX_ROWS) -> Save[Refusals]:
    """Return what adds refusals to the table; the longest silent rows beyond `max_rows` go."""

    def save(refused: Mapping[Key, Refusals]) -> None:
        keys = sorted(refused)  # two triggers that save the same rows wait for each other, and never both
        columns = {
            "satellite_ids": [satellite_id for satellite_id, _, _ in keys],
            "channels": [channel for _, channel, _ in keys],
            "reasons": [reason for _, _, reason in keys],
            "counts": [refused[key].count for key in keys],
            "values": [refused[key].last_value for key in keys],
            "times": [time_of(refused[key].last_us) for key in keys],
        }
        with transaction(pool) as connection, connection.cursor() as cursor:
            cursor.execute(QUERIES["save_refused_values"], columns)
            cursor.execute(QUERIES["forget_oldest_refused_values"], {"ceiling": max_rows})

    return save

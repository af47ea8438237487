"""Switches of limit sets as the API keeps them, without the API."""

from operation_server.limits.sets.schemas import NewSet
from operation_server.limits.sets.store import switch_set
from telemetry_core.contract.mission import Mission
from telemetry_core.postgres.database import Pool, transaction
from tests.unit.alarm_server.rules.limit_sets import with_sets

FILE = with_sets(
    safe={"eps": {"low_battery": {"below": 20}}},
    strict={"eps": {"low_battery": {"below": 60}}},
    off={"eps": {"low_battery": {"switched_off": "heater test"}}},
)


def known(pool: Pool, satellite: str = "SAT-1") -> None:
    """Let a satellite have been heard."""
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ops.alarm_contacts (satellite_id, generated_at, received_at, is_replayed)"
            " VALUES (%s, now(), now(), false) ON CONFLICT DO NOTHING",
            (satellite,),
        )


def switch(
    pool: Pool, limit_set: str, *, version: int = 0, satellite: str = "SAT-1", file: Mission = FILE
) -> None:
    given = NewSet(operator="Ada", comment="safe mode was entered", version=version, limit_set=limit_set)
    switch_set(pool, file, satellite, given)

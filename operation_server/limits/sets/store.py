"""Switching limit sets: one winner of two operators, and a history that only grows."""

from operation_server.http.dependencies import key_name
from operation_server.http.responses import utc_text
from operation_server.limits.sets import QUERIES
from operation_server.limits.sets.schemas import NewSet
from operation_server.limits.store import ChangedMeanwhile
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.rules import DEFAULT_SET
from telemetry_core.limits.changes import LimitRefused, SetSwitch
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, select


class UnknownSatellite(Exception):  # noqa: N818 - named for what is wrong
    """Nothing is known of a satellite of that name; the sentence says what to do."""


def switch_set(pool: Pool, file: Mission, satellite_id: str, given: NewSet) -> SetSwitch:
    """Keep a switch and return it; raise `UnknownSatellite`, `LimitRefused` or `ChangedMeanwhile`."""
    names = (DEFAULT_SET, *file.limit_sets)
    if given.limit_set not in names:
        raise LimitRefused(f"the mission file has no limit set {given.limit_set}, only {', '.join(names)}")
    named = {"mission": file.name, "satellite_id": satellite_id}
    with transaction(pool) as connection:
        select(connection, QUERIES["lock_limit_sets"], {})
        found = select(connection, QUERIES["newest_switch"], named)
        newest = found[0] if found else {"version": 0, "limit_set": DEFAULT_SET}
        if not found and not select(connection, QUERIES["is_satellite_known"], named)[0]["is_known"]:
            raise UnknownSatellite(
                f"Satellite {satellite_id} was never heard, and no contact plan names it: check the name, or"
                " put its contact plan first"
            )
        if newest["version"] != given.version:
            raise ChangedMeanwhile(_who_was_first(satellite_id, newest, given.version))
        if newest["limit_set"] == given.limit_set:
            raise LimitRefused(f"nothing would change: {satellite_id} uses {given.limit_set}")
        new = {
            **named,
            "version": given.version + 1,
            "limit_set": given.limit_set,
            "operator": given.operator,
            "key_name": key_name(),
            "comment": given.comment,
        }
        (saved,) = select(connection, QUERIES["save_switch"], new)
    return SetSwitch(**saved)


def _who_was_first(satellite_id: str, newest: Row, version: int) -> str:
    if newest["version"] < version:
        return f"there is no version {version} of the limit set of {satellite_id}: read the limit sets again"
    at = utc_text(newest["at"], timespec="seconds")
    return (
        f"{newest['operator']} switched {satellite_id} to {newest['limit_set']} at {at},"
        f" version {newest['version']}: {newest['comment']}; look at it, and switch it again if you still"
        " want to"
    )

"""What a subsystem that learns still lacks."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from telemetry_core.database import Connection
from telemetry_core.store import Row, rows

Part = tuple[str, str]
"""Satellite and subsystem."""
TOO_FEW: Final = "too_few_samples"


def read_progress(connection: Connection, verdicts: Sequence[Row]) -> dict[Part, dict[str, Any]]:
    """Return how far those are whose newest verdict is `learning`, if they were looked at."""
    learning = [(row["satellite_id"], row["subsystem"]) for row in verdicts if row["verdict"] == "learning"]
    if not learning:
        return {}
    satellites, subsystems = (list(names) for names in zip(*learning, strict=True))
    parameters = {"satellites": satellites, "subsystems": subsystems}
    found = rows(connection, "learning_progress", parameters)
    return {(row["satellite_id"], row["subsystem"]): progress_of(row) for row in found}


def progress_of(row: Row) -> dict[str, Any]:
    """Say how many samples are there, how many are needed, why it is not enough, and how long it takes."""
    missing = max(row["needed"] - row["samples"], 0)
    is_foreseen = row["reason"] == TOO_FEW and row["interval_s"] is not None
    return {
        "samples": row["samples"],
        "needed": row["needed"],
        "remaining_s": missing * row["interval_s"] if is_foreseen else None,
        "reason": row["reason"],
    }


def with_progress(overview: dict[str, Any], progress: Mapping[Part, dict[str, Any]]) -> dict[str, Any]:
    """Add to each subsystem of the fleet what it lacks; null of one that does not learn."""
    for satellite in overview["satellites"]:
        for part in satellite["subsystems"]:
            part["learning"] = progress.get((satellite["satellite_id"], part["subsystem"]))
    return overview

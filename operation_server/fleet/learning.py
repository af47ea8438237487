"""What a subsystem without a score still lacks: it learns, or its samples never fill a window."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from operation_server.fleet import QUERIES
from telemetry_core.contract.mission import MIN_WINDOW_LENGTH, Window, enough_span_s
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import Row, select

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
    found = select(connection, QUERIES["learning_progress"], parameters)
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


def rarely_sampled(window: Window, verdicts: Sequence[Row]) -> dict[Part, dict[str, Any]]:
    """Return those whose newest verdict is `warming_up` and always will be, at their sampling interval."""
    return {
        (row["satellite_id"], row["subsystem"]): {
            "interval_s": row["interval_s"],
            "needed": MIN_WINDOW_LENGTH,
            "max_span_s": window.max_span_s,
            "enough_span_s": enough_span_s(row["interval_s"]),
        }
        for row in verdicts
        if row["verdict"] == "warming_up" and window.is_too_rare(row["interval_s"] or 0)
    }


def with_progress(
    overview: dict[str, Any],
    progress: Mapping[Part, dict[str, Any]],
    rare: Mapping[Part, dict[str, Any]],
) -> dict[str, Any]:
    """Add to each subsystem of the fleet what it lacks; null of one that lacks nothing."""
    for satellite in overview["satellites"]:
        for part in satellite["subsystems"]:
            key = satellite["satellite_id"], part["subsystem"]
            part["learning"], part["rarely_sampled"] = progress.get(key), rare.get(key)
    return overview

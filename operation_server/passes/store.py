"""Contact plans and what came of their passes, in PostgreSQL."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from operation_server.http.parameters import LARGEST_ID, TimeRange
from operation_server.jobs.cursors import InvalidCursor, Position, encode_cursor
from operation_server.passes import QUERIES
from operation_server.passes.replacing import known_of
from operation_server.passes.running_out import NEWEST, Contact, has_run_out
from operation_server.passes.schemas import NewPlan, Outcome, Pass, Passes, PlannedPass, PlanReplaced
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import Row, column_time, select


def replace_plan(connection: Connection, plan: NewPlan) -> PlanReplaced:
    """Put a plan in the place of what its range had for its satellites; twice changes nothing more."""
    counts = Counter(one.satellite_id for one in plan.passes)
    satellites = sorted(counts.keys() | set(plan.satellites))
    asked = {
        "satellites": satellites,
        "start": column_time(plan.start_time),
        "end": column_time(plan.end_time),
    }
    noted = {"operator": plan.operator, "counts": [counts[name] for name in satellites]}
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["lock_contact_plans"])
        gone = select(connection, QUERIES["take_passes"], asked)
        cursor.execute(QUERIES["save_passes"], _columns(plan.passes, gone))
        cursor.execute(QUERIES["cover"], asked)
        cursor.execute(QUERIES["note_plan_change"], {**asked, **noted})
    return PlanReplaced(satellites=len(satellites), passes=len(plan.passes))


def delete_plan(connection: Connection, satellite_id: str, span: TimeRange, operator: str) -> int:
    """Let nothing be planned in a range; return how many passes there were."""
    asked = {"satellites": [satellite_id], "start": column_time(span.start), "end": column_time(span.end)}
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["lock_contact_plans"])
        deleted = len(select(connection, QUERIES["take_passes"], asked))
        cursor.execute(QUERIES["uncover"], asked)
        cursor.execute(QUERIES["note_plan_change"], {**asked, "operator": operator, "counts": [None]})
    return deleted


def read_passes(
    connection: Connection,
    span: TimeRange,
    *,
    satellite_id: str | None = None,
    after: Position | None = None,
    limit: int,
) -> Passes:
    """Return the passes that lie in a range at least in part, earliest first, and what came of them.

    Raises `InvalidCursor`.
    """
    asked = {
        "start": column_time(span.start),
        "end": column_time(span.end),
        "satellite_id": satellite_id,
        "after_start": column_time(after[0]) if after else None,
        "after_id": _serial(after[1]) if after else None,
        "limit": limit + 1,
    }
    rows = select(connection, QUERIES["passes_within"], asked)
    now = datetime.now(UTC)
    return Passes(passes=[_pass(row, now) for row in rows[:limit]], next_cursor=_cursor(rows, limit))


def read_contact_plans(connection: Connection) -> dict[str, dict[str, Any]]:
    """Return by satellite with a plan what it says of now; `is_covered` is false where it is over."""
    now = datetime.now(UTC)
    rows = select(connection, QUERIES["contact_plans"], {"now": column_time(now)})
    run_out = _run_out(connection, rows, now)
    return {
        row["satellite_id"]: {
            "covered_until": row["covered_until"],
            "is_covered": row["is_covered"] or row["running_start"] is not None,
            "has_run_out": row["satellite_id"] in run_out,
            "running": _planned(row, "running"),
            "next": _planned(row, "next"),
        }
        for row in rows
    }


def _run_out(connection: Connection, plans: Sequence[Row], now: datetime) -> set[str]:
    """Return the satellites whose plans are over, and missed."""
    over = {
        row["satellite_id"]: row["covered_until"]
        for row in plans
        if not row["is_covered"] and row["running_start"] is None and row["next_start"] is None
    }
    if not over:
        return set()
    asked = {"satellites": sorted(over), "now": column_time(now), "limit": NEWEST}
    passes: dict[str, list[Contact]] = defaultdict(list)
    for row in select(connection, QUERIES["newest_passes"], asked):
        passes[row["satellite_id"]].append((row["start_at"], row["end_at"]))
    return {name for name, until in over.items() if has_run_out(passes[name], until, now)}


def outcome_of(row: Row, now: datetime) -> Outcome:
    """Say what came of a pass; one that had begun before any plan had it may have been heard unnoticed."""
    if now < row["start_at"]:
        return "planned"
    if now < row["end_at"]:
        return "running"
    if row["first_heard_at"] is not None:
        return "heard"
    return "missed" if row["planned_at"] <= row["start_at"] else "unknown"


def _pass(row: Row, now: datetime) -> Pass:
    return Pass(
        satellite_id=row["satellite_id"],
        ground_station=row["ground_station"],
        start_time=row["start_at"],
        end_time=row["end_at"],
        outcome=outcome_of(row, now),
        first_heard=row["first_heard_at"],
        last_heard=row["last_heard_at"],
    )


def _planned(row: Row, which: str) -> dict[str, Any] | None:
    if row[f"{which}_start"] is None:
        return None
    return {
        "start_time": row[f"{which}_start"],
        "end_time": row[f"{which}_end"],
        "ground_station": row[f"{which}_station"],
    }


def _columns(passes: Sequence[PlannedPass], gone: Sequence[Row]) -> dict[str, list[Any]]:
    kept = known_of(passes, gone)
    return {
        "names": [one.satellite_id for one in passes],
        "stations": [one.ground_station for one in passes],
        "starts": [column_time(one.start_time) for one in passes],
        "ends": [column_time(one.end_time) for one in passes],
        "planned": [one.planned and column_time(one.planned) for one in kept],
        "firsts": [one.first_heard and column_time(one.first_heard) for one in kept],
        "lasts": [one.last_heard and column_time(one.last_heard) for one in kept],
    }


def _cursor(rows: Sequence[Row], limit: int) -> str | None:
    if len(rows) <= limit:
        return None
    return encode_cursor((rows[limit - 1]["start_at"], str(rows[limit - 1]["id"])))


def _serial(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) > LARGEST_ID:
        raise InvalidCursor(text)
    return int(text)

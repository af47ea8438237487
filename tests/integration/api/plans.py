"""What PostgreSQL reads for a statement."""

from collections.abc import Iterator, Mapping
from typing import Any

from telemetry_core.postgres.database import Connection


def rows_read_by(connection: Connection, statement: str, parameters: Mapping[str, Any]) -> float:
    """Return how many rows the parts of a statement's plan read, all passes together."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
        ((found,),) = cursor.fetchall()
    return sum(map(_rows_of, _nodes(found[0]["Plan"])))


def _rows_of(node: Mapping[str, Any]) -> float:
    """Return how many rows a node read, with those that its filter left out."""
    left_out = sum(
        node.get(f"Rows Removed by {part}", 0) for part in ("Filter", "Index Recheck", "Join Filter")
    )
    return float((node["Actual Rows"] + left_out) * node["Actual Loops"])


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a node of a plan and all below it."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)

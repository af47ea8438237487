"""What the list of alerts reads grows with the satellites it is asked for, not with all that are stored."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from operation_server.episodes import HOLD_MS
from telemetry_core.database import Connection, Pool, transaction
from telemetry_core.inferences import Job
from telemetry_core.messages import job_id_of, microseconds_of
from telemetry_core.store import QUERIES, save_inferences
from tests.integration.test_api import verdict

pytestmark = pytest.mark.integration

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
JOBS_EACH: Final = 40
REASON: Final = "low_battery"


@pytest.mark.parametrize("statement", ["open_signs", "episodes"])
def test_alerts_of_a_satellite_cost_the_same_among_many_others(pool: Pool, statement: str) -> None:
    with transaction(pool) as connection:
        save(connection, [f"SAT-{number:03d}" for number in range(5)])
        among_few = rows_read(connection, statement)
        save(connection, [f"SAT-{number:03d}" for number in range(5, 150)])
        assert rows_read(connection, statement) <= 2 * among_few


def save(connection: Connection, satellite_ids: list[str]) -> None:
    """Store a breach of a limit in every fourth sample set of each satellite."""
    jobs = [
        Job(
            job_id=job_id_of(satellite_id, microseconds_of(START + timedelta(seconds=30 * number))),
            satellite_id=satellite_id,
            source="kafka_auto_trigger",
            trigger_reason=reason,
            trigger_reasons=(reason,),
            total_subsystems=1,
            created_at=START,
            metadata={"lane": "live"},
        )
        for satellite_id in satellite_ids
        for number in range(JOBS_EACH)
        for reason in ["periodic_check" if number % 4 else REASON]
    ]
    save_inferences(connection, jobs, [verdict(job.job_id, "eps") for job in jobs])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def rows_read(connection: Connection, statement: str) -> float:
    """Return how many rows the parts of a statement's plan gave for one satellite, all passes together."""
    parameters = {
        "satellites": ["SAT-001", "SAT-001"],
        "subsystems": ["eps", "eps"],
        "reasons": [REASON, None],
        "start": "0" * 13,
        "end": "9" * 13,
        "episodes_each": 1000,
        "ceiling": 10_000,
        "hold_ms": HOLD_MS,
    }
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {QUERIES[statement]}", parameters)
        ((found,),) = cursor.fetchall()
    return sum(node["Actual Rows"] * node["Actual Loops"] for node in nodes(found[0]["Plan"]))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a node of a plan and all below it."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)

"""What Fleet and lists of verdicts and alerts read does not grow with what is stored, nor with an alert."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from alarm_server.anomalies import QUERIES as FOLDING_QUERIES
from operation_server.alerts import QUERIES
from operation_server.alerts.episodes import HOLD, Sign
from operation_server.alerts.store import open_episodes
from operation_server.fleet import QUERIES as FLEET_QUERIES
from operation_server.telemetry.series import milliseconds_of
from operation_server.verdicts import QUERIES as VERDICT_QUERIES
from telemetry_core.contract.inferences import Job, JobStatus, Verdict
from telemetry_core.contract.messages import job_id_of, microseconds_of
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import save_inferences, select
from tests.integration.api.calls import verdict

pytestmark = pytest.mark.integration

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
JOBS_EACH: Final = 40
REASON: Final = "low_battery"
FLEET: Final = ["newest_verdicts", "satellites_heard", "open_limits"]
EPISODES: Final = "limit_episodes"
STATEMENTS: Final = {**FLEET_QUERIES, **VERDICT_QUERIES, **FOLDING_QUERIES, **QUERIES}


@pytest.mark.parametrize("statement", [*FLEET, EPISODES])
def test_alerts_of_a_satellite_cost_the_same_among_many_others(pool: Pool, statement: str) -> None:
    with transaction(pool) as connection:
        save(connection, [f"SAT-{number:03d}" for number in range(5)], breach_every=4, anomaly_every=3)
        among_few = rows_read(connection, statement)
        save(connection, [f"SAT-{number:03d}" for number in range(5, 150)], breach_every=4, anomaly_every=3)
        assert rows_read(connection, statement) <= 2 * among_few


@pytest.mark.parametrize("breach_every", [1, 2], ids=["lasting", "flapping"])
@pytest.mark.parametrize("statement", [*FLEET, EPISODES])
def test_an_open_alert_costs_the_same_however_many_verdicts_it_has(
    pool: Pool, statement: str, breach_every: int
) -> None:
    with transaction(pool) as connection:
        save(connection, ["SAT-001"], jobs=400, spacing_s=1, breach_every=breach_every, anomaly_every=1)
        of_few = rows_read(connection, statement)
        save(connection, ["SAT-001"], jobs=4000, spacing_s=0.1, breach_every=breach_every, anomaly_every=1)
        assert rows_read(connection, statement) <= 2 * of_few


def test_no_more_members_are_counted_than_asked_for(pool: Pool) -> None:
    with transaction(pool) as connection:
        save(connection, ["SAT-001"], jobs=20, spacing_s=1, breach_every=1, anomaly_every=1)
        sign = Sign(subsystem="eps", reason=REASON)
        (found,) = open_episodes(connection, ["SAT-001"], [sign], members_each=10)
        span_ms = milliseconds_of(START), milliseconds_of(START) + 19_000
        assert (found.verdict_count, found.started_ms, found.last_ms) == (10, *span_ms)


def test_alerts_of_the_score_cost_what_is_shown_of_them(pool: Pool) -> None:
    whose = {"satellites": ["SAT-007"], "subsystems": ["eps"]}
    within = {"start": START + timedelta(hours=200), "end": START + timedelta(hours=202), "ceiling": 10_000}
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO ops.alarms (alarm_id, satellite_id, subsystem, reason, kind, severity, started_at,
                raised_at, last_at, returned_at, violations, peak_score, peak_job_id, newest_job_id)
            SELECT number || '.' || begun, 'SAT-' || lpad(number::text, 3, '0'), 'eps', 'anomaly', 'anomaly',
                'distress', begun, begun, begun + interval '50 minutes',
                CASE WHEN begun < %(newest)s THEN begun + interval '55 minutes' END, 9, 0.99, 'peak', 'newest'
            FROM generate_series(1, 50) AS number,
                generate_series(%(first)s, %(newest)s, interval '1 hour') AS begun
            """,
            {
                "first": START.replace(tzinfo=None),
                "newest": (START + timedelta(hours=500)).replace(tzinfo=None),
            },
        )
        cursor.execute("ANALYZE ops.alarms")
        assert len(select(connection, QUERIES["overlapping_anomalies"], {**whose, **within})) == 3
        assert read_by_plan(connection, "overlapping_anomalies", {**whose, **within}) <= 40
        assert len(select(connection, QUERIES["open_anomalies"], whose)) == 1
        assert read_by_plan(connection, "open_anomalies", whose) <= 5


@pytest.mark.parametrize("subsystem", [None, "eps"])
def test_a_page_of_verdicts_costs_the_same_whatever_is_stored(pool: Pool, subsystem: str | None) -> None:
    page = {
        "satellite_id": "SAT-001",
        "subsystem": subsystem,
        "start": START,
        "end": START + timedelta(days=30),
        "limit": 10,
    }
    with transaction(pool) as connection:
        for part in ("eps", "thermal"):
            save(connection, ["SAT-001", "SAT-002"], jobs=200, subsystem=part)
        of_few = read_by_plan(connection, "verdicts_between", page)
        for part in ("eps", "thermal"):
            save(connection, ["SAT-001", "SAT-002"], jobs=2000, spacing_s=7, subsystem=part)
        assert read_by_plan(connection, "verdicts_between", page) <= of_few + 10


def test_a_piece_of_verdicts_to_fold_costs_the_same_whatever_is_stored(pool: Pool) -> None:
    piece = {
        "satellite_id": "SAT-001",
        "subsystem": "eps",
        "after": START.replace(tzinfo=None),
        "target": START.replace(tzinfo=None) + timedelta(days=30),
        "limit": 10,
    }
    with transaction(pool) as connection:
        save(connection, ["SAT-001", "SAT-002"], jobs=200)
        of_few = read_by_plan(connection, "judged_between", piece)
        save(connection, ["SAT-001", "SAT-002"], jobs=2000, spacing_s=7)
        save(connection, ["SAT-001"], jobs=2000, spacing_s=7, subsystem="thermal")
        assert read_by_plan(connection, "judged_between", piece) <= of_few + 10


def test_how_far_alerts_are_behind_costs_the_same_however_far_it_is(pool: Pool) -> None:
    with transaction(pool) as connection:
        save(connection, ["SAT-001"], jobs=2000)
        assert read_by_plan(connection, "anomalies_behind", {}) <= 10


@pytest.mark.parametrize("statement", FLEET)
def test_stored_telemetry_and_absent_subsystems_cost_nothing(pool: Pool, statement: str) -> None:
    with transaction(pool) as connection:
        save(connection, ["SAT-001"], lane="stored")
        save(connection, ["SAT-002"], subsystem="thermal")
        of_few = rows_read(connection, statement, satellites=["SAT-001", "SAT-002"])
        save(connection, ["SAT-001"], lane="stored", jobs=2000)
        save(connection, ["SAT-002"], subsystem="thermal", jobs=2000)
        found = rows_read(connection, statement, satellites=["SAT-001", "SAT-002"])
        assert found <= of_few + 10


@pytest.mark.parametrize("statement", [*FLEET, EPISODES])
def test_telemetry_of_a_satellite_costs_one_whose_name_its_own_begins_with_nothing(
    pool: Pool, statement: str
) -> None:
    with transaction(pool) as connection:
        save(connection, ["SAT"], subsystem="thermal", anomaly_every=1)
        save(connection, ["SAT-1"], jobs=2000, breach_every=1, anomaly_every=3)
        assert rows_read(connection, statement, satellites=["SAT"]) <= 5 * JOBS_EACH


@pytest.mark.parametrize("statement", ["open_limits", "limit_episodes"])
def test_a_limit_that_is_rarely_broken_costs_the_same_beside_one_that_always_is(
    pool: Pool, statement: str
) -> None:
    def cost(jobs: int) -> float:
        save(connection, ["SAT-001"], jobs=jobs, spacing_s=2000 / jobs, breach_every=1, reason="hot")
        save(connection, ["SAT-001"], jobs=1, begins_s=2001, breach_every=1)
        return rows_read(connection, statement, episodes_each=1)

    with transaction(pool) as connection:
        of_few = cost(100)
        assert cost(2000) <= 3 * of_few


def test_limits_broken_within_a_range_are_found_in_one_pass(pool: Pool) -> None:
    with transaction(pool) as connection:
        save(connection, ["SAT-001"], jobs=1000, spacing_s=1, breach_every=1, reason="hot")
        save(connection, ["SAT-001"], jobs=1, begins_s=500.5, breach_every=1, reason="rare")
        save(connection, ["SAT-001"], jobs=1, begins_s=2000, breach_every=1, reason="later")
        save(connection, ["SAT-002"], jobs=1, begins_s=900, breach_every=1, reason="other")
        within = {
            "satellites": ["SAT-001", "SAT-002"],
            "start": f"{milliseconds_of(START):013d}",
            "end": f"{milliseconds_of(START) + 1_000_000:013d}",
        }
        found = {
            (row["satellite_id"], row["reason"])
            for row in select(connection, QUERIES["broken_limits"], within)
        }
        assert found == {("SAT-001", "hot"), ("SAT-001", "rare"), ("SAT-002", "other")}
        assert read_by_plan(connection, "broken_limits", within) <= 1100


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.COMPLETED])
def test_a_broken_limit_stays_open_until_a_judged_window_is_without_it(pool: Pool, status: JobStatus) -> None:
    with transaction(pool) as connection:
        save(connection, ["SAT-001"], jobs=8, spacing_s=60, breach_every=8, status=status)
        found = open_episodes(connection, ["SAT-001"], [Sign(subsystem="eps", reason=REASON)])
        assert [item.is_open for item in found] == ([True] if status is JobStatus.FAILED else [])


def job_at(after_s: float, satellite_id: str, *, lane: str, reason: str) -> Job:
    return Job(
        job_id=job_id_of(satellite_id, microseconds_of(START + timedelta(seconds=after_s))),
        satellite_id=satellite_id,
        source="kafka_auto_trigger",
        trigger_reason=reason,
        trigger_reasons=(reason,),
        total_subsystems=1,
        created_at=START,
        metadata={"lane": lane},
    )


def save(
    connection: Connection,
    satellite_ids: list[str],
    *,
    jobs: int = JOBS_EACH,
    spacing_s: float = 30,
    breach_every: int = 4,
    anomaly_every: int = 4,
    subsystem: str = "eps",
    lane: str = "live",
    reason: str = REASON,
    begins_s: float = 0,
    status: JobStatus = JobStatus.COMPLETED,
) -> None:
    """Store sample sets, of which every so many break a limit or are anomalous."""
    batch = [
        job_at(
            begins_s + spacing_s * number,
            satellite_id,
            lane=lane,
            reason="periodic_check" if number % breach_every else reason,
        )
        for satellite_id in satellite_ids
        for number in range(jobs)
    ]
    anomalous = [number % jobs % anomaly_every == 0 for number in range(len(batch))]
    rows = [
        verdict(
            job.job_id,
            subsystem,
            status=status,
            verdict=Verdict.ANOMALOUS if found else Verdict.NOMINAL,
            anomaly_detected=found,
        )
        for job, found in zip(batch, anomalous, strict=True)
    ]
    save_inferences(connection, batch, rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def rows_read(
    connection: Connection, statement: str, *, satellites: list[str] | None = None, episodes_each: int = 1000
) -> float:
    """Return how many rows the parts of a statement's plan read for some satellites, all passes together."""
    names = satellites or ["SAT-001"]
    parameters = {
        "satellites": names,
        "subsystems": ["eps"] * len(names) if statement == EPISODES else ["eps"],
        "reasons": [REASON] * len(names) if statement == EPISODES else [REASON],
        "start": "0" * 13,
        "end": "9" * 13,
        "episodes_each": episodes_each,
        "ceiling": 10_000,
        "members_each": 1,
        **HOLD,
    }
    return read_by_plan(connection, statement, parameters)


def read_by_plan(connection: Connection, statement: str, parameters: Mapping[str, Any]) -> float:
    """Return how many rows the parts of a statement's plan read, all passes together."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {STATEMENTS[statement]}", parameters)
        ((found,),) = cursor.fetchall()
    return sum(map(rows_of, nodes(found[0]["Plan"])))


def rows_of(node: Mapping[str, Any]) -> float:
    """Return how many rows a node read, with those that its filter left out."""
    left_out = sum(
        node.get(f"Rows Removed by {part}", 0) for part in ("Filter", "Index Recheck", "Join Filter")
    )
    return float((node["Actual Rows"] + left_out) * node["Actual Loops"])


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a node of a plan and all below it."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)

"""Committed verdicts become alarms, on a real PostgreSQL."""

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Any

import pytest

from alarm_server.anomalies.projection import AnomalyProjection
from housekeeping.retention import retention_chores
from operation_server.alarms.anomalies import anomalies_behind_s
from scoring.alert_rule import Judged, alerts_of
from telemetry_core.contract.inferences import Verdict
from telemetry_core.contract.messages import job_id_of, microseconds_of
from telemetry_core.postgres.cursors.verdict_cursor import restart
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.roles import as_service
from telemetry_core.postgres.store import revise_inferences, save_inferences, select
from telemetry_core.service.settings import Settings
from tests.integration.alarms.running import events, rows
from tests.integration.postgres.saving import inference, job
from tests.integration.servers.folding import catch_up

pytestmark = pytest.mark.integration

START_US = 1_761_827_696_000_123
"""Microseconds that are no whole milliseconds: both forms of a job's id."""
SCORES = {Verdict.NOMINAL: 0.2, Verdict.ANOMALOUS: 0.8}


@pytest.fixture
def projection(database: Settings) -> Iterator[AnomalyProjection]:
    """As the alarm server's own login, which may do this and no more."""
    with closing(open_pool(as_service(database, "alarm-server"), max_connections=1)) as theirs:
        yield AnomalyProjection(theirs)


def judged(second: int, verdict: Verdict, score: float | None = None) -> Judged:
    at_us = START_US + second * 1_000_000 - (123 if second % 2 else 0)
    return Judged(
        job_id=job_id_of("SAT-001", at_us), at_us=at_us, verdict=verdict, score=score or SCORES.get(verdict)
    )


def commit(
    pool: Pool, *verdicts: Judged, lane: str = "live", is_revision: bool = False, **changes: Any
) -> None:
    """Save what the worker saves of some sample sets."""
    save = revise_inferences if is_revision else save_inferences
    jobs = [job(one.job_id, total_subsystems=1, metadata={"lane": lane}) for one in verdicts]
    rows = [
        inference(
            one.job_id,
            verdict=one.verdict,
            anomaly_score=one.score,
            anomaly_detected=None if one.score is None else one.verdict is Verdict.ANOMALOUS,
            **changes,
        )
        for one in verdicts
    ]
    with transaction(pool) as connection:
        save(connection, jobs, rows)


Alert = dict[str, Any]


def stored(pool: Pool) -> list[Alert]:
    with transaction(pool) as connection:
        found = select(connection, "SELECT * FROM ops.anomaly_alerts ORDER BY started_at")
    assert {(row["satellite_id"], row["subsystem"]) for row in found} <= {("SAT-001", "eps")}
    return [
        {
            **{
                f"{name}_us": None if row[f"{name}_at"] is None else microseconds_of(row[f"{name}_at"])
                for name in ("started", "raised", "last", "ended")
            },
            **{name: row[name] for name in ("verdict_count", "peak_score", "peak_job_id", "newest_job_id")},
        }
        for row in found
    ]


def expected(verdicts: Sequence[Judged]) -> list[Alert]:
    """What the rule makes of them in order of generation."""
    return [
        {name: value for name, value in asdict(run).items() if name != "evidence"}
        for run in alerts_of(verdicts)
    ]


def sample(seed: int, count: int = 120) -> list[Judged]:
    """Episodes of several lengths with quiet between them."""
    chance = random.Random(seed)
    words = [Verdict.NOMINAL, Verdict.NOMINAL, Verdict.ANOMALOUS, Verdict.WARMING_UP]
    verdicts = []
    for number in range(count):
        verdict = words[number // 10 % 2 * 2] if chance.random() < 0.8 else chance.choice(words)
        is_certain = verdict is Verdict.ANOMALOUS and chance.random() < 0.2
        verdicts.append(judged(61 * number, verdict, 0.99 if is_certain else None))
    return verdicts


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_commits_leaves_the_alerts_of_the_sorted_verdicts(
    pool: Pool, projection: AnomalyProjection, seed: int
) -> None:
    verdicts = sample(seed)
    shuffled = random.Random(seed).sample(verdicts, len(verdicts))
    for first in range(0, len(shuffled), 15):
        commit(pool, *shuffled[first : first + 15])
        catch_up(projection)
    assert stored(pool) == expected(verdicts)
    assert projection.cursor().relayed == len(verdicts)


def test_verdicts_in_order_are_one_alert_with_its_figures(pool: Pool, projection: AnomalyProjection) -> None:
    verdicts = [
        judged(0, Verdict.NOMINAL),
        judged(1, Verdict.ANOMALOUS, 0.98),
        judged(2, Verdict.ANOMALOUS, 0.99),
        judged(3, Verdict.ANOMALOUS),
    ]
    for one in verdicts:
        commit(pool, one)
        catch_up(projection)
    (alert,) = stored(pool)
    assert (alert["verdict_count"], alert["peak_score"], alert["ended_us"]) == (3, 0.99, None)
    assert (alert["peak_job_id"], alert["newest_job_id"]) == (verdicts[2].job_id, verdicts[3].job_id)
    commit(pool, judged(400, Verdict.NOMINAL))
    catch_up(projection)
    assert stored(pool)[0]["ended_us"] == judged(400, Verdict.NOMINAL).at_us


def test_revised_verdict_takes_its_alert_back(pool: Pool, projection: AnomalyProjection) -> None:
    commit(pool, judged(0, Verdict.NOMINAL), judged(1, Verdict.ANOMALOUS, 0.99), judged(2, Verdict.NOMINAL))
    catch_up(projection)
    assert len(stored(pool)) == 1
    commit(pool, judged(1, Verdict.NOMINAL), is_revision=True, input_data={"sha256": "another"})
    catch_up(projection)
    assert stored(pool) == []


def test_stored_telemetry_raises_no_alert_and_a_failed_verdict_says_nothing(
    pool: Pool, projection: AnomalyProjection
) -> None:
    commit(pool, judged(0, Verdict.ANOMALOUS, 0.99), lane="stored")
    catch_up(projection)
    assert (stored(pool), projection.cursor().relayed) == ([], 1)


def test_alerts_are_behind_while_earlier_verdicts_are_folded_again(
    pool: Pool, projection: AnomalyProjection
) -> None:
    commit(pool, judged(0, Verdict.NOMINAL))
    catch_up(projection)
    with transaction(pool) as connection, connection.cursor() as cursor:
        assert anomalies_behind_s(connection) == 0
        cursor.execute("UPDATE ops.alert_heads SET folded_at = '-infinity'")
        cursor.execute("UPDATE ops.relay_cursors SET updated_at = updated_at - interval '40 s'")
        assert 40 <= anomalies_behind_s(connection) < 70


@pytest.mark.parametrize("statement", [None, "TRUNCATE subsystem_inferences CASCADE"])
def test_rebuilding_begins_with_empty_tables(
    pool: Pool, projection: AnomalyProjection, statement: str | None
) -> None:
    verdicts = sample(1)
    commit(pool, *verdicts)
    catch_up(projection)
    before = stored(pool)
    assert before
    if statement:
        with transaction(pool) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
    else:
        restart(pool, projection.name, projection.cursor().generation)
    catch_up(projection)
    assert stored(pool) == ([] if statement else before)


def acknowledge(pool: Pool) -> None:
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE ops.alarms SET acknowledged_at = now(), acknowledged_by = 'kim'")


def expire(database: Settings) -> None:
    with closing(open_pool(as_service(database, "housekeeping"), max_connections=1)) as theirs:
        for chore in retention_chores(theirs, database):
            if chore.name.startswith("al"):
                assert not chore.work()


def test_an_alert_goes_with_its_newest_verdict(
    pool: Pool, projection: AnomalyProjection, database: Settings
) -> None:
    commit(pool, judged(0, Verdict.ANOMALOUS, 0.99), judged(400, Verdict.NOMINAL))
    commit(pool, judged(500, Verdict.ANOMALOUS, 0.99))
    catch_up(projection)
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM inference_jobs WHERE job_id = %s", [judged(0, Verdict.ANOMALOUS).job_id])
    expire(database)
    assert len(stored(pool)) == 2, "nobody has acknowledged it"
    acknowledge(pool)
    expire(database)
    assert [alert["started_us"] for alert in stored(pool)] == [judged(500, Verdict.ANOMALOUS).at_us]
    assert {row["alarm_id"] for row in rows(pool, "alarm_events")} == {
        row["alarm_id"] for row in rows(pool, "alarms")
    }


def test_two_processes_that_fold_by_turns_leave_the_same_alerts(
    pool: Pool, projection: AnomalyProjection
) -> None:
    verdicts = sample(2)
    other = AnomalyProjection(pool)
    for first in range(0, len(verdicts), 5):
        commit(pool, *verdicts[first : first + 5])
        (projection if first % 2 else other).step()
    catch_up(other)
    catch_up(projection)
    assert stored(pool) == expected(verdicts)
    assert projection.cursor().relayed == len(verdicts)


def test_a_late_verdict_and_a_rebuild_leave_the_name_and_what_operators_did(
    pool: Pool, projection: AnomalyProjection
) -> None:
    commit(pool, judged(60, Verdict.ANOMALOUS, 0.99), judged(400, Verdict.NOMINAL))
    catch_up(projection)
    acknowledge(pool)
    commit(pool, judged(0, Verdict.ANOMALOUS, 0.99))
    catch_up(projection)
    (alarm,) = rows(pool, "alarms")
    assert alarm["alarm_id"] == f"eps.anomaly.{judged(60, Verdict.ANOMALOUS).at_us // 1000}.SAT-001"
    assert microseconds_of(alarm["started_at"]) == judged(0, Verdict.ANOMALOUS).at_us
    assert (alarm["kind"], alarm["severity"], alarm["violations"]) == ("anomaly", "distress", 2)
    assert alarm["acknowledged_by"] == "kim"
    restart(pool, projection.name, projection.cursor().generation)
    catch_up(projection)
    assert rows(pool, "alarms") == [alarm]
    assert [event for _, event in events(pool)] == ["raised", "returned"]


@pytest.mark.parametrize("seed", range(2))
def test_a_rebuild_changes_nothing(pool: Pool, projection: AnomalyProjection, seed: int) -> None:
    verdicts = sample(seed)
    shuffled = random.Random(seed).sample(verdicts, len(verdicts))
    for first in range(0, len(shuffled), 15):
        commit(pool, *shuffled[first : first + 15])
        catch_up(projection)
    before = rows(pool, "alarms"), events(pool)
    restart(pool, projection.name, projection.cursor().generation)
    catch_up(projection)
    assert (rows(pool, "alarms"), events(pool)) == before
    assert projection.cursor().relayed == len(verdicts)


def test_a_revision_withdraws_and_its_revision_brings_back(pool: Pool, projection: AnomalyProjection) -> None:
    commit(pool, judged(0, Verdict.NOMINAL), judged(1, Verdict.ANOMALOUS, 0.99))
    catch_up(projection)
    for verdict, score, sha256 in ((Verdict.NOMINAL, 0.2, "a"), (Verdict.ANOMALOUS, 0.99, "b")):
        commit(pool, judged(1, verdict, score), is_revision=True, input_data={"sha256": sha256})
        catch_up(projection)
    assert [event for _, event in events(pool)] == ["raised", "withdrawn", "raised_again"]
    assert [row["is_withdrawn"] for row in rows(pool, "alarms")] == [False]


def test_other_alarms_are_kept_for_as_long_as_jobs_after_their_last_change(
    pool: Pool, database: Settings
) -> None:
    with transaction(pool) as connection, connection.cursor() as cursor:
        for reason, days, acknowledged in (("old", 400, True), ("open", 400, False), ("new", 300, True)):
            cursor.execute(
                """
                INSERT INTO ops.alarms (alarm_id, satellite_id, subsystem, reason, kind, severity, started_at,
                    raised_at, last_at, returned_at, changed_at, acknowledged_at)
                SELECT %(reason)s, 'SAT-001', 'eps', %(reason)s, 'limit', 'distress', at, at, at, at, at,
                    CASE WHEN %(acknowledged)s THEN at END
                FROM (SELECT now() AT TIME ZONE 'UTC' - %(days)s * interval '1 day' AS at) AS past
                """,
                {"reason": reason, "days": days, "acknowledged": acknowledged},
            )
    expire(database)
    assert {row["reason"] for row in rows(pool, "alarms")} == {"open", "new"}

"""Learned constants over a real PostgreSQL: whose turn it is, what is in use, and the operator's command."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analysis_server.learner import CALIBRATED
from analysis_server.learning.calibrations import QUERIES, Calibrations, Part, Progress
from housekeeping import calibrations as command
from scoring.fitting.outcome import Learned
from telemetry_core.contract.inferences import Job, Verdict
from telemetry_core.contract.messages import job_id_of, microseconds_of
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.roles import as_service
from telemetry_core.postgres.store import save_inferences, select
from telemetry_core.service.settings import Settings
from tests.integration.api.calls import get, verdict
from tests.integration.postgres.windows import window_ending
from tests.integration.servers.folding import fold
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SUBSYSTEMS = ("eps", "comm")
TOO_FEW = Progress(samples=412, interval_s=20.0, reason="too_few_samples", detail="", wait_s=600)
DONE = Progress(samples=2_000, interval_s=20.0, reason=CALIBRATED, detail="", wait_s=40_000)


@pytest.fixture
def keeper(database: Settings) -> Iterator[Pool]:
    """The login of the command."""
    with closing(open_pool(as_service(database, "housekeeping"), max_connections=1)) as pool:
        yield pool


def judge(
    pool: Pool, satellite_id: str, second: float, word: str, *, subsystem: str = "eps", **more: Any
) -> str:
    """Save a verdict: l learning, n nominal, a anomalous."""
    generated = NOW + timedelta(seconds=second)
    job_id = job_id_of(satellite_id, microseconds_of(generated))
    job = Job(job_id=job_id, satellite_id=satellite_id, source="kafka_auto_trigger",
              trigger_reason="periodic_check", total_subsystems=2,
              created_at=more.pop("created_at", generated))  # fmt: skip
    window = window_ending(generated, interval_s=60, samples=2)
    changes: dict[str, dict[str, Any]] = {
        "l": {
            "verdict": Verdict.LEARNING, "anomaly_score": None, "anomaly_detected": None,
            "input_data": {"not_calibrated": {"a": {"interval_s": 20.0}, "b": {"interval_s": 40.0}}},
        },
        "n": {},
        "a": {"verdict": Verdict.ANOMALOUS, "anomaly_score": 0.9, "anomaly_detected": True},
    }  # fmt: skip
    with transaction(pool) as connection:
        save_inferences(
            connection, [job], [verdict(job_id, subsystem, **{**window, **changes[word], **more})]
        )
    return job_id


def learned(number: int = 1) -> Learned:
    return Learned(
        document={"format": 2, "number": number},
        data_from_us=microseconds_of(NOW),
        data_until_us=microseconds_of(NOW + timedelta(hours=11)),
        samples=2_000,
        intervals_s=(16.0, 24.0),
        verdicts=336,
        false_alarms=0,
    )


def due(worker: Calibrations, *satellites: str, limit: int = 100) -> list[tuple[str, str]]:
    found = worker.due_parts(SUBSYSTEMS, list(satellites) or None, limit)
    return [(part.satellite_id, part.subsystem) for part in found]


def only(worker: Calibrations) -> Part:
    (part,) = worker.due_parts(SUBSYSTEMS, None, 100)
    return part


def states(pool: Pool) -> list[tuple[int, str]]:
    with transaction(pool) as connection:
        found = select(connection, "SELECT version, state FROM ops.calibrations ORDER BY version")
    return [(row["version"], row["state"]) for row in found]


def test_what_learns_by_its_newest_verdict_is_due_with_its_shortest_interval(
    pool: Pool, worker: Calibrations
) -> None:
    judge(pool, "A", 0, "n")
    judge(pool, "A", 20, "l")
    judge(pool, "B", 0, "l")
    judge(pool, "B", 20, "n")
    judge(pool, "AB", 0, "l", subsystem="comm")
    assert due(worker) == [("A", "eps"), ("AB", "comm")]
    part = worker.due_parts(SUBSYSTEMS, None, 1)[0]
    assert (part.generated_us, part.interval_s) == (microseconds_of(NOW + timedelta(seconds=20)), 20.0)


def test_a_part_is_taken_up_by_one_and_looked_at_again_in_its_turn(pool: Pool, worker: Calibrations) -> None:
    for name in ("A", "B"):
        judge(pool, name, 0, "l")
    first = worker.due_parts(SUBSYSTEMS, None, 1)[0]
    assert worker.claim(first, is_forced=False)
    assert not worker.claim(first, is_forced=False)
    assert due(worker) == [("B", "eps")]
    assert due(worker, "A") == [("A", "eps")]
    assert worker.claim(first, is_forced=True)
    worker.save_progress(first, Progress(samples=9, interval_s=20.0, reason="left_out", detail="", wait_s=-1))
    assert due(worker) == [("B", "eps"), ("A", "eps")]


def test_constants_come_into_use_in_place_of_the_former_ones(pool: Pool, worker: Calibrations) -> None:
    judge(pool, "A", 0, "l")
    part = only(worker)
    worker.claim(part, is_forced=False)
    assert worker.in_use(["A"], "eps") == {}
    assert worker.save(part, learned(1), DONE)
    assert not worker.save(part, learned(1), DONE)
    assert worker.in_use(["A"], "eps") == {"A": (1, learned(1).hash)}
    assert worker.constants({"A": 1, "B": 1}, "eps") == {"A": {"format": 2, "number": 1}}
    assert worker.save(part, learned(2), DONE)
    assert worker.in_use(["A"], "eps") == {"A": (2, learned(2).hash)}
    assert states(pool) == [(1, "superseded"), (2, "active")]
    assert worker.in_use(["A"], "comm") == {}


def test_one_with_constants_is_due_when_it_learns_all_the_same(pool: Pool, worker: Calibrations) -> None:
    judge(pool, "A", 0, "l")
    part = only(worker)
    worker.claim(part, is_forced=False)
    worker.save(part, learned(), DONE)
    assert due(worker) == []
    judge(pool, "A", 20, "l", created_at=datetime.now(UTC) + timedelta(seconds=120))
    assert due(worker) == [("A", "eps")]
    judge(pool, "A", 40, "n", created_at=datetime.now(UTC) + timedelta(seconds=180))
    assert due(worker) == []


def test_constants_are_renewed_when_their_history_has_doubled(pool: Pool, worker: Calibrations) -> None:
    judge(pool, "A", 0, "l")
    part = only(worker)
    worker.claim(part, is_forced=False)
    soon = Progress(samples=2_000, interval_s=20.0, reason=CALIBRATED, detail="", wait_s=-1)
    worker.save(part, learned(), soon)
    judge(pool, "A", 20, "n")
    assert only(worker).interval_s == 20.0


def test_what_failed_the_check_is_kept_and_changes_nothing_in_use(pool: Pool, worker: Calibrations) -> None:
    judge(pool, "A", 0, "l")
    part = only(worker)
    worker.claim(part, is_forced=False)
    worker.save(part, learned(1), DONE)
    worker.save_progress(part, TOO_FEW, learned(2))
    assert states(pool) == [(1, "active"), (2, "refused")]


def test_alerts_between_two_times_are_told_but_those_of_constants_taken_back(
    pool: Pool, worker: Calibrations, keeper: Pool, database: Settings
) -> None:
    judge(pool, "A", 0, "l")
    part = only(worker)
    worker.claim(part, is_forced=False)
    worker.save(part, learned(), DONE)
    judge(pool, "A", 100, "a", calibration_hash="shipped", anomaly_score=0.97)
    judge(pool, "A", 200, "a", calibration_hash=learned().hash)
    judge(pool, "A", 600, "n")
    judge(pool, "A", 700, "a", anomaly_score=0.75)
    judge(pool, "A", 1100, "n")
    span = (microseconds_of(NOW), microseconds_of(NOW + timedelta(seconds=1200)))
    assert len(worker.marks(part, *span).alerts_us) == 3, "what is not folded yet may become an alert"
    with closing(open_pool(as_service(database, "alarm-server"), max_connections=1)) as theirs:
        fold(theirs)
    assert len(worker.marks(part, *span).alerts_us) == 2, "a single low verdict is nominal telemetry, too"
    command.roll_back(keeper, {"satellite_id": "A", "subsystem": "eps", "version": None})
    ((first_us, last_us),) = worker.marks(part, *span).alerts_us
    assert (last_us - first_us, last_us) == (60_000_000, microseconds_of(NOW + timedelta(seconds=100)))


def test_operators_pin_and_roll_back(pool: Pool, worker: Calibrations, keeper: Pool) -> None:
    judge(pool, "A", 0, "l")
    part = only(worker)
    worker.claim(part, is_forced=False)
    for number in (1, 2, 3):
        worker.save(part, learned(number), DONE)
    key = {"satellite_id": "A", "subsystem": "eps", "version": None}
    assert command.roll_back(keeper, key) == "A eps: version 2 is in use"
    assert states(pool) == [(1, "superseded"), (2, "active"), (3, "refused")]
    assert command.pin(keeper, key | {"version": 1}) == "A eps: version 1 is pinned"
    assert not worker.save(part, learned(4), DONE)
    assert worker.in_use(["A"], "eps") == {"A": (1, learned(1).hash)}
    lines = list(command.listed(keeper, "A", None))
    assert [line.split(",")[0] for line in lines] == [
        "A eps 3: refused", "A eps 2: superseded", "A eps 1: pinned",
    ]  # fmt: skip
    assert '"number": 1' in command.shown(keeper, key | {"version": 1})
    with pytest.raises(command.NoSuchCalibration, match="A eps has no version 9"):
        command.pin(keeper, key | {"version": 9})
    assert worker.in_use(["A"], "eps") == {"A": (1, learned(1).hash)}


def test_without_a_former_version_a_rolled_back_satellite_learns_anew_later(
    pool: Pool, worker: Calibrations, keeper: Pool
) -> None:
    judge(pool, "A", 0, "l")
    part = only(worker)
    worker.claim(part, is_forced=False)
    worker.save(part, learned(), DONE)
    key = {"satellite_id": "A", "subsystem": "eps", "version": None}
    command.roll_back(keeper, key)
    assert worker.in_use(["A"], "eps") == {}
    assert due(worker) == []
    with pytest.raises(command.NoSuchCalibration):
        command.roll_back(keeper, key)


@pytest.mark.parametrize("name", QUERIES)
def test_the_worker_may_run_each_of_its_statements(database: Settings, name: str) -> None:
    parameters = dict.fromkeys(re.findall(r"%\((\w+)\)s", QUERIES[name]))
    with (
        closing(open_pool(as_service(database, "analysis-server"), max_connections=1)) as pool,
        transaction(pool) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(f"EXPLAIN {QUERIES[name]}", parameters)
        assert cursor.fetchone()


def test_the_fleet_says_what_a_learning_subsystem_lacks(
    api: RunningApi, api_pool: Pool, worker_of_api: Calibrations
) -> None:
    judge(api_pool, "NEW-1", 0, "l")
    (part,) = worker_of_api.due_parts(SUBSYSTEMS, ["NEW-1"], 100)
    worker_of_api.claim(part, is_forced=True)
    worker_of_api.save_progress(part, TOO_FEW)
    satellites = {item["satellite_id"]: item for item in get(api, "/api/v1/fleet").json()["satellites"]}
    told = {item["subsystem"]: item["learning"] for item in satellites["NEW-1"]["subsystems"]}
    assert told["eps"] == {
        "samples": 412, "needed": 2_000, "remaining_s": 1588 * 20.0, "reason": "too_few_samples",
    }  # fmt: skip
    assert told["comm"] is None
    assert get(api, "/api/v1/fleet/NEW-1").json() == satellites["NEW-1"]
    assert get(api, "/api/v1/fleet/NEW-2").status_code == 404


@pytest.fixture
def worker_of_api(api: RunningApi) -> Iterator[Calibrations]:
    with closing(open_pool(as_service(api.database, "analysis-server"), max_connections=1)) as pool:
        yield Calibrations(pool)

"""Lost tasks of submitted jobs on a real PostgreSQL: sent again a bounded number of times, then failed."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from housekeeping.sweeper import GRACE_S, INCOMPLETE_AFTER_S, MAX_RESENDS, Sweeper
from operation_server.inference.schemas import SubmitRequest
from operation_server.inference.submission import Submission, plan_submission, submit
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.inferences import JobStatus
from telemetry_core.contract.tasks import SubmittedTask
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import save_inferences
from telemetry_core.service.settings import Settings, load_mission
from tests.integration.postgres.saving import fetch, inference, job

pytestmark = pytest.mark.integration

START = datetime(2025, 10, 30, 12, 0, tzinfo=UTC)
MISSION = load_mission(Settings().mission_file)
SERIES = {
    "model_name": "lstm_timeseries",
    "data": [float(n) for n in range(12)],
    "config": {"window_size": 10},
}
CHANNELS = {
    "model_name": "lstm_timeseries",
    "subsystems": {
        "eps": {"battery_voltage": [3.0] * 12},
        "comm": {"rssi_dbm": [1.0] * 12, "data_backlog_mb": [2.0] * 12},
    },
    "metadata": {"satellite_id": "SAT-001", "campaign": "drill"},
}


@dataclass
class Platform:
    """A broker with a queue, and a clock."""

    pool: Pool
    now: datetime = START
    waiting: int = 0
    is_away: bool = False
    unsendable: str = ""
    sent: list[SubmittedTask] = field(default_factory=list)

    def sweep(self) -> list[SubmittedTask]:
        """Let the grace pass, sweep, and return what was sent."""
        self.now += timedelta(seconds=GRACE_S + 1)
        before = len(self.sent)
        Sweeper(self.pool, self._queues, self._send, clock=lambda: self.now).sweep()
        with transaction(self.pool) as connection, connection.cursor() as cursor:
            # sent at the database's own time, which the tests do not live in
            cursor.execute("UPDATE ops.resent_tasks SET sent_at = %s", (self.now.replace(tzinfo=None),))
        return self.sent[before:]

    def _queues(self) -> Sequence[Mapping[str, Any]]:
        return [{"name": "inference", "durable": True, "messages": self.waiting}]

    def _send(self, task: SubmittedTask) -> None:
        if self.is_away:
            raise DependencyUnavailable("rabbitmq", "refused")
        if task.task_id == self.unsendable:
            raise TypeError("can't be encoded")
        self.sent.append(task)


@pytest.fixture
def platform(pool: Pool) -> Platform:
    return Platform(pool)


def posted(
    pool: Pool, body: dict[str, Any], job_id: str = "job-1", created_at: datetime = START
) -> Submission:
    submission = plan_submission(
        SubmitRequest.model_validate(body), job_id=job_id, created_at=created_at, mission=MISSION
    )
    submit(pool, lambda *_, **__: None, submission)
    return submission


def arguments(task: SubmittedTask) -> Any:
    return json.loads(json.dumps(task.arguments))


def states(pool: Pool) -> list[tuple[Any, ...]]:
    return fetch(pool, "SELECT job_id, status FROM inference_jobs ORDER BY job_id")


@pytest.mark.parametrize("body", [SERIES, CHANNELS])
def test_lost_task_is_sent_again_as_it_was(pool: Pool, platform: Platform, body: dict[str, Any]) -> None:
    submission = posted(pool, body)
    sent = sorted(platform.sweep(), key=lambda task: task.task_id)
    first = sorted(submission.tasks, key=lambda task: task.task_id)
    assert [(task.name, task.task_id, arguments(task)) for task in sent] == [
        (task.name, task.task_id, arguments(task)) for task in first
    ]
    assert states(pool) == [("job-1", "pending")]


def test_only_the_part_of_a_job_that_is_missing_is_sent_again(pool: Pool, platform: Platform) -> None:
    submission = posted(pool, CHANNELS)
    with transaction(pool) as connection:
        save_inferences(connection, [submission.job], [inference("job-1", "eps")])
    assert [task.task_id for task in platform.sweep()] == ["job-1-comm"]


def test_rows_that_can_neither_be_sent_nor_failed_starve_no_other(
    pool: Pool, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise TypeError("no row")

    monkeypatch.setattr("housekeeping.sweeper.BATCH", 2)
    monkeypatch.setattr("housekeeping.sweeper.failed_row", fail)
    monkeypatch.setattr(platform, "_send", send_only(platform, "job-3"))
    for number in (1, 2, 3):
        posted(pool, SERIES, f"job-{number}")
    platform.now += timedelta(seconds=GRACE_S + 1)
    sweeper = Sweeper(pool, platform._queues, platform._send, clock=lambda: platform.now)
    for _ in range(3):
        sweeper.sweep()
    assert [task.task_id for task in platform.sent] == ["job-3"]


def send_only(platform: Platform, task_id: str) -> Callable[[SubmittedTask], None]:
    def send(task: SubmittedTask) -> None:
        if task.task_id != task_id:
            raise TypeError("can't be encoded")
        platform.sent.append(task)

    return send


def test_task_that_waits_in_a_long_queue_is_left_alone(pool: Pool, platform: Platform) -> None:
    posted(pool, SERIES)
    platform.waiting = 5000
    for _ in range(10):
        assert platform.sweep() == []
    assert states(pool) == [("job-1", "pending")]


def test_task_overtaken_by_later_ones_is_lost_however_long_the_queue_is(
    pool: Pool, platform: Platform
) -> None:
    posted(pool, SERIES)
    platform.waiting = 5000
    later = START + timedelta(seconds=GRACE_S + 1)
    with transaction(pool) as connection:
        save_inferences(
            connection,
            [job("kafka-SAT-001-1", total_subsystems=1, created_at=later)],
            [inference("kafka-SAT-001-1")],
        )
    assert [task.task_id for task in platform.sweep()] == ["job-1"]
    assert platform.sweep() == []


def test_outage_of_workers_and_models_fails_no_job(pool: Pool, platform: Platform) -> None:
    posted(pool, SERIES)
    assert len(platform.sweep()) == 1
    platform.waiting = 1  # it waits again, for a worker that is away
    for _ in range(20):
        assert platform.sweep() == []
    assert states(pool) == [("job-1", "pending")]


@pytest.mark.parametrize("body", [SERIES, CHANNELS])
def test_task_that_is_lost_again_and_again_fails_its_job_with_the_reason(
    pool: Pool, platform: Platform, body: dict[str, Any]
) -> None:
    posted(pool, body)
    for _ in range(MAX_RESENDS):
        assert platform.sweep()
    assert platform.sweep() == []
    assert states(pool) == [("job-1", "failed")]
    ((reason, completed_at),) = fetch(pool, "SELECT error_message, completed_at FROM inference_jobs")
    assert "its task was lost 4 times" in reason
    assert completed_at is not None
    results = fetch(pool, "SELECT status FROM inference_results")
    assert results == ([("failed",)] if body is SERIES else [])
    assert platform.sweep() == []


def test_late_verdict_of_a_job_that_was_given_up_completes_it(pool: Pool, platform: Platform) -> None:
    submission = posted(pool, SERIES)
    for _ in range(MAX_RESENDS + 1):
        platform.sweep()
    with transaction(pool) as connection:
        save_inferences(connection, [submission.job], [inference("job-1", "series")])
    assert states(pool) == [("job-1", "completed")]


def test_row_that_holds_no_series_fails_alone(pool: Pool, platform: Platform) -> None:
    posted(pool, SERIES)
    posted(pool, SERIES, "job-2")
    with transaction(pool) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE subsystem_inferences SET input_data = '[1]' WHERE job_id = 'job-1'")
    assert [task.task_id for task in platform.sweep()] == ["job-2"]
    assert states(pool) == [("job-1", "failed"), ("job-2", "pending")]


def test_row_whose_task_can_not_be_sent_fails_with_the_reason_and_the_others_go_on(
    pool: Pool, platform: Platform
) -> None:
    posted(pool, SERIES)
    posted(pool, SERIES, "job-2")
    platform.unsendable = "job-1"
    assert [task.task_id for task in platform.sweep()] == ["job-2"]
    assert states(pool) == [("job-1", "failed"), ("job-2", "pending")]
    (row,) = fetch(pool, "SELECT error_message FROM subsystem_inferences WHERE job_id = 'job-1'")
    assert row == ("its task was lost and can't be resent: TypeError",)


def test_broker_outage_counts_as_no_attempt(pool: Pool, platform: Platform) -> None:
    posted(pool, SERIES)
    platform.is_away = True
    for _ in range(2 * MAX_RESENDS):
        with pytest.raises(DependencyUnavailable):
            platform.sweep()
    platform.is_away = False
    assert len(platform.sweep()) == 1


def test_telemetry_job_with_lost_tasks_fails_after_a_day_and_is_completed_by_its_rows(
    pool: Pool, platform: Platform
) -> None:
    whole = job(total_subsystems=2, created_at=START)
    with transaction(pool) as connection:
        save_inferences(connection, [whole], [inference(whole.job_id, "eps")])
    platform.sweep()
    assert states(pool) == [(whole.job_id, "processing")]
    platform.now += timedelta(seconds=INCOMPLETE_AFTER_S)
    platform.sweep()
    ((status, reason),) = fetch(pool, "SELECT status, error_message FROM inference_jobs")
    assert (status, "reconcile" in reason) == (JobStatus.FAILED, True)
    with transaction(pool) as connection:
        save_inferences(connection, [whole], [inference(whole.job_id, "comm")])
    assert fetch(pool, "SELECT status, error_message FROM inference_jobs") == [("completed", None)]

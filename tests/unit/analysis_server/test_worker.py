import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery.app.task import Context
from celery.exceptions import Ignore, Reject
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from analysis_server import tasks, worker
from analysis_server.delivery.handling import GIVE_UP_AT
from analysis_server.delivery.parking import MAX_PARKED, MAX_WAITS_FOR_UPGRADE, PARKED_HEADER
from analysis_server.delivery.saving import commit
from analysis_server.judging.rows import failed_rows
from analysis_server.windows.arguments import parse_series
from analysis_server.windows.window_sets import WindowSet
from telemetry_core.contract.errors import (
    DependencyUnavailable,
    ModelContractError,
    ModelNotServed,
    NewerTaskSchema,
)
from telemetry_core.contract.inferences import Verdict
from telemetry_core.contract.tasks import LEARN, RUN_INFERENCE, RUN_SUBSYSTEM_INFERENCE
from tests.unit.postgres import Statements

TASK = parse_series(
    {"job_id": "j1", "model_name": "gone", "data": [1.0] * 10}, newest_version=lambda _model: None
)


def delivered(count: int) -> Any:
    return SimpleNamespace(request=Context({"id": "task", "x-delivery-count": count}))


def failed_verdicts() -> float:
    labels = {"subsystem": "series", "verdict": "failed"}
    return REGISTRY.get_sample_value("inference_verdicts_total", labels) or 0


def refuse(_task: WindowSet) -> None:
    raise ModelContractError("model gone is not in the repository")


def test_failed_task_leaves_a_row_and_counts_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    saved = []
    monkeypatch.setattr(worker, "_infer", refuse)
    monkeypatch.setattr(worker, "_save", lambda _self, _task, rows, _loop: saved.extend(rows))
    before = failed_verdicts()
    with pytest.raises(ModelContractError):
        worker._handle(delivered(1), TASK)
    assert [(row.status, row.model_version) for row in saved] == [("failed", "none")]
    assert failed_verdicts() == before + 1


def test_learning_is_logged_once_for_each_satellite_and_subsystem() -> None:
    def tell(*satellites: str) -> None:
        task: Any = SimpleNamespace(
            subsystem="told", jobs=[SimpleNamespace(satellite_id=satellite) for satellite in satellites]
        )
        reasons = {"gyro_x": {"interval_s": 10.0, "calibrated_s": [0.5, 5.0]}}
        row: Any = SimpleNamespace(verdict=Verdict.LEARNING, input_data={"not_calibrated": reasons})
        worker._tell_of_learning(task, [row] * len(satellites))

    with capture_logs() as lines:
        tell("LEARN-1", "LEARN-1", "LEARN-2")
        tell("LEARN-1")
    assert [line["event"].split(" is ")[0] for line in lines] == ["told of LEARN-1", "told of LEARN-2"]
    assert "samples every 10 s, calibrated for 0.5 to 5 s; it learns from its stored" in lines[0]["event"]
    assert "or run make calibrate" in lines[0]["event"]


def test_task_given_up_counts_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_save", lambda _self, _task, _rows, _loop: None)
    before = failed_verdicts()
    with pytest.raises(Reject):
        worker._handle(delivered(GIVE_UP_AT), TASK)
    assert failed_verdicts() == before + 1


class Turns:
    def __init__(self, *, raises: Exception | None = None) -> None:
        self.count = 0
        self.raises = raises

    def turn(self, *, goes_on: Callable[[], bool]) -> None:
        assert goes_on()
        self.count += 1
        if self.raises:
            raise self.raises


def asked_to_learn(monkeypatch: pytest.MonkeyPatch, turns: Turns, sent_at_s: Any) -> int:
    monkeypatch.setattr(worker, "_learner", lambda _pid: turns)
    tasks.learn(sent_at_s)
    return turns.count


def test_a_turn_of_learning_is_taken_when_it_is_asked_for_and_not_when_it_waited_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert asked_to_learn(monkeypatch, Turns(), time.time()) == 1
    assert asked_to_learn(monkeypatch, Turns(), time.time() - tasks.STALE_S - 1) == 0


def test_unavailable_server_ends_a_turn_of_learning_without_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    away = Turns(raises=DependencyUnavailable("victoria-metrics", "away"))
    assert asked_to_learn(monkeypatch, away, time.time()) == 1


@pytest.mark.parametrize("sent_at_s", [None, "now", [1]])
def test_a_turn_of_learning_without_its_time_is_refused(
    monkeypatch: pytest.MonkeyPatch, sent_at_s: object
) -> None:
    with pytest.raises(Reject):
        asked_to_learn(monkeypatch, Turns(), sent_at_s)


@pytest.fixture
def parked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Why tasks were put aside."""
    reasons: list[str] = []
    monkeypatch.setattr(worker, "park", lambda _app, _task, reason: reasons.append(reason))
    return reasons


def put_aside(times: int) -> Any:
    return SimpleNamespace(request=Context({"id": "task", PARKED_HEADER: times}))


def of_a_later_release() -> Any:
    raise NewerTaskSchema("schema 9 is newer than 2")


def not_served(_task: WindowSet) -> None:
    raise ModelNotServed("gone version 1", "it was unloaded")


def test_task_of_a_later_release_waits_for_a_worker_that_can_read_it(parked: list[str]) -> None:
    with pytest.raises(Ignore):
        worker.take_up(put_aside(0), of_a_later_release)
    assert parked == ["schema 9 is newer than 2"]


def test_task_that_waited_for_an_upgrade_for_a_day_is_a_dead_letter(parked: list[str]) -> None:
    with pytest.raises(Reject, match="schema 9"):
        worker.take_up(put_aside(MAX_WAITS_FOR_UPGRADE), of_a_later_release)
    assert parked == []


def test_task_of_a_model_that_is_not_served_is_put_aside(
    parked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_infer", not_served)
    with pytest.raises(Ignore):
        worker._handle(put_aside(0), TASK)
    assert len(parked) == 1


def test_model_that_stays_away_fails_its_rows(parked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[str | None] = []
    monkeypatch.setattr(worker, "_infer", not_served)
    monkeypatch.setattr(
        worker, "_save", lambda _self, _task, rows, _loop: saved.extend(row.error_message for row in rows)
    )
    with pytest.raises(ModelNotServed):
        worker._handle(put_aside(MAX_PARKED), TASK)
    assert "it was unloaded" in str(saved)
    assert parked == []


@pytest.mark.parametrize("task", [tasks.run_inference, tasks.run_subsystem_inference])
def test_task_that_can_not_be_read_is_a_dead_letter(task: Any) -> None:
    with pytest.raises(Reject):
        task.run("only one argument")


@pytest.mark.slow
def test_celery_finds_the_tasks_in_the_folder_where_operators_call_it() -> None:
    code = "from celery.app.utils import find_app; app = find_app('tasks'); app.finalize(); print(*app.tasks)"
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root / "analysis_server",
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert {LEARN, RUN_INFERENCE, RUN_SUBSYSTEM_INFERENCE} <= set(found.stdout.split())


def test_posted_series_is_committed_with_its_result() -> None:
    statements = Statements()
    commit(statements.pool, TASK, failed_rows(TASK, "why"))
    assert statements.committed == 1
    assert statements.asked[-1][1]["error_message"] == "why"


def test_model_without_a_folder_is_not_served() -> None:
    with pytest.raises(ModelNotServed, match="there is no folder"):
        worker._calibration("gone", "1")

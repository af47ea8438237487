"""What becomes of a task that came back, whose rows are refused, or that revises older rows."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg2
import pytest
from celery.app.task import Context
from celery.exceptions import Reject
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from analysis_server import worker
from analysis_server.delivery.handling import SPLIT_AT
from analysis_server.judging.rows import failed_rows
from analysis_server.windows.arguments import parse_series
from analysis_server.windows.window_sets import WindowSet
from telemetry_core.contract.tasks import RUN_SUBSYSTEM_INFERENCE, InferenceBatch
from tests.unit.postgres import Statements
from tests.unit.telemetry_core.contract.test_tasks import batch

REPOSITORY = Path(__file__).parents[3] / "model_repository"
SERIES = parse_series(
    {"job_id": "j1", "model_name": "gone", "data": [1.0] * 10}, newest_version=lambda _model: None
)


def delivered(count: int = 1) -> Any:
    return SimpleNamespace(request=Context({"id": "task", "x-delivery-count": count}))


def failed_verdicts() -> float:
    labels = {"subsystem": "series", "verdict": "failed"}
    return REGISTRY.get_sample_value("inference_verdicts_total", labels) or 0


def rows_as_failed(task: WindowSet) -> list[Any]:
    return failed_rows(task, "why")


def test_batch_that_came_back_is_sent_again_as_a_task_of_each_of_its_jobs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(worker, "publish", lambda _app, name, **task: sent.append((name, task)))
    jobs: Any = SimpleNamespace(jobs=batch().jobs)
    for _ in range(2):
        worker.take_up(delivered(SPLIT_AT), lambda: (jobs, batch()))
    assert {name for name, _ in sent} == {RUN_SUBSYSTEM_INFERENCE}
    singles = [InferenceBatch.from_payload(task["kwargs"]["batch"]) for _, task in sent[:2]]
    assert [[one.job.job_id for one in single.jobs] for single in singles] == [
        [one.job.job_id] for one in batch().jobs
    ]
    ids = [task["task_id"] for _, task in sent]
    assert ids[:2] == ids[2:], "who splits a task once more sends the same ones"
    assert len(set(ids)) == 2


class Refusing(Statements):
    """A PostgreSQL that refuses whatever is to be saved."""

    def execute(self, statement: Any, parameters: Any = None) -> None:
        raise psycopg2.DataError("no row like this")


def test_task_of_which_not_even_the_failure_can_be_saved_is_a_dead_letter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "_infer", rows_as_failed)
    monkeypatch.setattr(worker, "_pool", lambda _pid: Refusing().pool)
    before = failed_verdicts()
    with pytest.raises(Reject, match="unsavable: j1: no row like this"):
        worker._handle(delivered(), SERIES)
    assert failed_verdicts() == before


@pytest.mark.parametrize(("is_revision", "counted"), [(False, 1), (True, 0)])
def test_revision_of_a_row_is_no_further_verdict(
    monkeypatch: pytest.MonkeyPatch, counted: int, *, is_revision: bool
) -> None:
    statements = Statements()
    monkeypatch.setattr(worker, "_infer", rows_as_failed)
    monkeypatch.setattr(worker, "_pool", lambda _pid: statements.pool)
    before = failed_verdicts()
    worker._handle(delivered(), replace(SERIES, is_revision=is_revision))
    assert statements.committed == 1
    assert failed_verdicts() == before + counted


@pytest.mark.parametrize(("says_intervals", "warnings"), [(True, 0), (False, 1)])
def test_calibration_that_does_not_say_its_intervals_is_used_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, warnings: int, *, says_intervals: bool
) -> None:
    written = (REPOSITORY / "moving_average" / "1" / "calibration.json").read_text()
    if not says_intervals:
        written = written.replace('"format"', '"former"').replace('"fitted"', '"before"')
    folder = tmp_path / f"model_{warnings}" / "1"
    folder.mkdir(parents=True)
    (folder / "calibration.json").write_text(written)
    monkeypatch.setattr(worker._settings, "model_repository", tmp_path)
    assert worker.newest_version_of(folder.parent.name) == "1"
    with capture_logs() as lines:
        for _ in range(2):
            assert worker._calibration(folder.parent.name, "1").channels
    assert sum("does not say which sampling intervals" in line["event"] for line in lines) == warnings

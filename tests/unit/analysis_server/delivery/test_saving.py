"""Which statement saves a task's rows, and that a refused row takes no other with it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from analysis_server.delivery.handling import ShutdownRequested
from analysis_server.delivery.saving import commit, save_apart
from analysis_server.judging.rows import failed_rows
from analysis_server.windows.window_sets import WindowSet
from telemetry_core.contract.errors import DependencyUnavailable, StatementTooSlow
from telemetry_core.contract.inferences import Job, JobStatus, SubsystemInference
from tests.unit.postgres import Statements

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def task(jobs: int = 1, *, subsystem: str = "eps") -> WindowSet:
    return WindowSet(
        subsystem=subsystem, model_name="lstm_timeseries", model_version="1", channels=("volts",), horizon=3,
        jobs=[
            Job(
                job_id=f"job-{number}", satellite_id="SAT-001", source="kafka_auto_trigger",
                trigger_reason=None, total_subsystems=1, created_at=NOW, metadata={"posted": "by a client"},
            )
            for number in range(jobs)
        ],
        origins=[{"series": [1.0]}] * jobs, windows=np.zeros((jobs, 1, 10)),
    )  # fmt: skip


def asked_of(one: WindowSet, rows: Sequence[SubsystemInference]) -> str:
    """All statements of a commit."""
    statements = Statements()
    commit(statements.pool, one, rows)
    return " ".join(text for text, _ in statements.asked)


def completed(one: WindowSet) -> list[SubsystemInference]:
    return [replace(row, status=JobStatus.COMPLETED) for row in failed_rows(one, "")]


def test_rows_of_a_subsystem_have_no_result_of_a_posted_series() -> None:
    series = task(subsystem="series")
    assert "INTO inference_results" in asked_of(series, completed(series))
    assert "INTO inference_results" not in asked_of(task(), completed(task()))


def test_only_a_revision_replaces_what_was_judged_and_keeps_it() -> None:
    revision = replace(task(), is_revision=True)
    assert "INTO ops.revised_inferences" in asked_of(revision, completed(revision))
    assert "INTO ops.revised_inferences" not in asked_of(task(), completed(task()))


def test_revision_that_failed_replaces_nothing() -> None:
    revision = replace(task(), is_revision=True)
    assert "INTO" not in asked_of(revision, failed_rows(revision, "why"))
    assert "INTO" in asked_of(task(), failed_rows(task(), "why"))


class Refusing:
    """Saves all but the rows of some jobs, unless these are bare; keeps the ids of what it saved."""

    def __init__(self, *refused: str, error: Exception | None = None, keeps_failed: bool = True) -> None:
        self.refused = refused
        self.error = error or ValueError("a value out of range")
        self.keeps_failed = keeps_failed
        self.saved: list[tuple[str, str | None]] = []

    def __call__(self, part: WindowSet, rows: Sequence[SubsystemInference]) -> None:
        is_bare = self.keeps_failed and all(not job.metadata for job in part.jobs)
        if not is_bare and any(job.job_id in self.refused for job in part.jobs):
            raise self.error
        assert [job.job_id for job in part.jobs] == [row.job_id for row in rows]
        self.saved += [(row.job_id, row.error_message) for row in rows]


def saved(save: Refusing, jobs: int = 5) -> list[str]:
    return save_apart(task(jobs), failed_rows(task(jobs), "judged"), save)


def test_refused_row_fails_alone_with_its_reason_and_without_what_a_client_sent() -> None:
    save = Refusing("job-3")
    assert saved(save) == []
    reason = "this verdict can't be saved: a value out of range"
    assert save.saved == [(f"job-{number}", reason if number == 3 else "judged") for number in range(5)]


def test_row_that_can_not_even_fail_is_told_and_the_others_are_saved() -> None:
    save = Refusing("job-0", "job-3", keeps_failed=False)
    assert saved(save) == ["job-0: a value out of range", "job-3: a value out of range"]
    assert [job_id for job_id, _ in save.saved] == ["job-1", "job-2", "job-4"]


def test_rows_that_take_too_long_together_are_saved_in_halves_and_one_alone_waits() -> None:
    slow = StatementTooSlow("postgresql", "canceling statement due to statement timeout")
    with pytest.raises(StatementTooSlow):
        saved(Refusing("job-0", error=slow), jobs=1)
    halves = Refusing(error=slow)
    asked: list[int] = []

    def save(part: WindowSet, rows: Sequence[SubsystemInference]) -> None:
        asked.append(len(rows))
        if len(rows) > 2:
            raise slow
        halves(part, rows)

    assert save_apart(task(4), failed_rows(task(4), "judged"), save) == []
    assert (asked, len(halves.saved)) == ([4, 2, 2], 4)


@pytest.mark.parametrize(
    "error",
    [DependencyUnavailable("postgresql", "refused"), ShutdownRequested("the worker stops")],
    ids=["away", "stopping"],
)
@pytest.mark.parametrize("jobs", [1, 2])
def test_nothing_is_failed_for_a_server_that_is_away_or_a_worker_that_stops(
    error: Exception, jobs: int
) -> None:
    save = Refusing(f"job-{jobs - 1}", error=error)
    with pytest.raises(type(error)):
        saved(save, jobs)
    assert save.saved == []

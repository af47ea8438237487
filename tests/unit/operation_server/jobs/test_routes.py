from datetime import UTC, datetime, timedelta
from typing import Any

from operation_server.jobs.routes import stages_of

AT = datetime(2025, 10, 30, 12, tzinfo=UTC)


def job(started_ms: int | None, completed_ms: int | None) -> dict[str, Any]:
    later = {"started_at": started_ms, "completed_at": completed_ms}
    return {
        "created_at": AT,
        **{name: None if ms is None else AT + timedelta(milliseconds=ms) for name, ms in later.items()},
    }


def test_stages_add_up_and_show_the_longest_call() -> None:
    calls = [{"inference_time_ms": value} for value in (3.5, None, 8.25)]
    stages = stages_of(job(20, 120), calls)
    assert (stages.waited_ms, stages.inference_ms) == (20, 8.25)
    assert (stages.processed_ms, stages.total_ms) == (100, 120)


def test_stage_that_is_not_over_is_unknown() -> None:
    assert set(stages_of(job(None, None), []).model_dump().values()) == {None}
    running = stages_of(job(20, None), [])
    assert (running.waited_ms, running.processed_ms, running.total_ms) == (20, None, None)

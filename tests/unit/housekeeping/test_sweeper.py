"""When a task counts as lost: pure."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from housekeeping.sweeper import GRACE_S, Tasks, count_tasks, loss_horizon

NOW = datetime(2025, 10, 30, 12, 0, tzinfo=UTC)
GRACE = timedelta(seconds=GRACE_S)
LONG_AGO = NOW - timedelta(hours=5)


def queue(name: str, messages: int, *, durable: bool = True) -> dict[str, Any]:
    return {"name": name, "messages": messages, "durable": durable}


def tasks(in_order: int = 0, set_aside: int = 0) -> Tasks:
    return Tasks(in_order=in_order, set_aside=set_aside)


def test_with_empty_queues_whatever_was_sent_before_the_grace_is_lost() -> None:
    assert loss_horizon(NOW, tasks(), judged_up_to=None) == NOW - GRACE
    assert loss_horizon(NOW, tasks(), judged_up_to=LONG_AGO) == NOW - GRACE


def test_in_a_backlog_only_what_was_overtaken_is_lost() -> None:
    assert loss_horizon(NOW, tasks(100_000), judged_up_to=LONG_AGO) == LONG_AGO - GRACE


def test_while_nothing_was_ever_judged_waiting_tasks_are_not_lost() -> None:
    assert loss_horizon(NOW, tasks(1), judged_up_to=None) is None


def test_clock_of_a_dispatcher_that_runs_ahead_makes_nothing_lost_early() -> None:
    ahead = NOW + timedelta(hours=1)
    assert loss_horizon(NOW, tasks(1), judged_up_to=ahead) == NOW - GRACE


def test_task_that_was_put_aside_is_overtaken_and_not_lost() -> None:
    assert loss_horizon(NOW, tasks(0, 1), judged_up_to=NOW) is None


@pytest.mark.parametrize(
    ("queues", "counted"),
    [
        ([], (0, 0)),
        ([queue("inference", 3), queue("celery", 1)], (4, 0)),
        ([queue("inference-parked", 2)], (0, 2)),
        ([queue("dead-letters", 9)], (0, 0)),
        ([queue("celeryev.8a", 5, durable=False), queue("inference", 0)], (0, 0)),
    ],
)
def test_tasks_wait_in_every_durable_queue_but_that_of_the_dead_letters(
    queues: list[dict[str, Any]], counted: tuple[int, int]
) -> None:
    assert count_tasks(queues) == tasks(*counted)

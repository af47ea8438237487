"""When a task counts as lost: pure."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from housekeeping.sweeper import GRACE_S, loss_horizon, tasks_in

NOW = datetime(2025, 10, 30, 12, 0, tzinfo=UTC)
GRACE = timedelta(seconds=GRACE_S)
LONG_AGO = NOW - timedelta(hours=5)


def queue(name: str, messages: int, *, durable: bool = True) -> dict[str, Any]:
    return {"name": name, "messages": messages, "durable": durable}


def test_with_empty_queues_whatever_was_sent_before_the_grace_is_lost() -> None:
    assert loss_horizon(NOW, waiting=0, judged_up_to=None) == NOW - GRACE
    assert loss_horizon(NOW, waiting=0, judged_up_to=LONG_AGO) == NOW - GRACE


def test_in_a_backlog_only_what_was_overtaken_is_lost() -> None:
    assert loss_horizon(NOW, waiting=100_000, judged_up_to=LONG_AGO) == LONG_AGO - GRACE


def test_while_nothing_was_ever_judged_waiting_tasks_are_not_lost() -> None:
    assert loss_horizon(NOW, waiting=1, judged_up_to=None) is None


def test_clock_of_a_dispatcher_that_runs_ahead_makes_nothing_lost_early() -> None:
    ahead = NOW + timedelta(hours=1)
    assert loss_horizon(NOW, waiting=1, judged_up_to=ahead) == NOW - GRACE


@pytest.mark.parametrize(
    ("queues", "waiting"),
    [
        ([], 0),
        ([queue("inference", 3), queue("celery", 1)], 4),
        ([queue("inference.parked", 2)], 2),
        ([queue("dead-letters", 9)], 0),
        ([queue("celeryev.8a", 5, durable=False), queue("inference", 0)], 0),
    ],
)
def test_tasks_wait_in_every_durable_queue_but_that_of_the_dead_letters(
    queues: list[dict[str, Any]], waiting: int
) -> None:
    assert tasks_in(queues) == waiting

"""Tasks that no worker can run yet: they wait outside the workers while others continue."""

from typing import Any, Final

import structlog
from celery import Celery, Task

from telemetry_core.rabbitmq import PARKED_S, parked_queue, publish
from telemetry_core.service.observability import TASKS_PARKED, LogBudget

PARKED_HEADER: Final = "parked"
MAX_PARKED: Final = 30
"""How often a task is put aside, `PARKED_S` each: ten minutes for an operator to bring a model back."""
MAX_WAITS_FOR_UPGRADE: Final = 4_320
"""A task of a later release waits a day for a worker that can read it."""

_log = structlog.get_logger(__name__)
_budget = LogBudget(5)


def times_parked(task: Task[Any, Any]) -> int:
    """Read from a delivered task how often it was put aside before."""
    return header_count(task, PARKED_HEADER)


def header_count(task: Task[Any, Any], name: str) -> int:
    """Read a number from a header; whoever sent the task may have written anything there."""
    value = task.request.get(name)
    return max(value, 0) if isinstance(value, int) and not isinstance(value, bool) else 0


def park(app: Celery, task: Task[Any, Any], reason: str) -> None:
    """Send a delivered task to the parked queue under its own id; return when the broker has it."""
    count = times_parked(task) + 1
    publish(
        app,
        task.name,
        args=task.request.args or (),
        kwargs=task.request.kwargs or {},
        task_id=str(task.request.id),
        summary=str(task.request.get("argsrepr") or ""),
        queue=parked_queue(),
        headers={PARKED_HEADER: count},
    )
    TASKS_PARKED.inc()
    if _budget.admit("Put {count} more tasks aside in the last second"):
        _log.warning(f"{reason}; the task is put aside for {PARKED_S} s", task=task.request.id, times=count)

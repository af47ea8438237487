"""Tasks that no worker can do yet: they wait outside the workers, and others go on."""

from typing import Any, Final

import structlog
from celery import Celery, Task

from telemetry_core.broker import PARKED_S, parked_queue, publish
from telemetry_core.observability import TASKS_PARKED, LogBudget

PARKED_HEADER: Final = "parked"
MAX_PARKED: Final = 30
"""How often a task is put aside, `PARKED_S` each: ten minutes for an operator to bring a model back."""

_log = structlog.get_logger(__name__)
_budget = LogBudget(5)


def times_parked(task: Task[Any, Any]) -> int:
    """Read from a delivered task how often it was put aside before."""
    return int(task.request.get(PARKED_HEADER) or 0)


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

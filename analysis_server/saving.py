"""Saving the rows of a task so that one that PostgreSQL refuses does not take the others with it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from analysis_server.delivery import ShutdownRequested
from analysis_server.inference import WindowSet, failed_rows
from telemetry_core.errors import DependencyUnavailable
from telemetry_core.inferences import SubsystemInference

Save = Callable[[WindowSet, Sequence[SubsystemInference]], None]

_log = structlog.get_logger(__name__)


def save_apart(task: WindowSet, rows: Sequence[SubsystemInference], save: Save) -> list[str]:
    """Save all rows together, else one by one, else as failed; return why the rest could not be saved."""
    try:
        save(task, rows)
    except (DependencyUnavailable, ShutdownRequested):
        raise
    except Exception as error:  # noqa: BLE001 - one row must not stop the rest, whatever is wrong with it
        if len(task.jobs) == 1:
            return _save_as_failed(_bare(task), f"this verdict can't be saved: {error}", save)
        lost = []
        for index, row in enumerate(rows):
            lost += save_apart(_single(task, index), [row], save)
        return lost
    return []


def _save_as_failed(task: WindowSet, reason: str, save: Save) -> list[str]:
    _log.error(f"Job {task.jobs[0].job_id}: {reason}")
    try:
        save(task, failed_rows(task, reason[:1_000]))
    except (DependencyUnavailable, ShutdownRequested):
        raise
    except Exception as error:  # noqa: BLE001 - its task becomes a dead letter
        return [f"{task.jobs[0].job_id}: {error}"]
    return []


def _single(task: WindowSet, index: int) -> WindowSet:
    chosen = slice(index, index + 1)
    return replace(task, jobs=task.jobs[chosen], origins=task.origins[chosen], windows=task.windows[chosen])


def _bare(task: WindowSet) -> WindowSet:
    """Leave out what a client put in: the reason must be saved even where that is at fault."""
    return replace(task, origins=[{}], jobs=[replace(task.jobs[0], metadata={})])

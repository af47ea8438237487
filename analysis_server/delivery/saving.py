"""Saves a task's rows so that neither a rejected row nor a large number of rows blocks the others."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from analysis_server.delivery.handling import ShutdownRequested
from analysis_server.judging.rows import failed_rows
from analysis_server.windows.window_sets import WindowSet
from telemetry_core.contract.errors import DependencyUnavailable, StatementTooSlow
from telemetry_core.contract.inferences import SubsystemInference

Save = Callable[[WindowSet, Sequence[SubsystemInference]], None]

_log = structlog.get_logger(__name__)


def save_apart(task: WindowSet, rows: Sequence[SubsystemInference], save: Save) -> list[str]:
    """Save all rows together, else in halves, else as failed; return why the rest could not be saved."""
    is_single = len(task.jobs) == 1
    try:
        save(task, rows)
    except ShutdownRequested:
        raise
    except DependencyUnavailable as error:
        if is_single or not isinstance(error, StatementTooSlow):
            raise
        return _save_halves(task, rows, save)
    except Exception as error:  # noqa: BLE001 - one row must not stop the rest, whatever is wrong with it
        if is_single:
            return _save_as_failed(_bare(task), f"this verdict can't be saved: {error}", save)
        return _save_halves(task, rows, save)
    return []


def _save_halves(task: WindowSet, rows: Sequence[SubsystemInference], save: Save) -> list[str]:
    middle = len(rows) // 2
    return [
        *save_apart(task.part(slice(middle)), rows[:middle], save),
        *save_apart(task.part(slice(middle, None)), rows[middle:], save),
    ]


def _save_as_failed(task: WindowSet, reason: str, save: Save) -> list[str]:
    _log.error(f"Job {task.jobs[0].job_id}: {reason}")
    try:
        save(task, failed_rows(task, reason[:1_000]))
    except (DependencyUnavailable, ShutdownRequested):
        raise
    except Exception as error:  # noqa: BLE001 - its task becomes a dead letter
        return [f"{task.jobs[0].job_id}: {error}"]
    return []


def _bare(task: WindowSet) -> WindowSet:
    """Leave out the client's input: the reason must be saved even if the input is at fault."""
    return replace(task, origins=[{}], jobs=[replace(task.jobs[0], metadata={})])

"""From the arguments of a delivered task to windows; unreadable ones are rejected, never lost."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from celery.exceptions import Reject

from analysis_server.windows.arguments import NewestVersion, parse_series, parse_subsystem
from analysis_server.windows.window_sets import WindowSet, windows_of_batch
from telemetry_core.contract.errors import ModelContractError
from telemetry_core.contract.tasks import InferenceBatch
from telemetry_core.service.observability import TASKS_REFUSED

SUBSYSTEM_ARGUMENTS: Final = (
    "job_id", "subsystem", "model_name", "input_data", "input_features", "config", "metadata",
)  # fmt: skip
SERIES_ARGUMENTS: Final = ("job_id", "model_name", "data", "config", "metadata")
"""The order of positional arguments is a contract with operators."""
MAX_REASON_LENGTH: Final = 300

ReadTask = tuple[WindowSet, InferenceBatch | None]
"""Windows, and the batch that they came in, if they did."""

_log = structlog.get_logger(__name__)


def bound(names: Sequence[str], arguments: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """Give positional arguments their names, or raise `ModelContractError` for one too many."""
    if len(arguments) > len(names):
        raise ModelContractError(f"{len(arguments)} arguments, at most {len(names)} are allowed")
    given = dict(zip(names, arguments, strict=False))
    if repeated := given.keys() & named.keys():
        raise ModelContractError(f"task argument {min(repeated)} is given twice")
    if unknown := named.keys() - set(names):
        raise ModelContractError(f"unknown task argument {min(unknown)[:50]!r}")
    return {**given, **named}


def read_subsystem_task(
    arguments: Sequence[Any], named: Mapping[str, Any], *, newest_version: NewestVersion
) -> ReadTask:
    """Read one `batch`, or the seven arguments of one subsystem of one job."""
    if "batch" not in named:
        given = bound(SUBSYSTEM_ARGUMENTS, arguments, named)
        return parse_subsystem(given, newest_version=newest_version), None
    if arguments or len(named) > 1:
        raise ModelContractError("`batch` takes no other arguments beside it")
    batch = InferenceBatch.from_payload(named["batch"])
    return windows_of_batch(batch), batch


def read_series_task(
    arguments: Sequence[Any], named: Mapping[str, Any], *, newest_version: NewestVersion
) -> ReadTask:
    """Read the five arguments of a posted series."""
    given = bound(SERIES_ARGUMENTS, arguments, named)
    return parse_series(given, newest_version=newest_version), None


def refused(reason: str, detail: str, task_id: object) -> Reject:
    """Count and log a task that goes to the dead letters; raise what this returns."""
    TASKS_REFUSED.labels(reason).inc()
    _log.error(f"Task refused and sent to the queue dead-letters: {detail[:MAX_REASON_LENGTH]}", task=task_id)
    return Reject(f"{reason}: {detail[:MAX_REASON_LENGTH]}", requeue=False)

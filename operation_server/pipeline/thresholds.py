"""The manual's thresholds: from a number to a state, and from findings to the state of a part. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Any, Final

from operation_server.health.probes import Unavailable
from operation_server.http.responses import State
from operation_server.pipeline.schemas import PipelineAlert
from telemetry_core.contract.tasks import DEAD_LETTER_QUEUE
from telemetry_core.service.disk import DiskSpace

LATE_LAG: Final = 1000
FULL_QUEUE: Final = 10
LATE_QUEUE: Final = 100
GOOD_SUCCESS_PERCENT: Final = 95.0
SLOW_P99_S: Final = 30.0
LATE_P99_S: Final = 120.0
OLD_JOB_S: Final = 120.0
"""Lost tasks of submitted jobs were sent again by then."""
LOST_JOB_S: Final = 600.0
SLOW_ALERTS_S: Final = 10.0
LATE_ALERTS_S: Final = 60.0
BUSY_CONNECTIONS: Final = 0.8
"""Share of the connections that PostgreSQL allows."""
OLD_TRANSACTION_S: Final = 60.0
"""An older one holds back the verdict stream, the relay and vacuum."""

SEVERITY: Final[tuple[State, ...]] = ("critical", "serious", "off", "caution", "standby", "normal")
"""Worst first."""
QUIET: Final[frozenset[State]] = frozenset({"normal", "standby"})

MAX_DETAIL: Final = 160
ADVICE: Final = "see whether it runs ('make status', or 'docker compose ps') and what its log says"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is not as it should be with a part or a row of it, and what to do."""

    state: State
    message: str


def lag_state(lag: int | None) -> State:
    """Judge a count of messages or verdicts that wait; without one, nothing was read yet."""
    if lag is None:
        return "standby"
    if lag > LATE_LAG:
        return "serious"
    return "standby" if lag > 0 else "normal"


def group_state(lag: int | None, members: int) -> State:
    """Judge a consumer group; one without members reads nothing."""
    return lag_state(lag) if members else "serious"


def queue_state(queue: str, ready: int) -> State:
    """Judge a queue by the tasks that nobody took yet; in that of the refused ones each is one too many."""
    if ready > LATE_QUEUE:
        return "serious"
    return "caution" if ready > (0 if queue == DEAD_LETTER_QUEUE else FULL_QUEUE) else "normal"


def dead_letters_state(count: int | None) -> State:
    """Judge the messages that were refused."""
    return "caution" if count else "normal"


def success_state(percent: float | None) -> State:
    """Judge the share of verdicts that did not fail; without verdicts there is nothing to judge."""
    if percent is None:
        return "standby"
    return "normal" if percent > GOOD_SUCCESS_PERCENT else "serious"


def latency_state(p99_s: float | None) -> State:
    """Judge the time from a message to its verdict that 99 of 100 stay below."""
    return _late_state(p99_s, slow_s=SLOW_P99_S, late_s=LATE_P99_S)


def waiting_state(oldest_s: float | None) -> State:
    """Judge the age of the oldest job that is not judged yet."""
    return _late_state(oldest_s, slow_s=OLD_JOB_S, late_s=LOST_JOB_S)


def alerts_state(behind_s: float) -> State:
    """Judge how far alerts of the anomaly score are behind the verdicts."""
    return _late_state(behind_s, slow_s=SLOW_ALERTS_S, late_s=LATE_ALERTS_S)


def _late_state(age_s: float | None, *, slow_s: float, late_s: float) -> State:
    if age_s is None or age_s <= slow_s:
        return "normal"
    return "serious" if age_s > late_s else "caution"


def connections_state(used: int, allowed: int) -> State:
    """Judge PostgreSQL's connections."""
    return "caution" if used > BUSY_CONNECTIONS * allowed else "normal"


def transaction_state(age_s: float | None) -> State:
    """Judge the oldest transaction."""
    return "caution" if age_s is not None and age_s > OLD_TRANSACTION_S else "normal"


def disk_state(space: DiskSpace) -> State:
    """Judge the room on the disk; below twice what is needed there is still time to make some."""
    if not space.is_enough:
        return "critical"
    return "caution" if space.free_bytes < 2 * space.needed_bytes else "normal"


def worst(findings: Sequence[Finding]) -> State:
    """Return the worst state; normal where nothing was found."""
    return min((finding.state for finding in findings), key=SEVERITY.index, default="normal")


def detail_of(findings: Sequence[Finding]) -> str:
    """Say all that was found, worst first."""
    ordered = sorted(findings, key=lambda finding: SEVERITY.index(finding.state))
    return "; ".join(finding.message for finding in ordered)


def state_and_detail(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the state and the detail of a part."""
    return {"state": worst(findings), "detail": detail_of(findings)}


def without_normal(*findings: Finding) -> list[Finding]:
    """Keep what is worth a word."""
    return [finding for finding in findings if finding.state != "normal"]


def unavailable(answer: Unavailable) -> list[Finding]:
    """Find a tool away."""
    why = shorten(answer.detail, MAX_DETAIL, placeholder=" ...")
    return [Finding(state="off", message=f"{why}: {ADVICE}")]


def alerts_of(found: Sequence[tuple[str, Finding]]) -> list[PipelineAlert]:
    """List what is neither normal nor waiting, by part, worst first."""
    alerts = [
        PipelineAlert(part=part, state=finding.state, message=finding.message)
        for part, finding in found
        if finding.state not in QUIET
    ]
    return sorted(alerts, key=lambda alert: SEVERITY.index(alert.state))

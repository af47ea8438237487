"""A breaker before the dead letters: while most of the input is invalid, it waits in its topic.

A bad release of a sender would otherwise turn all telemetry into dead letters. Records and senders are both
counted: one noisy satellite among many stops nobody, however much it sends.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from kafka_inference_trigger.trigger import Outcome, Plan
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.service.observability import INTAKE_PAUSED

WINDOW_RECORDS: Final = 1_000
WINDOW_US: Final = 600 * 1_000_000
LEAST_RECORDS: Final = 200
"""Fewer decide nothing: a few bad messages of a test are dead letters, not an outage."""
PROBE_RECORDS: Final = 50
"""Of each partition the newest ones, which tell whether the sender was mended."""
_REASONS_NAMED: Final = 3

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How much of the input is invalid."""

    records: int
    #: Of the records, and of the senders, [0, 1].
    invalid: float
    failing_senders: float
    reasons: Sequence[tuple[str, int]]

    def exceeds(self, limit: float) -> bool:
        """Tell whether it is most of the input, and not one sender's."""
        return self.invalid > limit and self.failing_senders > limit

    def in_words(self) -> str:
        """Say it as the log and the hold do."""
        reasons = ", ".join(f"{reason} {count}" for reason, count in self.reasons)
        return (
            f"{self.invalid:.0%} of the last {self.records} messages, from {self.failing_senders:.0%}"
            f" of the senders, are invalid ({reasons})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The newest input, and where the topic ended when it was read."""

    outcomes: Sequence[Outcome]
    ends: Mapping[int, int]


def share_of(outcomes: Iterable[Outcome]) -> Share:
    """Count invalid records and failing senders; a sender fails when over half of its records do."""
    by_sender: dict[bytes | None, list[bool]] = {}
    reasons: Counter[str] = Counter()
    for outcome in outcomes:
        by_sender.setdefault(outcome.sender, []).append(outcome.reason is not None)
        if outcome.reason is not None:
            reasons[outcome.reason] += 1
    records = sum(map(len, by_sender.values()))
    failing = sum(2 * sum(refused) > len(refused) for refused in by_sender.values())
    return Share(
        records=records,
        invalid=reasons.total() / records if records else 0.0,
        failing_senders=failing / len(by_sender) if by_sender else 0.0,
        reasons=reasons.most_common(_REASONS_NAMED),
    )


def recent(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Keep what counts: the newest `WINDOW_RECORDS`, none older than `WINDOW_US` before the newest."""
    newest = list(outcomes)[-WINDOW_RECORDS:]
    latest_us = max((outcome.received_us for outcome in newest), default=0)
    return [outcome for outcome in newest if outcome.received_us >= latest_us - WINDOW_US]


class IntakePaused(DependencyUnavailable):
    """Intake waits for valid telemetry as for an unavailable server."""

    def __init__(self, detail: str) -> None:
        super().__init__("valid telemetry", detail)


class Breaker:
    """Holds the dead letters of a plan while most of the input is invalid.

    It looks at the newest messages of the topic meanwhile: once these are valid, what lies before them passes
    to the dead letters, and valid telemetry behind it is judged again.
    """

    def __init__(self, *, limit: float, probe: Callable[[], Probe]) -> None:
        self._limit = limit
        self._probe = probe
        self._seen: deque[Outcome] = deque(maxlen=WINDOW_RECORDS)
        self._is_open = False
        self._admitted: Mapping[int, int] = {}
        self._is_told = threading.Event()
        INTAKE_PAUSED.set(0)

    def admit_all(self) -> None:
        """Let everything that waits pass: an operator says so."""
        self._is_told.set()

    def check(self, plan: Plan) -> None:
        """Return where the plan's dead letters may go; raise `IntakePaused` while they must wait."""
        self._count(plan)
        share = share_of(recent(self._seen))
        if not self._is_open and (share.records < LEAST_RECORDS or not share.exceeds(self._limit)):
            return
        if not self._is_open:
            self._open(share)
        probe = self._probe()
        if self._is_told.is_set() or not share_of(probe.outcomes).exceeds(self._limit):
            self._close(probe)
            return
        raise IntakePaused(share.in_words())

    def _count(self, plan: Plan) -> None:
        """Add a plan's records once, however often it is tried; those that were let pass count no more."""
        self._seen.extend(
            outcome for outcome in plan.outcomes if outcome.offset >= self._admitted.get(outcome.partition, 0)
        )
        plan.outcomes.clear()

    def _open(self, share: Share) -> None:
        self._is_open = True
        self._is_told.clear()
        INTAKE_PAUSED.set(1)
        _log.error(
            f"Intake paused: {share.in_words()}. Fix or stop the sender; intake resumes once the newest"
            " messages are valid, or at once on SIGUSR1, which sends the invalid ones to the dead letters"
        )

    def _close(self, probe: Probe) -> None:
        self._is_open = False
        self._is_told.clear()
        self._seen.clear()
        self._admitted = probe.ends
        INTAKE_PAUSED.set(0)
        _log.info("Intake resumed: invalid messages up to here go to the dead letters", ends=dict(probe.ends))

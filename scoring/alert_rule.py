"""When an alert of the anomaly score begins and ends: the one rule, over verdicts in generation-time order.

A pure state machine, one step for each verdict of one satellite and subsystem. Nothing looks ahead: a live
line, a recording and a benchmark come to the same alerts.

The evidence of anomalous verdicts adds up over a run, as in Page's cumulative sum (Biometrika 41, 1954): one
that scores high is enough, of lower ones it takes several.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from telemetry_core.contract.inferences import ANOMALY_THRESHOLD, SubsystemInference, Verdict
from telemetry_core.contract.messages import generated_us_of

ENOUGH_SCORE: Final = 0.96
"""An alert is raised by as much evidence as one verdict of this score has; figures in ADR 0021."""
HOLD_US: Final = 300_000_000
"""A run ends with a verdict that is not anomalous and so long after the last one that was."""
LARGEST_SCORE: Final = 0.99995
"""Half of the last stored decimal below 1: log odds stay finite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict as far as it matters to alerts."""

    job_id: str
    at_us: int
    """Generation time, microseconds since 1970 UTC."""
    verdict: Verdict | None
    """None = failed: says nothing."""
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Anomalous verdicts that belong together; an alert from the verdict that raised it on."""

    started_us: int
    """Of the first anomalous verdict."""
    raised_us: int | None
    """Of the verdict that raised the alert; None = too little for one so far."""
    last_us: int
    """Of the newest anomalous verdict."""
    ended_us: int | None
    """Of the verdict that ended the run; None = open."""
    verdict_count: int
    """Anomalous ones."""
    evidence: float
    """Of all of them; see `evidence_of`."""
    peak_score: float
    peak_job_id: str
    newest_job_id: str


def judged_of(row: SubsystemInference) -> Judged:
    """Read what matters of a verdict on telemetry."""
    return Judged(
        job_id=row.job_id,
        at_us=generated_us_of(row.job_id),
        verdict=row.verdict,
        score=row.anomaly_score,
    )


class Event(StrEnum):
    """What a verdict does to an alert."""

    RAISED = "raised"
    ENDED = "ended"


def rejudged(judged: Judged, threshold: float) -> Judged:
    """Return a verdict as it would be if scores above another threshold were anomalous."""
    if judged.verdict not in {Verdict.ANOMALOUS, Verdict.NOMINAL} or judged.score is None:
        return judged
    return replace(judged, verdict=Verdict.ANOMALOUS if judged.score > threshold else Verdict.NOMINAL)


def step(
    run: Run | None, judged: Judged, threshold: float = ANOMALY_THRESHOLD
) -> tuple[Run | None, Event | None]:
    """Return the run after one more verdict, and what changed; `None` or an ended run is quiet.

    Evidence is measured from `threshold`, by which verdicts are judged; it lies below ENOUGH_SCORE.

    Warming up and learning are no anomalies: they neither begin a run nor keep it open.
    """
    if run is not None and run.ended_us is not None:
        run = None
    if judged.verdict is Verdict.ANOMALOUS:
        longer = _with(run, judged, threshold)
        if longer.raised_us is None and longer.evidence >= evidence_of(ENOUGH_SCORE, threshold):
            return replace(longer, raised_us=judged.at_us), Event.RAISED
        return longer, None
    if run is None or judged.verdict is None or judged.at_us - run.last_us < HOLD_US:
        return run, None
    return replace(run, ended_us=judged.at_us), None if run.raised_us is None else Event.ENDED


def evidence_of(score: float, threshold: float = ANOMALY_THRESHOLD) -> float:
    """Return the log odds of a score in [0, 1] above those of the threshold; 1 counts as LARGEST_SCORE."""
    odds, least = (value / (1 - value) for value in (min(score, LARGEST_SCORE), threshold))
    return math.log(odds / least) if odds > least else 0.0


def alerts_of(verdicts: Iterable[Judged]) -> list[Run]:
    """Return the alerts of one satellite and subsystem, in time order; the last one may be open."""
    return [run for run in runs_of(verdicts) if run.raised_us is not None]


def is_alert(scores: Iterable[float], times_us: Iterable[int]) -> bool:
    """Tell whether verdicts of these scores, in time order, raise an alert."""
    return bool(
        alerts_of(
            Judged(
                job_id="",
                at_us=int(at_us),
                verdict=Verdict.ANOMALOUS if score > ANOMALY_THRESHOLD else Verdict.NOMINAL,
                score=float(score),
            )
            for score, at_us in zip(scores, times_us, strict=True)
        )
    )


def runs_of(
    verdicts: Iterable[Judged], run: Run | None = None, *, threshold: float = ANOMALY_THRESHOLD
) -> list[Run]:
    """Return the runs from a state on, in time order, raised or not; the first is the state's own run."""
    found: list[Run] = []
    for judged in verdicts:
        after, _ = step(run, judged, threshold)
        if run is not None and (after is None or after.started_us != run.started_us):
            found.append(run)
        run = after
    return found if run is None else [*found, run]


def _with(run: Run | None, judged: Judged, threshold: float) -> Run:
    score = judged.score or 0.0
    if run is None:
        return Run(
            started_us=judged.at_us,
            raised_us=None,
            last_us=judged.at_us,
            ended_us=None,
            verdict_count=1,
            evidence=evidence_of(score, threshold),
            peak_score=score,
            peak_job_id=judged.job_id,
            newest_job_id=judged.job_id,
        )
    is_peak = score > run.peak_score
    return replace(
        run,
        last_us=judged.at_us,
        verdict_count=run.verdict_count + 1,
        evidence=run.evidence + evidence_of(score, threshold),
        peak_score=score if is_peak else run.peak_score,
        peak_job_id=judged.job_id if is_peak else run.peak_job_id,
        newest_job_id=judged.job_id,
    )

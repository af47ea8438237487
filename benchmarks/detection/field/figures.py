"""What verdicts are worth: alarms on nominal telemetry, faults found and when; each share with its counts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

from benchmarks.detection.evaluation.alerts import Alert, Alerts, Key, Verdicts
from benchmarks.detection.field.faults import Injection
from scoring.alert_rule import Judged, judged_of
from telemetry_core.contract.inferences import SubsystemInference, Verdict

NOT_JUDGED: Final = "not judged"
"""A word, not 0 %: no window was ever full enough for a verdict."""
LEARNING: Final = "learning"
"""Another word: windows are full, and the constants do not cover them."""
JUDGED: Final = frozenset({Verdict.NOMINAL, Verdict.ANOMALOUS})
FOUND: Final = "found"
MISSED: Final = "missed"
ALREADY_ALARMED: Final = "already alarmed"
"""The alert was raised before the fault and is still open: it says nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """Verdicts on nominal telemetry."""

    verdicts: int
    warming_up: int
    learning: int
    failed: int
    anomalous: int
    alerts: int
    """By the product's rule."""
    satellite_days: float

    @property
    def judged(self) -> int:
        return self.verdicts - self.warming_up - self.learning - self.failed

    def document(self) -> dict[str, Any]:
        """Counts and shares; null instead of a share of nothing."""
        days = self.satellite_days if self.judged else 0
        return asdict(self) | {
            "judged": self.judged,
            "false_alarms_per_1000": round(1000 * self.anomalous / self.judged, 4) if self.judged else None,
            "alerts_per_day": round(self.alerts / days, 4) if days else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one fault."""

    injection: Injection
    result: str
    delay_us: int | None
    """From its first faulty sample to the verdict that raised an alert."""


def judgements(rows: Iterable[SubsystemInference]) -> dict[Key, list[Judged]]:
    """Read rows of telemetry jobs."""
    found: dict[Key, list[Judged]] = {}
    for row in rows:
        satellite_id = row.job_id.removeprefix("kafka-").rpartition("-")[0]
        found.setdefault((satellite_id, row.subsystem), []).append(judged_of(row))
    return {key: sorted(verdicts, key=lambda one: one.at_us) for key, verdicts in found.items()}


def alarms_of(found: Verdicts, alerts: Alerts, days: float) -> Alarms:
    """Count verdicts on nominal telemetry of so many satellite-days."""
    counts = Counter(one.verdict for verdicts in found.values() for one in verdicts)
    return Alarms(
        verdicts=counts.total(),
        warming_up=counts[Verdict.WARMING_UP],
        learning=counts[Verdict.LEARNING],
        failed=counts[None],
        anomalous=counts[Verdict.ANOMALOUS],
        alerts=sum(len(alerts.get(key, ())) for key in found),
        satellite_days=days,
    )


def outcome_of(injection: Injection, found: Sequence[Judged], alerts: Sequence[Alert]) -> Outcome:
    """Tell whether an alert of the subsystem struck was raised with the fault or later."""
    told = {one.verdict for one in found}
    during = {one.verdict for one in found if one.at_us >= injection.start_us}
    delay_us = next(
        (one.raised_us - injection.start_us for one in alerts if one.raised_us >= injection.start_us), None
    )
    if delay_us is not None:
        result = FOUND
    elif Verdict.LEARNING in told and not told & JUDGED:
        result = LEARNING
    elif not during & JUDGED:
        result = NOT_JUDGED
    else:
        is_open = any(one.ended_us is None or one.ended_us > injection.start_us for one in alerts)
        result = ALREADY_ALARMED if is_open else MISSED
    return Outcome(injection=injection, result=result, delay_us=delay_us)


def outcomes_of(injections: Iterable[Injection], found: Verdicts, alerts: Alerts) -> list[Outcome]:
    """What became of faults, each in a satellite of its own."""
    keys = [(one, (one.satellite_id, one.subsystem)) for one in injections]
    return [outcome_of(one, found.get(key, ()), alerts.get(key, ())) for one, key in keys]


def detection_document(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Counts by result, share found and median delays; no share where nothing was judged.

    The share is of the faults in what is covered by constants.
    """
    counts = Counter(one.result for one in outcomes)
    covered = len(outcomes) - counts[LEARNING]
    delays = [
        (one.delay_us / 1e6, one.delay_us / one.injection.interval_us)
        for one in outcomes
        if one.delay_us is not None
    ]
    return {
        "faults": len(outcomes),
        **{result: counts[result] for result in (FOUND, MISSED, ALREADY_ALARMED, LEARNING, NOT_JUDGED)},
        "found_share": round(counts[FOUND] / covered, 4) if covered > counts[NOT_JUDGED] else None,
        "delay_median_s": round(median(delay for delay, _ in delays), 3) if delays else None,
        "delay_median_samples": round(median(delay for _, delay in delays), 2) if delays else None,
    }


def totals_of(cells: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """The worst cell, and the worst, mean share found and the delay over cells and kinds of fault."""
    alarms = [cell["nominal"]["false_alarms_per_1000"] for cell in cells]
    kinds = [of_kind for cell in cells for of_kind in cell["faults"].values()]
    shares = [of_kind["found_share"] for of_kind in kinds if of_kind["found_share"] is not None]
    delays = [of_kind["delay_median_s"] for of_kind in kinds if of_kind["delay_median_s"] is not None]
    return {
        "false_alarms_per_1000_max": max((share for share in alarms if share is not None), default=None),
        "found_share_min": min(shares, default=None),
        "found_share_mean": round(sum(shares) / len(shares), 4) if shares else None,
        "delay_median_s": median(delays) if delays else None,
    }

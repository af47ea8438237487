"""What verdicts are worth: alarms on nominal telemetry, faults found and when; each share with its counts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from statistics import median
from typing import Any, Final

from telemetry_core.inferences import SubsystemInference, Verdict
from telemetry_core.messages import microseconds_of
from tests.benchmarks.detection.field_faults import Injection

NOT_JUDGED: Final = "not judged"
"""A word, not 0 %: no window was ever full enough for a verdict."""
LEARNING: Final = "learning"
"""Another word: windows are full, and the constants do not cover them."""
FOUND: Final = "found"
MISSED: Final = "missed"
ALREADY_ALARMED: Final = "already alarmed"
"""The alarm began before the fault and lasted: it says nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One row, as far as it counts here."""

    satellite_id: str
    subsystem: str
    at_us: int
    verdict: Verdict | None
    """None = failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """Verdicts on nominal telemetry."""

    verdicts: int
    warming_up: int
    learning: int
    failed: int
    anomalous: int
    alerts: int
    """Runs of consecutive anomalous verdicts of a satellite and subsystem."""
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
    """From its first faulty sample to the verdict that began an alert."""


def judgements(rows: Iterable[SubsystemInference]) -> list[Judgement]:
    """Read rows of telemetry jobs, in time order."""
    found = [
        Judgement(
            satellite_id=row.job_id.removeprefix("kafka-").rpartition("-")[0],
            subsystem=row.subsystem,
            at_us=microseconds_of(datetime.fromisoformat(row.input_data["window_end"])),
            verdict=row.verdict,
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: one.at_us)


def by_window(found: Iterable[Judgement]) -> dict[tuple[str, str], list[Judgement]]:
    """Group by satellite and subsystem, in their order."""
    groups: dict[tuple[str, str], list[Judgement]] = {}
    for one in found:
        groups.setdefault((one.satellite_id, one.subsystem), []).append(one)
    return groups


def alert_starts(found: Sequence[Judgement]) -> list[int]:
    """When the alerts of one satellite and subsystem begin, microseconds; only a nominal verdict ends one."""
    starts, is_open = [], False
    for one in found:
        if one.verdict is Verdict.ANOMALOUS and not is_open:
            starts.append(one.at_us)
        if one.verdict in (Verdict.ANOMALOUS, Verdict.NOMINAL):
            is_open = one.verdict is Verdict.ANOMALOUS
    return starts


def alarms_of(found: Sequence[Judgement], days: float) -> Alarms:
    """Count verdicts on nominal telemetry of so many satellite-days."""
    counts = Counter(one.verdict for one in found)
    return Alarms(
        verdicts=len(found),
        warming_up=counts[Verdict.WARMING_UP],
        learning=counts[Verdict.LEARNING],
        failed=counts[None],
        anomalous=counts[Verdict.ANOMALOUS],
        alerts=sum(len(alert_starts(group)) for group in by_window(found).values()),
        satellite_days=days,
    )


def outcome_of(injection: Injection, found: Sequence[Judgement]) -> Outcome:
    """Tell whether an alert of the subsystem struck began with the fault or later."""
    judged = [one for one in found if one.verdict in (Verdict.ANOMALOUS, Verdict.NOMINAL)]
    is_learning = any(one.verdict is Verdict.LEARNING and one.at_us >= injection.start_us for one in found)
    during = [one for one in judged if one.at_us >= injection.start_us]
    start_us = next((at_us for at_us in alert_starts(judged) if at_us >= injection.start_us), None)
    if start_us is not None:
        return Outcome(injection=injection, result=FOUND, delay_us=start_us - injection.start_us)
    if not during:
        result = LEARNING if is_learning else NOT_JUDGED
    else:
        result = ALREADY_ALARMED if during[0].verdict is Verdict.ANOMALOUS else MISSED
    return Outcome(injection=injection, result=result, delay_us=None)


def outcomes_of(injections: Iterable[Injection], found: Iterable[Judgement]) -> list[Outcome]:
    groups = by_window(found)
    return [outcome_of(one, groups.get((one.satellite_id, one.subsystem), [])) for one in injections]


def detection_document(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Counts by result, share found and median delays; no share where nothing was judged."""
    counts = Counter(one.result for one in outcomes)
    is_judged = counts[NOT_JUDGED] + counts[LEARNING] < len(outcomes)
    delays = [
        (one.delay_us / 1e6, one.delay_us / one.injection.interval_us)
        for one in outcomes
        if one.delay_us is not None
    ]
    return {
        "faults": len(outcomes),
        **{result: counts[result] for result in (FOUND, MISSED, ALREADY_ALARMED, LEARNING, NOT_JUDGED)},
        "found_share": round(counts[FOUND] / len(outcomes), 4) if is_judged else None,
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

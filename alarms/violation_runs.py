"""Violations of one rule in a row, each near the one before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from telemetry_core.contract.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A value of a rule's channel, or its rate; the time is microseconds since 1970 UTC."""

    at_us: int
    value: float
    before: float | None = None
    """Of a rule on changes: the value until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Violations, each within the hold of the one before; times in microseconds since 1970 UTC."""

    named_us: int
    """Of the first one when it was raised: it stays when an earlier one comes late."""
    started_us: int
    raised_us: int
    """Of the violation with which they were enough for an alarm."""
    last_us: int
    cleared_us: int | None
    """Of the last clear sample needed, a hold or more after the last violation; None = not yet."""
    violations: int
    """Without those that came late between two others: they are not told from a second delivery."""
    value: float
    """Of the newest one."""
    worst_value: float
    """Of the one furthest from the limit."""
    worst_excess: float
    """How far that one lies beyond it."""
    before: float | None = None
    """Of a rule on changes: the value until the first one."""


def begun(rule: Rule, first: Sample, raised_us: int) -> Run:
    """Return a run of one violation; with the one of `raised_us` they are enough for an alarm."""
    return Run(
        named_us=first.at_us,
        started_us=first.at_us,
        raised_us=raised_us,
        last_us=first.at_us,
        cleared_us=None,
        violations=1,
        value=first.value,
        worst_value=first.value,
        worst_excess=_excess(rule, first.value),
        before=first.before,
    )


def extended(near: Sequence[Run], rule: Rule, sample: Sample, hold_us: int) -> Run:
    """Join runs and one more violation; the name of the first run stays."""
    joined = joined_runs(near)
    is_newest = sample.at_us > joined.last_us
    is_within = any(run.started_us <= sample.at_us <= run.last_us for run in near)
    excess = _excess(rule, sample.value)
    is_worst = excess > joined.worst_excess
    cleared_us = joined.cleared_us
    if is_newest and (rule.min_clear > 1 or (cleared_us or 0) < sample.at_us + hold_us):
        cleared_us = None
    return replace(
        joined,
        started_us=min(sample.at_us, joined.started_us),
        last_us=max(sample.at_us, joined.last_us),
        cleared_us=cleared_us,
        violations=joined.violations + (not is_within),
        value=sample.value if is_newest else joined.value,
        worst_value=sample.value if is_worst else joined.worst_value,
        worst_excess=max(excess, joined.worst_excess),
        before=sample.before if sample.at_us < joined.started_us else joined.before,
    )


def joined_runs(runs: Sequence[Run]) -> Run:
    """Return one run of several in time order, with the name of the first."""
    newest, worst = runs[-1], max(runs, key=lambda run: run.worst_excess)
    return replace(
        runs[0],
        last_us=newest.last_us,
        cleared_us=newest.cleared_us,
        violations=sum(run.violations for run in runs),
        value=newest.value,
        worst_value=worst.worst_value,
        worst_excess=worst.worst_excess,
    )


def _excess(rule: Rule, value: float) -> float:
    limit = rule.broken_limit(value)
    return 0.0 if limit is None else abs(value - limit)


def ordered(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Put runs in time order."""
    return tuple(sorted(runs, key=lambda run: run.started_us))

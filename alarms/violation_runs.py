"""Violations of one rule in a row, each near the one before, and whether they come and go too often.

An alarm chatters (ISA-18.2, EEMUA 191) with three violations within a minute that clear samples part, or,
where samples are rare, within five usual intervals: as many as a value needs that breaks its limit with every
other sample. More samples can only find more of it, so the order in which they come does not matter.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from telemetry_core.contract.rules import Rule

CHATTERING: Final = 3
"""So many violations, parted by clear samples, within a time are chattering."""
_SPAN_US: Final = 60_000_000
_INTERVALS: Final = 5


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
    activations: int = 1
    """How often a violation came after a clear sample, the first one counted; late ones as `violations`."""
    chattering_us: int | None = None
    """Of the violation with which it began to chatter; None = it does not."""


def enough_us(row: Sequence[Sample], rule: Rule) -> int | None:
    """Return the time of the violation with which a row is long enough; None = it is too short."""
    started_us = row[0].at_us
    return next(
        (
            sample.at_us
            for sample in row[rule.min_violations - 1 :]
            if sample.at_us - started_us >= rule.min_duration_s * 1_000_000
        ),
        None,
    )


def rows_of(pending: Sequence[Sample], clear_us: Sequence[int]) -> list[list[Sample]]:
    """Cut violations in time order where a clear sample lies between two of them."""
    rows: list[list[Sample]] = []
    for sample in pending:
        if rows and not is_parted(clear_us, rows[-1][-1].at_us, sample.at_us):
            rows[-1].append(sample)
        else:
            rows.append([sample])
    return rows


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


def extended(near: Sequence[Run], rule: Rule, sample: Sample, hold_us: int, clear_us: Sequence[int]) -> Run:
    """Join runs and one more violation; the name of the first run stays."""
    joined = joined_runs(near)
    is_newest = sample.at_us > joined.last_us
    is_within = any(run.started_us <= sample.at_us <= run.last_us for run in near)
    beside_us = joined.last_us if is_newest else joined.started_us
    is_outside = is_newest or sample.at_us < joined.started_us
    is_activation = is_outside and (bool(rule.change) or is_parted(clear_us, beside_us, sample.at_us))
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
        activations=joined.activations + is_activation,
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
        activations=sum(run.activations for run in runs),
        chattering_us=min((run.chattering_us for run in runs if run.chattering_us is not None), default=None),
    )


def chattering_span_us(interval_us: int) -> int:
    """Return within which time so many violations are chattering, by the usual interval between samples."""
    return max(_SPAN_US, _INTERVALS * interval_us)


def third_violations(
    violations_us: Sequence[int], clear_us: Sequence[int], at_us: int, within_us: int, *, are_parted: bool
) -> Iterator[int]:
    """Yield the violations that are the third ones of chattering to which a sample at `at_us` may belong.

    All times are ascending. With `are_parted` no clear sample need lie between: each is an event.
    """
    since, until = bisect_left(violations_us, at_us), bisect_right(violations_us, at_us + within_us)
    for place in range(since, until):
        begin = place
        for _ in range(CHATTERING - 1):
            begin = begin - 1 if are_parted else _place_before(violations_us, clear_us, begin)
        if begin >= 0 and violations_us[place] - violations_us[begin] <= within_us:
            yield violations_us[place]


def _place_before(violations_us: Sequence[int], clear_us: Sequence[int], place: int) -> int:
    """Return the place of the newest violation that a clear sample parts from one; -1 = there is none."""
    clear = bisect_left(clear_us, violations_us[place]) - 1 if place >= 0 else -1
    return bisect_left(violations_us, clear_us[clear]) - 1 if clear >= 0 else -1


def marked(run: Run, third_us: int) -> Run:
    """Return the run, which chatters if the third violation of chattering is one of it."""
    if not run.started_us <= third_us <= run.last_us:
        return run
    return replace(run, chattering_us=min(third_us, run.chattering_us or third_us))


def cleared_us(run: Run, rule: Rule, clear_us: Sequence[int], hold_us: int, sample_us: int) -> int | None:
    """Return the time of the clear sample that is the last one needed; None while too few came.

    What was found stays, whatever the hold became since, but for a late sample.
    """
    over_us, was_us = run.last_us + hold_us, run.cleared_us
    if was_us is not None and not over_us <= sample_us < was_us:
        return was_us
    needed = bisect_left(clear_us, over_us) + rule.min_clear - 1
    found_us = clear_us[needed] if needed < len(clear_us) else was_us
    return found_us if was_us is None or found_us is None else min(found_us, was_us)


def has_moved(rule: Rule, value: float) -> bool:
    """Tell whether a value that broke the rule would not break it now: its limit was changed since."""
    return rule.switched_off is not None or not (rule.change or rule.is_breached(value))


def released(run: Run, rule: Rule, clear_us: Sequence[int], sample_us: int) -> Run:
    """Return the run, over with the clear samples that came: what breaks its limit no more has no hold."""
    if run.cleared_us is not None or not has_moved(rule, run.value):
        return run
    return replace(run, cleared_us=cleared_us(run, rule, clear_us, 0, sample_us))


def is_parted(clear_us: Sequence[int], one_us: int, other_us: int) -> bool:
    """Tell whether a clear sample lies between two violations; `clear_us` is ascending."""
    return bisect_left(clear_us, one_us) != bisect_left(clear_us, other_us)


def _excess(rule: Rule, value: float) -> float:
    limit = rule.broken_limit(value)
    return 0.0 if limit is None else abs(value - limit)


def ordered(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Put runs in time order."""
    return tuple(sorted(runs, key=lambda run: run.started_us))

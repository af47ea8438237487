"""When a broken limit is an alarm: one step for each sample of its channel, in any order.

Alarms follow from the times and values of the samples, not from their order: a late sample is put where it
belongs, and one that comes twice changes nothing.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from telemetry_core.contract.mission import GAP_INTERVALS, GAP_NEIGHBOURS, usual_beside
from telemetry_core.contract.rules import Rule

REACH_US: Final = 3_600_000_000
"""How far behind the newest sample of its channel a late one still changes alarms."""
MAX_KEPT: Final = 128
"""Newest clear samples, and violations that are no alarm yet, that are kept."""
MAX_RUNS: Final = 32
"""Newest runs of violations that a late sample may still change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A value of the limit's channel; the time is microseconds since 1970 UTC."""

    at_us: int
    value: float


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """An alarm: runs between which no sample was clear; fields as of `Run`, over all of them."""

    named_us: int
    started_us: int
    raised_us: int
    last_us: int
    returned_us: int | None
    """Of the clear sample that ended it; None = it stands."""
    violations: int
    value: float
    worst_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """All that must be known of one limit of one satellite."""

    newest_value: float | None = None
    """Of the newest sample: it holds where a channel is sent on change."""
    times_us: tuple[int, ...] = ()
    """Of the newest samples, ascending: how far apart they usually are."""
    clear_us: tuple[int, ...] = ()
    """Of the newest clear samples, ascending."""
    pending: tuple[Sample, ...] = ()
    """Violations that are not enough for an alarm yet, in time order."""
    runs: tuple[Run, ...] = ()
    """In time order; those that no late sample reaches are dropped unless they stand."""

    @property
    def newest_us(self) -> int | None:
        """Time of the newest sample."""
        return self.times_us[-1] if self.times_us else None

    @property
    def has_violations(self) -> bool:
        """Tell whether a restart must know of it: without violations it begins anew from any sample."""
        return bool(self.pending or self.runs)


def step(track: Track, rule: Rule, sample: Sample) -> Track:
    """Return the track after one more sample; a missing (NaN) or too old one changes nothing."""
    is_breached, is_clear = rule.is_breached(sample.value), rule.is_clear(sample.value)
    newest_us = max(sample.at_us, track.newest_us or sample.at_us)
    if math.isnan(sample.value) or sample.at_us < newest_us - REACH_US:
        return track
    times_us = _with(track.times_us, sample.at_us, keep=GAP_NEIGHBOURS + 1)
    clear_us = _with(track.clear_us, sample.at_us, keep=MAX_KEPT) if is_clear else track.clear_us
    newest_value = sample.value if sample.at_us == newest_us else track.newest_value
    track = replace(track, newest_value=newest_value, times_us=times_us, clear_us=clear_us)
    if not is_breached and not track.has_violations:
        return track
    hold_us = _hold_us(track, rule)
    if is_breached:
        track = _violated(track, rule, sample, hold_us)
    return _settled(track, rule, hold_us, newest_us)


def held(track: Track, at_us: int) -> Sample | None:
    """Return the sample that a channel sent on change would have had at a time; None where none is known."""
    if track.newest_us is None or track.newest_value is None or at_us <= track.newest_us:
        return None
    return Sample(at_us=at_us, value=track.newest_value)


def occurrences(track: Track) -> list[Occurrence]:
    """Return the alarms in time order: a run goes on in the next one if nothing was clear between."""
    groups: list[list[Run]] = []
    for run in track.runs:
        before = groups[-1][-1] if groups else None
        if before is not None and (before.cleared_us is None or before.cleared_us > run.started_us):
            groups[-1].append(run)
        else:
            groups.append([run])
    return [_occurrence(runs) for runs in groups]


def _occurrence(runs: Sequence[Run]) -> Occurrence:
    joined = _joined(runs)
    return Occurrence(
        named_us=joined.named_us,
        started_us=joined.started_us,
        raised_us=joined.raised_us,
        last_us=joined.last_us,
        returned_us=joined.cleared_us,
        violations=joined.violations,
        value=joined.value,
        worst_value=joined.worst_value,
    )


def _with(times_us: Sequence[int], at_us: int, *, keep: int) -> tuple[int, ...]:
    if not times_us or at_us > times_us[-1]:
        return (*times_us, at_us)[-keep:]
    return tuple(sorted({*times_us, at_us}))[-keep:]


def _hold_us(track: Track, rule: Rule) -> int:
    intervals = [later - earlier for earlier, later in pairwise(track.times_us)]
    usual_us = usual_beside(intervals, len(intervals)) if len(intervals) >= GAP_INTERVALS else 0
    return max(round(rule.hold_s * 1_000_000), GAP_INTERVALS * usual_us)


def _violated(track: Track, rule: Rule, sample: Sample, hold_us: int) -> Track:
    """Let a violation belong to the runs near it, which become one, or wait for more of its kind."""
    near = [run for run in track.runs if run.started_us - hold_us < sample.at_us < run.last_us + hold_us]
    if near:
        rest = [run for run in track.runs if run not in near]
        return replace(track, runs=_ordered([*rest, _extended(near, rule, sample)]))
    if any(known.at_us == sample.at_us for known in track.pending):
        return track
    pending = sorted([*track.pending, sample], key=lambda known: known.at_us)
    return _raised(replace(track, pending=tuple(pending)), rule, hold_us)


def _extended(near: Sequence[Run], rule: Rule, sample: Sample) -> Run:
    """Join runs and one more violation; the name of the first run stays."""
    joined = _joined(near)
    is_newest = sample.at_us > joined.last_us
    is_within = any(run.started_us <= sample.at_us <= run.last_us for run in near)
    excess = _excess(rule, sample.value)
    is_worst = excess > joined.worst_excess
    return replace(
        joined,
        started_us=min(sample.at_us, joined.started_us),
        last_us=max(sample.at_us, joined.last_us),
        violations=joined.violations + (not is_within),
        value=sample.value if is_newest else joined.value,
        worst_value=sample.value if is_worst else joined.worst_value,
        worst_excess=max(excess, joined.worst_excess),
    )


def _joined(runs: Sequence[Run]) -> Run:
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


def _raised(track: Track, rule: Rule, hold_us: int) -> Track:
    """Make a run of the first violations in a row that are enough, if any are."""
    for row in _rows(track.pending, track.clear_us):
        raised_us = _enough_us(row, rule)
        if raised_us is None:
            continue
        first = row[0]
        run = Run(
            named_us=first.at_us,
            started_us=first.at_us,
            raised_us=raised_us,
            last_us=first.at_us,
            cleared_us=None,
            violations=1,
            value=first.value,
            worst_value=first.value,
            worst_excess=_excess(rule, first.value),
        )
        rest = tuple(sample for sample in track.pending if sample not in row)
        track = replace(track, pending=rest, runs=_ordered([*track.runs, run]))
        for sample in row[1:]:
            track = _violated(track, rule, sample, hold_us)
        return track
    return track


def _enough_us(row: Sequence[Sample], rule: Rule) -> int | None:
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


def _rows(pending: Sequence[Sample], clear_us: Sequence[int]) -> list[list[Sample]]:
    """Cut violations in time order where a clear sample lies between two of them."""
    rows: list[list[Sample]] = []
    for sample in pending:
        if rows and bisect_left(clear_us, rows[-1][-1].at_us) == bisect_left(clear_us, sample.at_us):
            rows[-1].append(sample)
        else:
            rows.append([sample])
    return rows


def _settled(track: Track, rule: Rule, hold_us: int, newest_us: int) -> Track:
    """Note which runs are over, and drop what no later sample can change."""
    runs = [replace(run, cleared_us=_cleared_us(run, rule, track.clear_us, hold_us)) for run in track.runs]
    reached = [
        run
        for place, run in enumerate(runs)
        if run.last_us >= newest_us - REACH_US or all(later.cleared_us is None for later in runs[place:])
    ]
    return replace(track, runs=tuple(reached[-MAX_RUNS:]), pending=_waiting(track, newest_us))


def _waiting(track: Track, newest_us: int) -> tuple[Sample, ...]:
    """Return the violations that later ones may still join; the first one of the newest row is kept."""
    since_us = newest_us - REACH_US
    if len(track.clear_us) == MAX_KEPT:
        since_us = max(since_us, track.clear_us[0])
    pending = [sample for sample in track.pending if sample.at_us >= since_us]
    while len(pending) > MAX_KEPT:
        is_one_row = not track.clear_us or track.clear_us[-1] < pending[0].at_us
        del pending[1 if is_one_row else 0]
    return tuple(pending)


def _cleared_us(run: Run, rule: Rule, clear_us: Iterable[int], hold_us: int) -> int | None:
    """Return the time of the clear sample that is the last one needed; None while too few came."""
    over_us = run.last_us + hold_us
    known = {at_us for at_us in clear_us if at_us >= over_us}
    was_us = run.cleared_us if run.cleared_us is not None and run.cleared_us >= over_us else None
    if was_us is not None and rule.min_clear == 1:
        known.add(was_us)
    return sorted(known)[rule.min_clear - 1] if len(known) >= rule.min_clear else was_us


def _ordered(runs: Iterable[Run]) -> tuple[Run, ...]:
    return tuple(sorted(runs, key=lambda run: run.started_us))

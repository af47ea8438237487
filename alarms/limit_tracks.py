"""When a broken limit is an alarm: one step for each sample of its channel, in any order.

Alarms follow from the times and values of the samples, not from their order: a late sample is put where it
belongs, and one that comes twice changes nothing. Only how far apart samples usually are is that of the six
newest ones: while several of these are late, alarms that are minutes apart may be joined for good.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from alarms.violation_runs import (
    Run,
    Sample,
    begun,
    chattering_span_us,
    cleared_us,
    enough_us,
    extended,
    is_parted,
    joined_runs,
    marked,
    ordered,
    rows_of,
    third_violations,
)
from telemetry_core.contract.mission import GAP_INTERVALS, GAP_NEIGHBOURS, usual_beside
from telemetry_core.contract.rules import Rule

REACH_US: Final = 3_600_000_000
"""How far behind the newest sample of its channel a late one still changes alarms."""
MAX_KEPT: Final = 1024
"""Newest clear samples within reach that are kept: a quarter of an hour of one a second."""
MIN_KEPT: Final = 128
"""Newest clear samples that are kept however old they are: more than a rule may ask for."""
MAX_PENDING: Final = 128
"""Violations that are no alarm yet."""
MAX_RUNS: Final = 32
"""Newest runs of violations that a late sample may still change; more within one alarm are kept as one."""


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
    before: float | None = None
    activations: int = 1
    chattering_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """All that must be known of one limit of one satellite."""

    newest_value: float | None = None
    """Of the newest sample: it holds where a channel is sent on change."""
    sent_us: int | None = None
    """When that value was sent."""
    times_us: tuple[int, ...] = ()
    """Of the newest samples, ascending: how far apart they usually are."""
    clear_us: tuple[int, ...] = ()
    """Of the newest clear samples, ascending."""
    violations_us: tuple[int, ...] = ()
    """Of the newest violations of the runs, ascending."""
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
        """Tell whether samples to come may change an alarm; without violations any sample begins anew."""
        return bool(self.pending or self.runs)

    @property
    def kept_since_us(self) -> int:
        """Alarms that ended before it are forgotten."""
        if len(self.runs) >= MAX_RUNS:
            return self.runs[0].started_us
        return (self.newest_us or 0) - REACH_US


def step(
    track: Track, rule: Rule, sample: Sample, *, is_in_context: bool = True, is_sent: bool = True
) -> Track:
    """Return the track after one more sample; a missing (NaN) or too old one changes nothing.

    Outside the rule's context any value is clear: a standing alarm returns.
    """
    is_breached = is_in_context and _is_breached(rule, sample)
    has_cleared = not is_in_context or is_clear(rule, sample)
    newest_us = max(sample.at_us, track.newest_us or sample.at_us)
    if math.isnan(sample.value) or sample.at_us < newest_us - REACH_US:
        return track
    times_us = _with(track.times_us, sample.at_us)[-(GAP_NEIGHBOURS + 1) :]
    clear_us = _kept(_with(track.clear_us, sample.at_us), newest_us) if has_cleared else track.clear_us
    if is_sent and sample.at_us == newest_us:
        track = replace(track, newest_value=sample.value, sent_us=sample.at_us)
    track = replace(track, times_us=times_us, clear_us=clear_us)
    if not is_breached and not track.has_violations:
        return track
    hold_us = _hold_us(track, rule)
    if is_breached:
        track = _violated(track, rule, sample, hold_us)
    elif has_cleared:
        track = _with_chattering(track, rule, sample.at_us)
    return _settled(track, rule, hold_us, newest_us, sample.at_us)


def _is_breached(rule: Rule, sample: Sample) -> bool:
    return sample.value != sample.before if rule.change else rule.is_breached(sample.value)


def is_clear(rule: Rule, sample: Sample) -> bool:
    """Tell whether a sample lies within what a rule allows, by the dead band if it has one."""
    return not _is_breached(rule, sample) and rule.is_clear(sample.value)


def held(track: Track, at_us: int, max_span_us: int) -> Sample | None:
    """Return the sample that a channel sent on change would have had at a time; None where none is known.

    A value holds for `max_span_us`.
    """
    if track.newest_us is None or track.newest_value is None or track.sent_us is None:
        return None
    if at_us <= track.newest_us or at_us - track.sent_us > max_span_us:
        return None
    return Sample(at_us=at_us, value=track.newest_value)


def occurrences(track: Track) -> list[Occurrence]:
    """Return the alarms in time order."""
    return [_occurrence(runs) for runs in groups(track.runs)]


def groups(runs: Iterable[Run]) -> list[list[Run]]:
    """Part runs in time order by alarm: a run goes on in the next one if nothing was clear between."""
    found: list[list[Run]] = []
    for run in runs:
        before = found[-1][-1] if found else None
        if before is not None and (before.cleared_us is None or before.cleared_us > run.started_us):
            found[-1].append(run)
        else:
            found.append([run])
    return found


def _occurrence(runs: Sequence[Run]) -> Occurrence:
    joined = joined_runs(runs)
    return Occurrence(
        named_us=joined.named_us,
        started_us=joined.started_us,
        raised_us=joined.raised_us,
        last_us=joined.last_us,
        returned_us=joined.cleared_us,
        violations=joined.violations,
        value=joined.value,
        worst_value=joined.worst_value,
        before=joined.before,
        activations=joined.activations,
        chattering_us=joined.chattering_us,
    )


def _with(times_us: tuple[int, ...], at_us: int) -> tuple[int, ...]:
    if not times_us or at_us > times_us[-1]:
        return (*times_us, at_us)
    place = bisect_left(times_us, at_us)
    return times_us if times_us[place] == at_us else (*times_us[:place], at_us, *times_us[place:])


def _kept(times_us: tuple[int, ...], newest_us: int) -> tuple[int, ...]:
    is_old = len(times_us) > MIN_KEPT and times_us[0] < newest_us - REACH_US
    return times_us[1:] if is_old or len(times_us) > MAX_KEPT else times_us


def usual_interval_us(times_us: Sequence[int]) -> int:
    """Return how far apart the newest of some ascending times usually are; 0 = too few to tell."""
    intervals = [later - earlier for earlier, later in pairwise(times_us)]
    return usual_beside(intervals, len(intervals)) if len(intervals) >= GAP_INTERVALS else 0


def _hold_us(track: Track, rule: Rule) -> int:
    return max(round(rule.hold_s * 1_000_000), GAP_INTERVALS * usual_interval_us(track.times_us))


def _violated(track: Track, rule: Rule, sample: Sample, hold_us: int) -> Track:
    """Let a violation belong to the runs near it, which become one; to a standing alarm; or wait for more."""
    near = [run for run in track.runs if _is_near(run, rule, track.clear_us, sample.at_us, hold_us)]
    if near:
        rest = [run for run in track.runs if run not in near]
        return _told(
            track, rule, [*rest, extended(near, rule, sample, hold_us, track.clear_us)], sample.at_us
        )
    if any(run.last_us < sample.at_us and (run.cleared_us or math.inf) > sample.at_us for run in track.runs):
        return _told(track, rule, [*track.runs, begun(rule, sample, sample.at_us)], sample.at_us)
    if any(known.at_us == sample.at_us for known in track.pending):
        return track
    pending = sorted([*track.pending, sample], key=lambda known: known.at_us)
    return _raised(replace(track, pending=tuple(pending)), rule, hold_us)


def _told(track: Track, rule: Rule, runs: Iterable[Run], at_us: int) -> Track:
    """Return the track with these runs, to which a violation was added."""
    violations_us = _kept(_with(track.violations_us, at_us), track.newest_us or at_us)
    return _with_chattering(replace(track, runs=ordered(runs), violations_us=violations_us), rule, at_us)


def _with_chattering(track: Track, rule: Rule, at_us: int) -> Track:
    """Note which runs chatter now that there is a sample at a time."""
    within_us = chattering_span_us(usual_interval_us(track.times_us))
    found = third_violations(
        track.violations_us, track.clear_us, at_us, within_us, are_parted=bool(rule.change)
    )
    runs = track.runs
    for third_us in found:
        runs = tuple(marked(run, third_us) for run in runs)
    return replace(track, runs=runs)


def _is_near(run: Run, rule: Rule, clear_us: Sequence[int], at_us: int, hold_us: int) -> bool:
    """Tell whether a violation belongs to a run; before one with a delay, only what is in a row with it."""
    if at_us >= run.started_us:
        return at_us < run.last_us + hold_us
    is_in_a_row = not is_parted(clear_us, at_us, run.started_us)
    return run.started_us - hold_us < at_us and (is_in_a_row or not rule.is_delayed)


def _raised(track: Track, rule: Rule, hold_us: int) -> Track:
    """Make a run of the first violations in a row that are enough, if any are."""
    for row in rows_of(track.pending, track.clear_us):
        raised_us = enough_us(row, rule)
        if raised_us is None:
            continue
        run = begun(rule, row[0], raised_us)
        rest = tuple(sample for sample in track.pending if sample not in row)
        track = _told(replace(track, pending=rest), rule, [*track.runs, run], row[0].at_us)
        for sample in row[1:]:
            track = _violated(track, rule, sample, hold_us)
        return track
    return track


def _settled(track: Track, rule: Rule, hold_us: int, newest_us: int, sample_us: int) -> Track:
    """Note which runs are over, and drop what no later sample can change: alarms as a whole."""
    runs = [
        replace(run, cleared_us=cleared_us(run, rule, track.clear_us, hold_us, sample_us))
        for run in track.runs
    ]
    reached = [
        group
        for group in groups(runs)
        if group[-1].cleared_us is None or group[-1].cleared_us >= newest_us - REACH_US
    ]
    while sum(len(group) for group in reached) > MAX_RUNS:
        reached[:1] = [[joined_runs(reached[0])]] if len(reached[0]) > 1 else []
    kept = tuple(run for group in reached for run in group)
    violations_us = track.violations_us if kept else ()
    return replace(track, runs=kept, pending=_waiting(track, newest_us), violations_us=violations_us)


def _waiting(track: Track, newest_us: int) -> tuple[Sample, ...]:
    """Return the violations that others may still join: the newest row, and those that late ones reach."""
    since_us = newest_us - REACH_US
    if len(track.clear_us) >= MAX_KEPT:
        since_us = max(since_us, track.clear_us[0])
    row_us = track.clear_us[-1] if track.clear_us else -1
    pending = [sample for sample in track.pending if sample.at_us > row_us or sample.at_us >= since_us]
    while len(pending) > MAX_PENDING:
        # The first one of the newest row tells how long it lasts.
        del pending[1 if pending[0].at_us > row_us else 0]
    return tuple(pending)

"""Alarms of a limit over stored samples, page by page in time order, as live ones would have been raised."""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from alarms.delta_tracks import DeltaTrack, step_delta
from alarms.deltas import Point
from alarms.limit_tracks import MIN_KEPT, Occurrence, Track, step
from alarms.occurrence_changes import Event, changes
from alarms.violation_runs import Sample
from alarms.what_if.limits import Limit
from telemetry_core.contract.mission import GAP_NEIGHBOURS
from telemetry_core.contract.values import Values

_AT_ONCE: Final = MIN_KEPT
"""Samples that are looked at together for one that breaks the limit."""


class Replay:
    """Raises the alarms of a limit.

    Clear samples far from any violation are passed over: those that a hold is measured by are kept.
    """

    def __init__(self, limit: Limit) -> None:
        self.samples = 0
        """Of the rule's channel."""
        self._limit = limit
        self._alarms: dict[int, Occurrence] = {}
        self._deltas = DeltaTrack()
        self._track = Track()
        self._value = math.nan
        self._sent_us = 0
        self._passed: deque[tuple[int, float, bool]] = deque(maxlen=MIN_KEPT)

    @property
    def alarms(self) -> Sequence[Occurrence]:
        """Those of all pages so far, in time order."""
        return sorted(self._alarms.values(), key=lambda alarm: alarm.started_us)

    def take(self, page: Mapping[str, Values]) -> None:
        """Compare the samples of a page, given by metric, that follow those of the page before."""
        if self._limit.is_plain:
            self._take_values(self._limit.values_of(self._limit.rule.channel, page))
            return
        for at_us, values in _sets(self._limit, page):
            self._take_set(at_us, values)

    def _take_values(self, values: Values) -> None:
        self.samples += len(values)
        times_us, numbers = list(values), list(values.values())
        for first in range(0, len(numbers), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            if self._track.has_violations or self._has_violation(numbers[part]):
                for at_us, value in zip(times_us[part], numbers[part], strict=True):
                    self._compare(at_us, value)
            else:
                self._passed.extend(
                    (at_us, value, True) for at_us, value in zip(times_us[part], numbers[part], strict=True)
                )

    def _has_violation(self, values: Sequence[float]) -> bool:
        rule = self._limit.rule
        return rule.is_breached(min(values)) or rule.is_breached(max(values)) or rule.equals in values

    def _take_set(self, at_us: int, values: Mapping[str, float]) -> None:
        """Take what one message said, as live; a value that it lacks holds, outside of the context too."""
        rule = self._limit.rule
        value = values[rule.channel]
        is_held, is_in_context = math.isnan(value), rule.is_in_context(values)
        if is_in_context is None or (is_in_context and is_held and not self._limit.is_on_change):
            return
        if not is_held:
            self.samples += 1
            self._value, self._sent_us = value, at_us
        if self._limit.measure is not None:
            point = Point(at_us=at_us, value=value, is_sent=not is_held, is_in_context=is_in_context)
            self._deltas = step_delta(self._deltas, self._limit.measure, point)
            self._advance(self._deltas.whole)
        elif not math.isnan(self._value) and at_us - self._sent_us <= self._limit.max_span_us:
            self._compare(at_us, self._value, is_in_context=is_in_context)

    def _compare(self, at_us: int, value: float, *, is_in_context: bool = True) -> None:
        rule = self._limit.rule
        is_breached = is_in_context and rule.is_breached(value)
        self._passed.append((at_us, value, is_in_context))
        if not self._track.has_violations and not is_breached:
            return
        for passed_us, passed, is_compared in self._passed:
            sample = Sample(at_us=passed_us, value=passed)
            self._advance(step(self._track, rule, sample, is_in_context=is_compared))
        self._passed.clear()
        if self._is_over:
            self._track = replace(self._track, runs=(), pending=())

    @property
    def _is_over(self) -> bool:
        """Tell whether nothing to come changes an alarm, as nothing comes late.

        No hold reaches back over the intervals that it is measured by.
        """
        runs, pending, times_us = self._track.runs, self._track.pending, self._track.times_us
        if any(run.cleared_us is None for run in runs):
            return False
        if pending and pending[-1].at_us > (self._track.clear_us or (0,))[-1]:
            return False
        last_us = max((run.last_us for run in runs), default=0)
        return len(times_us) > GAP_NEIGHBOURS and times_us[0] >= last_us

    def _advance(self, stepped: Track) -> None:
        for change in changes(self._track, stepped):
            if change.event is Event.WITHDRAWN:
                self._alarms.pop(change.occurrence.named_us, None)
            else:
                self._alarms[change.occurrence.named_us] = change.occurrence
        self._track = stepped


def _sets(limit: Limit, page: Mapping[str, Values]) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield times in order with the value of each channel, NaN where it has none."""
    columns = {channel: limit.values_of(channel, page) for channel in limit.metrics}
    for at_us in sorted(set[int]().union(*columns.values())):
        yield at_us, {channel: values.get(at_us, math.nan) for channel, values in columns.items()}

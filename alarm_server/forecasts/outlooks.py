"""From samples of limits to what they foretell: readings of their own, as if of another channel."""

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from alarm_server.readings import Reading
from alarm_server.signs import NEVER_S, Sign
from alarms.limit_tracks import usual_interval_us
from alarms.time_to_limit import LEAST_SAMPLES, WINDOW, TimeToLimit, time_to_limit
from alarms.violation_runs import Sample
from telemetry_core.contract.messages import time_of
from telemetry_core.contract.mission import GAP_INTERVALS, GAP_NEIGHBOURS
from telemetry_core.contract.rules import Rule

Key = tuple[str, str, str]
"""Satellite, and subsystem and reason of the limit."""


@dataclass(slots=True)
class _Window:
    """The newest samples of a limit's channel; times in microseconds since 1970 UTC."""

    times_us: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    #: First violation since the newest forecast, and the newest violation.
    broken_us: int | None = None
    last_broken_us: int | None = None

    def add(self, sample: Sample, rule: Rule) -> bool:
        """Put a sample where it belongs; tell whether it is the newest."""
        is_newest = not self.times_us or sample.at_us > self.times_us[-1]
        place = len(self.times_us) if is_newest else bisect_left(self.times_us, sample.at_us)
        if is_newest or self.times_us[place] != sample.at_us:
            self.times_us.insert(place, sample.at_us)
            self.values.insert(place, sample.value)
            del self.times_us[:-WINDOW], self.values[:-WINDOW]
        if is_newest and rule.is_breached(sample.value):
            self.last_broken_us = sample.at_us
            self.broken_us = self.broken_us or sample.at_us
        return is_newest

    def is_limit_standing(self, rule: Rule) -> bool:
        """Tell whether the newest sample breaks the limit, or one before that keeps its alarm standing."""
        if self.last_broken_us is None:
            return False
        newest_us = self.times_us[-(GAP_NEIGHBOURS + 1) :].tolist()
        hold_us = max(rule.hold_s * 1_000_000, GAP_INTERVALS * usual_interval_us(newest_us))
        return self.times_us[-1] - self.last_broken_us < max(hold_us, 1)


class Outlooks:
    """What the newest samples of each limit foretell; in memory, as a look-back reads them again.

    Late samples fill the windows and foretell nothing; the longest unheard channels make room for others.
    """

    def __init__(self, *, max_windows: int) -> None:
        self._most = max_windows
        self._windows: OrderedDict[Key, _Window] = OrderedDict()

    def forget(self) -> None:
        """Drop all: the partitions are gone."""
        self._windows.clear()

    def forget_satellites(self, satellites: Collection[str]) -> None:
        """Drop the windows of some satellites."""
        for key in [key for key in self._windows if key[0] in satellites]:
            del self._windows[key]

    def readings(self, readings: Iterable[Reading]) -> Iterator[Reading]:
        """Yield what samples foretell, in their order."""
        for reading in readings:
            sign = reading.sign.forecast
            if sign is None:
                continue
            key = (reading.satellite_id, reading.sign.subsystem, reading.sign.rule.reason)
            window = self._windows.setdefault(key, _Window())
            self._windows.move_to_end(key)
            if window.add(reading.sample, reading.sign.rule) and len(window.times_us) >= LEAST_SAMPLES:
                yield _outlook(reading, sign, window)
        while len(self._windows) > self._most:
            self._windows.popitem(last=False)


def _outlook(reading: Reading, sign: Sign, window: _Window) -> Reading:
    at_us, rule = reading.sample.at_us, reading.sign.rule
    found = None if window.is_limit_standing(rule) else _soonest(rule, window)
    if found is None:
        seconds = NEVER_S
        broken = None if window.broken_us is None else time_of(window.broken_us).isoformat()
        facts: Mapping[str, Any] = {"broken_at": broken}
    else:
        window.broken_us = None
        (limit, ahead), seconds = found, found[1].likely_s
        facts = {
            "limit": limit,
            "expected_at": _moment(at_us, ahead.likely_s),
            "earliest_at": _moment(at_us, ahead.earliest_s),
            "latest_at": _moment(at_us, ahead.latest_s),
        }
    return Reading(
        satellite_id=reading.satellite_id,
        sign=sign,
        sample=Sample(at_us=at_us, value=seconds),
        facts=facts,
    )


def _soonest(rule: Rule, window: _Window) -> tuple[float, TimeToLimit] | None:
    """Return the limit that is foretold to break first, and when."""
    found = [
        (limit, time_to_limit(window.times_us, window.values, limit, is_high=is_high))
        for limit, is_high in ((rule.below, False), (rule.above, True))
        if limit is not None
    ]
    told = [(limit, ahead) for limit, ahead in found if ahead is not None]
    return min(told, key=lambda one: one[1].likely_s, default=None)


def _moment(at_us: int, ahead_s: float) -> str:
    return time_of(at_us + round(ahead_s * 1_000) * 1_000).isoformat()

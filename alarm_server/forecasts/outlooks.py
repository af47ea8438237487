"""From samples of limits to what they foretell: readings of their own, as if of another channel."""

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from alarm_server.readings import Reading
from alarm_server.signs import Sign, signs_of
from alarms.limit_tracks import usual_interval_us
from alarms.time_to_limit import LEAST_SAMPLES, WINDOW, TimeToLimit, time_to_limit
from alarms.violation_runs import Sample
from telemetry_core.contract.messages import time_of
from telemetry_core.contract.mission import GAP_INTERVALS, GAP_NEIGHBOURS, Mission
from telemetry_core.contract.rules import Rule, Severity

NEVER_S: Final = 1e9
"""Time to a limit that is not foretold to break."""
IN_A_ROW: Final = 2
"""Forecasts in a row that raise an alarm."""
CLEAR_IN_A_ROW: Final = 3
"""Samples without one that end it."""

Key = tuple[str, str, str]
"""Satellite, and subsystem and reason of the limit."""


def forecast_signs(mission: Mission) -> dict[tuple[str, str], Sign]:
    """Return what is foretold, by subsystem and reason of the limit.

    Limits of severity warning or more, without a context, on a channel that is sent periodically.
    """
    limits = [sign for sign in signs_of(mission) if sign.kind == "limit"]
    taken = {(sign.subsystem, sign.rule.reason) for sign in limits}
    found = {
        (sign.subsystem, sign.rule.reason): replace(sign, kind="forecast", rule=_forecast_rule(sign.rule))
        for sign in limits
        if _is_foretold(mission, sign)
    }
    return {key: sign for key, sign in found.items() if (sign.subsystem, sign.rule.reason) not in taken}


def _is_foretold(mission: Mission, sign: Sign) -> bool:
    channel, rule = mission.subsystems[sign.subsystem].channels[sign.rule.channel], sign.rule
    return (
        rule.severity is not Severity.WATCH
        and not (rule.below is None and rule.above is None)
        and not rule.is_contextual
        and channel.kind == "number"
        and channel.reporting != "on_change"
    )


def _forecast_rule(limit: Rule) -> Rule:
    """Make of a limit one on the time to it, in seconds; one degree less severe."""
    degrees = list(Severity)
    return Rule.model_validate(
        {
            "channel": limit.channel,
            "reason": f"{limit.reason[:91]}_forecast",
            "log": "",
            "below": NEVER_S,
            "severity": degrees[degrees.index(limit.severity) - 1],
            "min_violations": IN_A_ROW,
            "min_clear": CLEAR_IN_A_ROW,
            "hold_s": 0,
        }
    )


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

    def __init__(self, mission: Mission, *, max_satellites: int) -> None:
        self.signs: Final = forecast_signs(mission)
        self._most = max_satellites * len(self.signs)
        self._windows: OrderedDict[Key, _Window] = OrderedDict()

    def forget(self) -> None:
        """Drop all: the partitions are gone."""
        self._windows.clear()

    def readings(self, readings: Iterable[Reading]) -> Iterator[Reading]:
        """Yield what samples foretell, in their order."""
        for reading in readings:
            sign = self.signs.get((reading.sign.subsystem, reading.sign.rule.reason))
            if sign is None or reading.sign.kind != "limit":
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

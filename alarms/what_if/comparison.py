"""Alarms of one satellite before and after a limit is changed."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from alarms.limit_tracks import Occurrence
from alarms.what_if.limits import Limit
from alarms.what_if.replay import Replay
from telemetry_core.contract.values import Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What both limits raised over the same samples, in time order."""

    #: Of the channel; where it is another one afterwards, the more.
    samples: int
    before: Sequence[Occurrence]
    after: Sequence[Occurrence]

    @property
    def appearing(self) -> list[Occurrence]:
        """Alarms at whose time there was none before."""
        return [
            alarm for alarm in self.after if not stands_during(self.before, alarm.started_us, end_us(alarm))
        ]

    @property
    def vanishing(self) -> list[Occurrence]:
        """Alarms at whose time there is none any more."""
        return [
            alarm for alarm in self.before if not stands_during(self.after, alarm.started_us, end_us(alarm))
        ]


def metrics_of(*limits: Limit | None) -> set[str]:
    """Return the metrics that limits read."""
    return {metric for limit in limits if limit for metric in limit.metrics.values() if metric}


def compared(pages: Iterable[Mapping[str, Values]], before: Limit | None, after: Limit | None) -> Comparison:
    """Compare all samples of a satellite, by metric and page by page, with both; None: there is no limit."""
    old = Replay(before) if before else None
    new = old if before == after else Replay(after) if after else None
    replays = [replay for replay in dict.fromkeys((old, new)) if replay]
    for page in pages:
        for replay in replays:
            replay.take(page)
    return Comparison(
        samples=max((replay.samples for replay in replays), default=0),
        before=old.alarms if old else (),
        after=new.alarms if new else (),
    )


def end_us(alarm: Occurrence) -> float:
    """Return when an alarm ended; infinite while it stands."""
    return math.inf if alarm.returned_us is None else alarm.returned_us


def stands_during(alarms: Sequence[Occurrence], start_us: float, until_us: float) -> bool:
    """Tell whether one of a limit's alarms, in time order, stood at some time of a span."""
    place = bisect_left(alarms, start_us, key=end_us)
    return place < len(alarms) and alarms[place].started_us <= until_us

"""Limits that telemetry breaks right now, as VictoriaMetrics tells: they stand also unjudged."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

import structlog

from operation_server.alerts.episodes import HOLD_MS, Episode, Sign, breach_run, rules_of
from operation_server.http.parameters import CLOCK_LEAD
from operation_server.telemetry.series import milliseconds_of
from operation_server.telemetry.victoria import Point, VictoriaMetrics, series_of, until_newest
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.mission import GAP_INTERVALS, Mission, Rule, metrics_by_channel, usual_beside

LOOK_BACK: Final = (timedelta(hours=1), timedelta(hours=24))
"""How far the start of a breach is looked for; one that lasts longer starts at the limit."""

_log = structlog.get_logger(__name__)

Key = tuple[str, Sign]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedRule:
    """A rule and the series that its channel is written to."""

    sign: Sign
    rule: Rule
    metric: str


def watched_rules(mission: Mission) -> list[WatchedRule]:
    """List the rules whose channels VictoriaMetrics keeps."""
    metrics = metrics_by_channel(mission)
    return [
        WatchedRule(
            sign=Sign(subsystem=name, reason=rule.reason), rule=rule, metric=metrics[name, rule.channel]
        )
        for name, rule in rules_of(mission)
        if (name, rule.channel) in metrics
    ]


def breach_query(watched: WatchedRule, span_s: float) -> str:
    """Ask for the satellites of which some sample, none older than `span_s`, breaks a rule."""
    series = f"{series_of(watched.metric)}{until_newest(span_s)}"
    rule = watched.rule
    parts = []
    if rule.below is not None:
        parts.append(f"min_over_time({series}) < {rule.below!r}")
    if rule.above is not None:
        parts.append(f"max_over_time({series}) > {rule.above!r}")
    if rule.equals is not None:
        parts.append(f"count_eq_over_time({series}, {rule.equals!r}) > 0")
    return f"max({' or '.join(parts)}) by (satellite_id)"


def rare_breach_query(watched: WatchedRule, span_s: float, most_samples: int) -> str:
    """Ask for the satellites whose newest sample breaks a rule, of those with so few within `span_s`."""
    series = f"{series_of(watched.metric)}{until_newest(span_s)}"
    rule = watched.rule
    limits = (("<", rule.below), (">", rule.above), ("==", rule.equals))
    parts = [f"last_over_time({series}) {sign} {limit!r}" for sign, limit in limits if limit is not None]
    return f"max(({' or '.join(parts)}) and count_over_time({series}) <= {most_samples}) by (satellite_id)"


def usual_interval_s(points: Sequence[Point]) -> float:
    """How far apart the newest of a channel's samples usually are, in seconds; 0 of a single one."""
    intervals_ms = [round((later.time_s - earlier.time_s) * 1000) for earlier, later in pairwise(points)]
    return usual_beside(intervals_ms, len(intervals_ms)) / 1000


class Breaches:
    """Which satellites break which rule now, and since when."""

    def __init__(
        self,
        victoria: VictoriaMetrics,
        mission: Mission,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._victoria = victoria
        self._rules = {watched.sign: watched for watched in watched_rules(mission)}
        self._limits = mission.window
        self._span_s = max(mission.window.max_gap_s, HOLD_MS / 1000)
        self._clock = clock

    def present(self) -> set[Key]:
        """Return present breaches; none, as they are unknown, while VictoriaMetrics is unavailable."""
        try:
            return {
                (satellite, sign)
                for sign, watched in self._rules.items()
                for satellite in self._broken_by(watched)
            }
        except DependencyUnavailable as error:
            _log.warning(f"{error}; alerts come from stored verdicts only")
            return set()

    def episodes(self, keys: Iterable[Key]) -> list[Episode]:
        """Return an open episode without verdicts for each of some present breaches."""
        try:
            runs = self._runs(list(keys))
        except DependencyUnavailable as error:
            _log.warning(f"{error}; alerts come from stored verdicts only")
            return []
        return [_episode(satellite, sign, run) for (satellite, sign), run in runs.items() if run]

    def newest_value(self, episode: Episode) -> float | None:
        """Return the newest value of the channel whose limit is broken."""
        watched = self._rules[episode.sign]
        series = series_of(watched.metric, episode.satellite_id)
        query = f"last_over_time({series}{until_newest(self._limits.max_span_s)})"
        return self._victoria.newest_values(query).get(episode.satellite_id)

    def _broken_by(self, watched: WatchedRule) -> set[str]:
        """Satellites that broke a rule lately, and those sampled more rarely whose newest sample does."""
        lately = set(self._victoria.newest_values(breach_query(watched, self._span_s)))
        return lately | self._rarely(watched, known=lately)

    def _rarely(self, watched: WatchedRule, *, known: AbstractSet[str]) -> set[str]:
        """Those of a channel that may pause for longer than the others, for as long as it may."""
        span_s = self._limits.max_span_s
        most_samples = math.ceil(span_s * GAP_INTERVALS / self._span_s) + 1
        query = rare_breach_query(watched, span_s, most_samples)
        asked = self._victoria.newest_values(query).keys() - known
        if not asked:
            return set()
        samples = self._samples(watched.metric, asked, timedelta(seconds=span_s))
        now_s = self._clock().timestamp()
        return {
            satellite
            for satellite, points in samples.items()
            if now_s - points[-1].time_s <= self._limits.gap_s(usual_interval_s(points))
        }

    def _runs(self, keys: Sequence[Key]) -> Mapping[Key, Sequence[Point]]:
        runs: dict[Key, Sequence[Point]] = {}
        for sign, watched in self._rules.items():
            waiting = [satellite for satellite, of in keys if of == sign]
            for reach in LOOK_BACK:
                samples = self._samples(watched.metric, waiting, reach) if waiting else {}
                found = {name: breach_run(watched.rule, points) for name, points in samples.items()}
                runs |= {(name, sign): run for name, run in found.items()}
                waiting = [
                    name
                    for name in waiting
                    if name not in samples or (found[name] and found[name][0] == samples[name][0])
                ]
        return runs

    def _samples(self, metric: str, satellites: Iterable[str], reach: timedelta) -> dict[str, list[Point]]:
        now = self._clock()
        return self._victoria.samples_by_satellite(
            metric,
            satellites,
            start_ms=milliseconds_of(now - reach),
            end_ms=milliseconds_of(now + CLOCK_LEAD),
        )


def _episode(satellite_id: str, sign: Sign, run: Sequence[Point]) -> Episode:
    return Episode(
        satellite_id=satellite_id,
        sign=sign,
        is_open=True,
        started_ms=round(run[0].time_s * 1000),
        last_ms=round(run[-1].time_s * 1000),
    )

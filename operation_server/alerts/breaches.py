"""Limits that telemetry breaks right now, as VictoriaMetrics tells: they stand also unjudged."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from operation_server.alerts.episodes import (
    HOLD,
    Episode,
    Sign,
    breach_run,
    hold_s,
    rules_of,
    usual_interval_s,
)
from operation_server.http.parameters import CLOCK_LEAD
from operation_server.telemetry.series import milliseconds_of
from operation_server.telemetry.victoria import Point, VictoriaMetrics, series_of, until_newest
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.mission import GAP_INTERVALS, Mission, metrics_by_channel
from telemetry_core.contract.rules import Rule

LOOK_BACK: Final = (timedelta(hours=1), timedelta(hours=24))
"""How far the start of a breach is looked for; one that lasts longer starts at the limit."""
RARELY: Final = "rarely"
"""Label of what is told of a channel that may pause for longer than the others."""

_log = structlog.get_logger(__name__)

Key = tuple[str, Sign]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedRule:
    """A rule and the series that its channel is written to."""

    sign: Sign
    rule: Rule
    metric: str
    #: Its channel is sent only when it changes.
    is_on_change: bool


def watched_rules(mission: Mission) -> list[WatchedRule]:
    """List the rules whose channels VictoriaMetrics keeps."""
    metrics = metrics_by_channel(mission)
    return [
        WatchedRule(
            sign=Sign(subsystem=name, reason=rule.reason),
            rule=rule,
            metric=metrics[name, rule.channel],
            is_on_change=mission.subsystems[name].channels[rule.channel].reporting == "on_change",
        )
        for name, rule in rules_of(mission)
        if (name, rule.channel) in metrics
    ]


def breach_query(watched: WatchedRule, *, span_s: float, longest_span_s: float, most_samples: int) -> str:
    """Ask for the satellites of which some sample, none older than `span_s`, breaks a rule.

    Beside them, with the label `RARELY`, for those of which one within `longest_span_s` does, a span that
    holds no more than `most_samples` of the channel. Of one sent on change the newest within it counts.
    """
    if watched.is_on_change:
        held = _newest_breaking(watched, longest_span_s)
        return f"max({_breaking(watched, span_s)} or {held}) by (satellite_id)"
    longest = f"{series_of(watched.metric)}{until_newest(longest_span_s)}"
    rarely = f"({_breaking(watched, longest_span_s)}) and count_over_time({longest}) <= {most_samples}"
    return (
        f"max({_breaking(watched, span_s)}) by (satellite_id)"
        f' or label_set(max({rarely}) by (satellite_id), "{RARELY}", "true")'
    )


def _newest_breaking(watched: WatchedRule, span_s: float) -> str:
    newest = f"last_over_time({series_of(watched.metric)}{until_newest(span_s)})"
    limits = (("<", watched.rule.low), (">", watched.rule.high), ("==", watched.rule.equals))
    return " or ".join(f"{newest} {sign} {limit!r}" for sign, limit in limits if limit is not None)


def _breaking(watched: WatchedRule, span_s: float) -> str:
    series = f"{series_of(watched.metric)}{until_newest(span_s)}"
    rule = watched.rule
    parts = []
    if rule.low is not None:
        parts.append(f"min_over_time({series}) < {rule.low!r}")
    if rule.high is not None:
        parts.append(f"max_over_time({series}) > {rule.high!r}")
    if rule.equals is not None:
        parts.append(f"count_eq_over_time({series}, {rule.equals!r}) > 0")
    return " or ".join(parts)


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
        self._span_s = max(mission.window.max_gap_s, HOLD["hold_ms"] / 1000)
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
        """Satellites that broke a rule lately, and those sampled more rarely whose breach holds."""
        longest_span_s = self._limits.max_span_s
        query = breach_query(
            watched,
            span_s=self._span_s,
            longest_span_s=longest_span_s,
            most_samples=math.ceil(longest_span_s * GAP_INTERVALS / self._span_s) + 1,
        )
        found = self._victoria.newest(query)
        lately = {sample.labels["satellite_id"] for sample in found if RARELY not in sample.labels}
        rarely = {sample.labels["satellite_id"] for sample in found} - lately
        reach = timedelta(seconds=longest_span_s)
        samples = self._samples(watched.metric, rarely, reach) if rarely else {}
        return lately | {name for name, points in samples.items() if self._holds(watched.rule, points)}

    def _holds(self, rule: Rule, points: Sequence[Point]) -> bool:
        """Tell whether a breach lasts until now, of a channel that has not ceased."""
        age_s = self._clock().timestamp() - points[-1].time_s
        return bool(breach_run(rule, points)) and age_s <= self._limits.gap_s(usual_interval_s(points))

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
                    if name not in samples or (found[name] and _may_be_older(found[name], samples[name]))
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


def _may_be_older(run: Sequence[Point], samples: Sequence[Point]) -> bool:
    """Tell whether a breach before the first sample could have begun the run."""
    return run[0].time_s - samples[0].time_s < hold_s(samples)


def _episode(satellite_id: str, sign: Sign, run: Sequence[Point]) -> Episode:
    return Episode(
        satellite_id=satellite_id,
        sign=sign,
        is_open=True,
        started_ms=round(run[0].time_s * 1000),
        last_ms=round(run[-1].time_s * 1000),
    )

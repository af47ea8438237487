"""Limits with what it takes to compare stored samples with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from alarms.deltas import DeltaRule, measure_of
from telemetry_core.contract.mission import Mission, metrics_by_channel
from telemetry_core.contract.rules import Rule
from telemetry_core.contract.values import Values

Key = tuple[str, str, str]
"""Subsystem, channel, reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A rule as a mission has it, with what it reads."""

    rule: Rule
    #: Metric of each channel that is read, None where VictoriaMetrics stores none: the rule's, those of its
    #: context and, where the rule's is sent on change, one that tells when its subsystem was heard.
    metrics: Mapping[str, str | None]
    #: Values that are none, by channel.
    missing: Mapping[str, frozenset[float]] = field(default_factory=dict)
    #: As of its sign.
    measure: DeltaRule | None = None
    is_on_change: bool = False
    #: So long a value holds that was not sent again.
    max_span_us: int = 0

    @property
    def problem(self) -> str | None:
        """Say why stored telemetry does not tell its alarms; None: it does."""
        unstored = [channel for channel, metric in self.metrics.items() if metric is None]
        return f"metrics has no entry for {', '.join(unstored)}" if unstored else None

    @property
    def is_plain(self) -> bool:
        """Whether a value of the rule's channel is all that it is compared with."""
        return self.measure is None and len(self.metrics) == 1

    def values_of(self, channel: str, page: Mapping[str, Values]) -> Values:
        """Return a channel's samples on a page, which has them by metric."""
        values = page.get(self.metrics[channel] or "", {})
        missing = self.missing.get(channel)
        return (
            {at_us: value for at_us, value in values.items() if value not in missing} if missing else values
        )


def limits_of(mission: Mission) -> dict[Key, Limit]:
    """Return the rules of a mission."""
    metrics = metrics_by_channel(mission)
    return {
        (name, rule.channel, rule.reason): _limit(mission, metrics, name, rule)
        for name, subsystem in mission.subsystems.items()
        for rule in subsystem.rules
    }


def _limit(mission: Mission, metrics: Mapping[tuple[str, str], str], subsystem: str, rule: Rule) -> Limit:
    channels = mission.subsystems[subsystem].channels
    read = [rule.channel, *(condition.channel for condition in rule.when)]
    if channels[rule.channel].reporting == "on_change" and not rule.when:
        beside = [name for name in channels if name != rule.channel]
        # With the samples of a stored one, best a periodic one, came the value that holds.
        beside.sort(
            key=lambda name: ((subsystem, name) not in metrics, channels[name].reporting != "periodic")
        )
        read += beside[:1]
    return Limit(
        rule=rule,
        metrics={channel: metrics.get((subsystem, channel)) for channel in read},
        missing={channel: frozenset(mission.fill_values(subsystem, channel)) for channel in read},
        measure=measure_of(mission, subsystem, rule),
        is_on_change=channels[rule.channel].reporting == "on_change",
        max_span_us=round(mission.window.max_span_s * 1_000_000),
    )

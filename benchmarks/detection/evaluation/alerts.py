"""Alerts of verdicts, whoever tells them: the rule here, or the platform's alarm service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from scoring.alert_rule import Judged, alerts_of

Key = tuple[str, str]
"""Satellite and subsystem."""
Verdicts = Mapping[Key, Sequence[Judged]]
"""In generation-time order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What an operator or a client is told; times in microseconds since 1970 UTC."""

    started_us: int
    """Of the first anomalous verdict."""
    raised_us: int
    last_us: int
    """Of the newest anomalous verdict."""
    ended_us: int | None
    """None = open."""
    verdicts: int
    """Anomalous ones."""


Alerts = Mapping[Key, Sequence[Alert]]
"""In time order; a key without alerts may be missing."""
AlertsOf = Callable[[Verdicts], Alerts]


def by_rule(verdicts: Verdicts) -> dict[Key, list[Alert]]:
    """The alerts by the product's rule."""
    return {key: alerts_on(found) for key, found in verdicts.items()}


def alerts_on(verdicts: Sequence[Judged]) -> list[Alert]:
    """The alerts of one satellite and subsystem."""
    return [
        Alert(
            started_us=run.started_us,
            raised_us=run.raised_us,
            last_us=run.last_us,
            ended_us=run.ended_us,
            verdicts=run.verdict_count,
        )
        for run in alerts_of(verdicts)
        if run.raised_us is not None
    ]

"""What alarms of telemetry are about: each rule of the mission, and the on-board clock."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from alarms.deltas import DeltaRule, measure_of
from telemetry_core.contract.messages import CLOCK_PATIENCE, MAX_CLOCK_LEAD_S, MAX_DUMP_AGE_S
from telemetry_core.contract.mission import SATELLITE, Mission
from telemetry_core.contract.rules import Rule, RuleKind, Severity

CLOCK_CHANNEL: Final = "clock_behind_s"
"""How far the on-board clock lies behind the reception, in seconds, negative where it is ahead."""

NEVER_S: Final = 1e9
"""Time to a limit that is not foretold to break."""
IN_A_ROW: Final = 2
"""Forecasts in a row that raise an alarm."""
CLEAR_IN_A_ROW: Final = 3
"""Samples without one that end it."""

Kind = RuleKind | Literal["clock", "forecast"]
RULE_KINDS: Final = frozenset[Kind]({"limit", "rate", "change"})
"""Of alarms of the mission's rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A rule and the subsystem that it belongs to."""

    subsystem: str
    kind: Kind
    rule: Rule
    #: How the rate or the change is measured that the rule is about; None: it is about the value.
    measure: DeltaRule | None = None
    #: That the rule, a limit, is about to break; None: it is not foretold.
    forecast: "Sign | None" = None


_CLOCK: Final = {
    "channel": CLOCK_CHANNEL,
    "log": "",
    "severity": Severity.DISTRESS,
    "hold_s": CLOCK_PATIENCE.total_seconds(),
}
CLOCK_SIGNS: Final = (
    Sign(
        subsystem=SATELLITE,
        kind="clock",
        rule=Rule.model_validate({**_CLOCK, "reason": "clock_jumped_back", "above": MAX_DUMP_AGE_S}),
    ),
    Sign(
        subsystem=SATELLITE,
        kind="clock",
        rule=Rule.model_validate({**_CLOCK, "reason": "clock_jumped_ahead", "below": -MAX_CLOCK_LEAD_S}),
    ),
)

SET_BACK: Final = Sign(
    subsystem=SATELLITE,
    kind="clock",
    rule=Rule.model_validate({**_CLOCK, "reason": "clock_jumped_back", "above": 0}),
)
"""Of a clock that was set back by less, which contradictions tell and no age does."""


def signs_of(mission: Mission) -> Iterator[Sign]:
    """Yield all that telemetry of a mission can raise; forecasts are with their limits."""
    for name, subsystem in mission.subsystems.items():
        taken = {rule.reason for rule in subsystem.rules}
        for rule in subsystem.rules:
            sign = Sign(subsystem=name, kind=rule.kind, rule=rule, measure=measure_of(mission, name, rule))
            is_foretold = _is_foretold(mission, sign) and _forecast_reason(rule.reason) not in taken
            yield replace(sign, forecast=_forecast(sign)) if is_foretold else sign
    yield from CLOCK_SIGNS


def _is_foretold(mission: Mission, sign: Sign) -> bool:
    """Limits are of severity warning or more, without a context, on a channel that is sent periodically."""
    channel, rule = mission.subsystems[sign.subsystem].channels[sign.rule.channel], sign.rule
    return (
        sign.kind == "limit"
        and rule.severity is not Severity.WATCH
        and not (rule.below is None and rule.above is None)
        and not rule.is_contextual
        and channel.kind == "number"
        and channel.reporting != "on_change"
    )


def _forecast(limit: Sign) -> Sign:
    """Make of a limit one on the time to it, in seconds; one degree less severe."""
    degrees = list(Severity)
    rule = {
        "channel": limit.rule.channel,
        "reason": _forecast_reason(limit.rule.reason),
        "log": "",
        "below": NEVER_S,
        "severity": degrees[degrees.index(limit.rule.severity) - 1],
        "min_violations": IN_A_ROW,
        "min_clear": CLEAR_IN_A_ROW,
        "hold_s": 0,
    }
    return Sign(subsystem=limit.subsystem, kind="forecast", rule=Rule.model_validate(rule))


def _forecast_reason(reason: str) -> str:
    return f"{reason[:91]}_forecast"

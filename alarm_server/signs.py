"""What alarms of telemetry are about: each rule of the mission, and the on-board clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from alarms.deltas import DeltaRule, measure_of
from telemetry_core.contract.messages import CLOCK_PATIENCE, MAX_CLOCK_LEAD_S, MAX_DUMP_AGE_S
from telemetry_core.contract.mission import SATELLITE, Mission
from telemetry_core.contract.rules import Rule, RuleKind, Severity

CLOCK_CHANNEL: Final = "clock_behind_s"
"""How far the on-board clock lies behind the reception, in seconds, negative where it is ahead."""

Kind = RuleKind | Literal["clock", "forecast"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A rule and the subsystem that it belongs to."""

    subsystem: str
    kind: Kind
    rule: Rule
    #: How the rate or the change is measured that the rule is about; None: it is about the value.
    measure: DeltaRule | None = None


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
    """Yield all that telemetry of a mission can raise."""
    for name, subsystem in mission.subsystems.items():
        for rule in subsystem.rules:
            yield Sign(subsystem=name, kind=rule.kind, rule=rule, measure=measure_of(mission, name, rule))
    yield from CLOCK_SIGNS

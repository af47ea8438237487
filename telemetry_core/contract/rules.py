"""Rules of a mission file: what breaks one, how severe that is, and how long until it stands or is over.

A rule is about a value, its rate or its change. Severities are those of XTCE (CCSDS 660.1-G, alarm ranges
and change alarms); delays and dead band are those of ISA-18.2.
"""

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StringConstraints, model_validator

MAX_VIOLATIONS: Final = 100
MAX_DELAY_S: Final = 86_400.0
MAX_CONDITIONS: Final = 16
DEFAULT_HOLD_S: Final = 60.0
MAX_RATE_SPAN_S: Final = 600.0

RuleKind = Literal["limit", "rate", "change"]
DEFAULT_SET: Final = "default"
"""The limit set of a satellite for which no other was chosen: the rules as they stand."""
SET_FIELDS: Final = (
    "below", "above", "equals", "inclusive", "severity", "dead_band", "min_violations", "min_duration_s",
    "hold_s", "min_clear", "latching", "switched_off",
)  # fmt: skip
"""What a limit set may replace of a rule: what it says of its limit, not what it is about."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Reason = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,99}$")]
"""As long as the columns and alert ids that hold it."""


class MissionPart(BaseModel):
    """A part of a mission file: unknown keys are refused, and nothing changes it once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Severity(StrEnum):
    """How bad a broken limit is, from the least on."""

    WATCH = "watch"
    WARNING = "warning"
    DISTRESS = "distress"
    CRITICAL = "critical"
    SEVERE = "severe"


class Condition(MissionPart):
    """What a channel of the subsystem says while a rule is compared; a bound itself is not beyond it."""

    channel: Name
    below: FiniteFloat | None = None
    above: FiniteFloat | None = None
    equals: FiniteFloat | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if sum(bound is not None for bound in (self.below, self.above, self.equals)) != 1:
            raise ValueError("a condition needs exactly one of below, above, equals; all of when must hold")
        return self

    def holds(self, value: float) -> bool | None:
        """Tell whether it holds; None of a missing value (NaN)."""
        if math.isnan(value):
            return None
        if self.below is not None:
            return value < self.below
        if self.above is not None:
            return value > self.above
        return value == self.equals


class Rate(MissionPart):
    """How fast a channel may rise and fall, in its unit per second or per minute."""

    rises: FiniteFloat | None = Field(default=None, ge=0)
    falls: FiniteFloat | None = Field(default=None, ge=0)
    per: Literal["second", "minute"] = "second"
    over_s: FiniteFloat = Field(default=0, ge=0, le=MAX_RATE_SPAN_S)
    """Against the newest sample that is so much earlier; 0 = against the one before."""

    @model_validator(mode="after")
    def _has_a_side(self) -> Self:
        if self.rises is None and self.falls is None:
            raise ValueError("rate needs rises, falls or both")
        return self

    @property
    def unit_s(self) -> float:
        """Seconds that the rate is counted by."""
        return 60.0 if self.per == "minute" else 1.0


class Rule(MissionPart):
    """A limit, of a value or of its rate, or the demand that a value stays.

    A message that breaks the limit of a value starts an inference; as many as it says raise an alarm.
    """

    channel: Name
    reason: Reason
    log: str
    """Line of the trigger's log; `{value}` stands for the value."""
    below: FiniteFloat | None = None
    above: FiniteFloat | None = None
    equals: FiniteFloat | None = None
    rate: Rate | None = None
    change: bool = False
    """Whether each change of the value breaks it."""
    when: tuple[Condition, ...] = Field(default=(), max_length=MAX_CONDITIONS)
    """Its context: it is compared only with samples at whose time all of them hold."""
    inclusive: bool = False
    """Whether the limit itself breaks it, too."""
    severity: Severity = Severity.CRITICAL
    dead_band: FiniteFloat = Field(default=0, ge=0)
    """So far within the limit a value, or a rate, must come back before it is clear of it."""
    min_violations: int = Field(default=1, ge=1, le=MAX_VIOLATIONS)
    """Samples in a row that break it before it is an alarm."""
    min_duration_s: FiniteFloat = Field(default=0, ge=0, le=MAX_DELAY_S)
    """For so long samples must break it before it is an alarm."""
    hold_s: FiniteFloat = Field(default=DEFAULT_HOLD_S, ge=0, le=MAX_DELAY_S)
    """So long after the last violation a clear sample ends the alarm; if longer, three usual intervals."""
    min_clear: int = Field(default=1, ge=1, le=MAX_VIOLATIONS)
    """Clear samples that it takes to end the alarm."""
    latching: bool = False
    """Whether an alarm that is over stays until an operator resets it."""
    switched_off: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None
    ) = None
    """Why it is compared with nothing; None = it is compared."""

    @model_validator(mode="after")
    def _is_about_one_thing(self) -> Self:
        has_limit = any(bound is not None for bound in (self.below, self.above, self.equals))
        if not has_limit and self.rate is None and not self.change:
            raise ValueError(
                "a rule needs at least one of below, above, equals, or else rate, or change: true"
            )
        if has_limit + (self.rate is not None) + self.change > 1:
            raise ValueError(
                "a rule is about a value (below, above, equals), its rate or its change: write one rule for"
                " each"
            )
        return self

    @model_validator(mode="after")
    def _change_is_an_alarm_at_once(self) -> Self:
        if self.change and (self.inclusive or self.dead_band or self.is_delayed):
            raise ValueError(
                "change has no limit and is an alarm at once: inclusive, dead_band, min_violations and"
                " min_duration_s do not belong to it"
            )
        return self

    @model_validator(mode="after")
    def _dead_band_leaves_a_clear_value(self) -> Self:
        if not self.dead_band:
            return self
        lower, upper = self._sides
        if lower is None and upper is None:
            raise ValueError("dead_band belongs to below or above, not to equals")
        width = (math.inf if upper is None else upper) - (-math.inf if lower is None else lower)
        if width < 2 * self.dead_band:
            raise ValueError("dead_band leaves no value between below and above that is clear of both")
        return self

    @model_validator(mode="after")
    def _context_can_hold(self) -> Self:
        for name in {condition.channel for condition in self.when}:
            if not _can_hold([condition for condition in self.when if condition.channel == name]):
                raise ValueError(f"when never holds: no value of {name} meets all of its conditions")
        return self

    @property
    def kind(self) -> RuleKind:
        """What it is about."""
        if self.change:
            return "change"
        return "limit" if self.rate is None else "rate"

    @property
    def _sides(self) -> tuple[float | None, float | None]:
        """Below and above which a value, or a rate, breaks it."""
        if self.rate is None:
            return self.below, self.above
        return None if self.rate.falls is None else -self.rate.falls, self.rate.rises

    @property
    def is_contextual(self) -> bool:
        """Whether it is compared in a context only; one that is switched off, in none."""
        return bool(self.when) or self.switched_off is not None

    def is_in_context(self, values: Mapping[str, float]) -> bool | None:
        """Tell by the channels of one sample set whether the rule is compared; None = they do not tell."""
        if self.switched_off is not None:
            return False
        held = [condition.holds(values[condition.channel]) for condition in self.when]
        if False in held:
            return False
        return None if None in held else True

    @property
    def is_delayed(self) -> bool:
        """Whether one violation alone is no alarm."""
        return self.min_violations > 1 or self.min_duration_s > 0

    @property
    def low(self) -> float | None:
        """A value, or a rate, under it breaks the rule; None = nothing low does."""
        lower, _ = self._sides
        return math.nextafter(lower, math.inf) if lower is not None and self.inclusive else lower

    @property
    def high(self) -> float | None:
        """A value, or a rate, over it breaks the rule; None = nothing high does."""
        _, upper = self._sides
        return math.nextafter(upper, -math.inf) if upper is not None and self.inclusive else upper

    def is_breached(self, value: float) -> bool:
        """Tell whether a value, or a rate, lies outside; a missing one (NaN) never does."""
        return self.broken_limit(value) is not None

    def broken_limit(self, value: float) -> float | None:
        """Return the limit that a value, or a rate, breaks, as it is written; None if it breaks none."""
        lower, upper = self._sides
        if self.low is not None and value < self.low:
            return lower
        if self.high is not None and value > self.high:
            return upper
        return self.equals if value == self.equals else None

    def is_clear(self, value: float) -> bool:
        """Tell whether it lies within by the dead band or more; a missing one (NaN) never does."""
        lower, upper = self._sides
        return (
            not math.isnan(value)
            and not self.is_breached(value)
            and (lower is None or value >= lower + self.dead_band)
            and (upper is None or value <= upper - self.dead_band)
        )


def _can_hold(conditions: Sequence[Condition]) -> bool:
    """Tell whether a value can meet all conditions on one channel."""
    least = max((one.above for one in conditions if one.above is not None), default=-math.inf)
    most = min((one.below for one in conditions if one.below is not None), default=math.inf)
    exact = {one.equals for one in conditions if one.equals is not None}
    return least < most if not exact else len(exact) == 1 and least < min(exact) < most

"""Limits of a mission file: what breaks one, how severe that is, and how long until it stands or is over.

Severities are those of XTCE (CCSDS 660.1-G, alarm ranges); delays and dead band are those of ISA-18.2.
"""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StringConstraints, model_validator

MAX_VIOLATIONS: Final = 100
MAX_DELAY_S: Final = 86_400.0
MAX_CONDITIONS: Final = 16
DEFAULT_HOLD_S: Final = 60.0

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


class Rule(MissionPart):
    """A limit: one message that breaks it starts an inference, and as many as it says raise an alarm."""

    channel: Name
    reason: Reason
    log: str
    """Line of the trigger's log; `{value}` stands for the value."""
    below: float | None = None
    above: float | None = None
    equals: float | None = None
    when: tuple[Condition, ...] = Field(default=(), max_length=MAX_CONDITIONS)
    """Its context: it is compared only with samples at whose time all of them hold."""
    inclusive: bool = False
    """Whether the limit itself breaks it, too."""
    severity: Severity = Severity.CRITICAL
    dead_band: FiniteFloat = Field(default=0, ge=0)
    """In the channel's unit: so far within the limit a value must come back before it is clear of it."""
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

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.below is None and self.above is None and self.equals is None:
            raise ValueError("a rule needs at least one of below, above, equals")
        return self

    @model_validator(mode="after")
    def _dead_band_leaves_a_clear_value(self) -> Self:
        if not self.dead_band:
            return self
        if self.below is None and self.above is None:
            raise ValueError("dead_band belongs to below or above, not to equals")
        width = (math.inf if self.above is None else self.above) - (
            -math.inf if self.below is None else self.below
        )
        if width < 2 * self.dead_band:
            raise ValueError("dead_band leaves no value between below and above that is clear of both")
        return self

    @property
    def is_contextual(self) -> bool:
        """Whether it is compared in a context only."""
        return bool(self.when)

    def is_in_context(self, values: Mapping[str, float]) -> bool | None:
        """Tell by the channels of one sample set whether the rule is compared; None = they do not tell."""
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
        """A value under it breaks the rule; None = nothing low does."""
        if self.below is None or not self.inclusive:
            return self.below
        return math.nextafter(self.below, math.inf)

    @property
    def high(self) -> float | None:
        """A value over it breaks the rule; None = nothing high does."""
        if self.above is None or not self.inclusive:
            return self.above
        return math.nextafter(self.above, -math.inf)

    def is_breached(self, value: float) -> bool:
        """Tell whether `value` lies outside; a missing one (NaN) never does."""
        return self.broken_limit(value) is not None

    def broken_limit(self, value: float) -> float | None:
        """Return the limit that `value` breaks, as it is written; None of one that breaks none."""
        if self.low is not None and value < self.low:
            return self.below
        if self.high is not None and value > self.high:
            return self.above
        return self.equals if value == self.equals else None

    def is_clear(self, value: float) -> bool:
        """Tell whether `value` lies within by the dead band or more; a missing one (NaN) never does."""
        return (
            not math.isnan(value)
            and not self.is_breached(value)
            and (self.below is None or value >= self.below + self.dead_band)
            and (self.above is None or value <= self.above - self.dead_band)
        )

"""Limits as clients see and change them."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, FiniteFloat

from operation_server.http.parameters import KeyName, OperatorAction
from operation_server.http.responses import Answer
from telemetry_core.contract.rules import Rate, RuleKind, Severity

Bound = FiniteFloat | None


class LimitValues(Answer):
    """All of a rule that can be changed while the platform runs."""

    model_config = ConfigDict(extra="forbid")

    below: Bound = Field(description="In the channel's unit; null: nothing low breaks it")
    above: Bound = Field(description="In the channel's unit; null: nothing high breaks it")
    equals: Bound
    inclusive: bool = Field(description="Whether the limit itself breaks it, too")
    severity: Severity
    dead_band: FiniteFloat = Field(description="In the channel's unit")
    min_violations: int
    min_duration_s: FiniteFloat
    hold_s: FiniteFloat
    min_clear: int
    latching: bool


Fields = dict[str, bool | float | str | None]


class LimitChange(Answer):
    """Who changed a limit, when and why."""

    version: int = Field(description="Of the rule, counted from 1")
    fields: Fields = Field(
        description="What differs from the mission file; empty: nothing does", examples=[{"below": 25}]
    )
    operator: str = Field(examples=["Ada"])
    comment: str
    at: datetime


class RuleChange(LimitChange):
    """A change with the rule that it is of."""

    subsystem: str = Field(examples=["eps"])
    reason: str = Field(examples=["low_battery"])


class ChangeStep(RuleChange):
    """A change with what it made of the version before, and whose key made it."""

    key_name: KeyName
    old: Fields = Field(description="What it changed, before", examples=[{"below": 30}])
    new: Fields = Field(description="The same afterwards", examples=[{"below": 25}])


class Limit(Answer):
    """A rule of the mission: what is in force, and what the mission file says."""

    subsystem: str = Field(examples=["eps"])
    reason: str = Field(examples=["low_battery"])
    channel: str = Field(examples=["battery_soc_percent"])
    unit: str
    kind: RuleKind = Field(description="Whether it is about a value, its rate or its change")
    rate: Rate | None = Field(description="Of a rule on a rate: as in the mission file")
    is_contextual: bool = Field(description="Whether it is compared only while other channels say so")
    switched_off: str | None = Field(
        description="Why the mission file has it compared with nothing; null: it is compared"
    )
    in_force: LimitValues
    file: LimitValues
    version: int = Field(description="Newest one of its changes; 0: it was never changed")
    change: LimitChange | None = Field(description="The newest one")


class UnfitChange(RuleChange):
    """A change that is not in force, because the mission file has moved on."""

    problem: str


class LimitList(Answer):
    """All limits, in the mission's order."""

    mission: str
    limits: list[Limit]
    unfit: list[UnfitChange] = Field(description="Changes that are not in force, and why")


class LimitChanges(Answer):
    """A page of the history, newest first."""

    changes: list[ChangeStep]
    next_cursor: int | None = Field(description="Where the next page begins; null: this is the last one")


class NewLimit(OperatorAction):
    """What a limit becomes, who changes it, and why."""

    version: Annotated[
        int,
        Field(ge=0, description="The version that the operator saw: refused if it is no longer the newest"),
    ]
    values: LimitValues

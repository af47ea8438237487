"""Limit sets as clients see and switch them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from operation_server.http.parameters import KeyName, OperatorAction
from operation_server.http.responses import Answer
from operation_server.limits.schemas import Fields
from telemetry_core.contract.rules import Name

NewestVersion = Annotated[
    int, Field(ge=0, description="The version that the operator saw: refused if it is no longer the newest")
]


class SetRule(Answer):
    """What a limit set makes of a rule."""

    subsystem: str = Field(examples=["eps"])
    reason: str = Field(examples=["low_battery"])
    channel: str = Field(examples=["battery_soc_percent"])
    unit: str
    fields: Fields = Field(
        description="What it replaces, whatever the mission file and operators' changes say of it",
        examples=[{"below": 20}],
    )
    switched_off: str | None = Field(description="Why nothing is compared with it; null: it is compared")


class LimitSet(Answer):
    """A set: `default` is the rules themselves."""

    name: str = Field(examples=["safe_mode"])
    rules: list[SetRule]


class SatelliteSet(Answer):
    """Which set a satellite uses, since when, by whom and why."""

    satellite_id: str
    limit_set: str = Field(examples=["safe_mode"])
    version: int = Field(description="Of the satellite, counted from 1: a switch names it")
    operator: str = Field(examples=["Ada"])
    comment: str
    at: datetime
    problem: str | None = Field(description="Why `default` holds instead; null: the set is in force")


class LimitSets(Answer):
    """All sets in the mission file's order, `default` first, and the satellites that were ever switched."""

    mission: str
    sets: list[LimitSet]
    satellites: list[SatelliteSet] = Field(description="By name; all others use `default`, version 0")


class SetChange(Answer):
    """That a satellite was switched from one set to another."""

    satellite_id: str
    version: int
    old: str = Field(examples=["default"])
    new: str = Field(examples=["safe_mode"])
    operator: str = Field(examples=["Ada"])
    key_name: KeyName
    comment: str
    at: datetime


class SetChanges(Answer):
    """A page of the history, newest first."""

    changes: list[SetChange]
    next_cursor: int | None = Field(description="Where the next page begins; null: this is the last one")


class NewSet(OperatorAction):
    """Which set a satellite is to use, who switches it, and why."""

    version: NewestVersion
    limit_set: Name = Field(examples=["safe_mode"])

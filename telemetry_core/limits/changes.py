"""What a mission is once its limits were changed: pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from pydantic import ValidationError

from telemetry_core.contract.errors import PlatformError
from telemetry_core.contract.mission import Mission, Subsystem
from telemetry_core.contract.rules import Rule

RuleName = tuple[str, str]
"""Subsystem and reason."""


class LimitRefused(PlatformError):  # noqa: N818 - named for what it says
    """A change that its rule can't take; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitChange:
    """What an operator changed of a rule of the mission file."""

    subsystem: str
    reason: str
    version: int
    #: Values in place of the file's; empty: the rule is as in the file.
    fields: Mapping[str, Any]
    operator: str
    comment: str
    at: datetime

    @property
    def rule(self) -> RuleName:
        """Which rule is changed."""
        return self.subsystem, self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The newest change of each rule, and the mission that follows from them."""

    file: Mission
    mission: Mission
    changes: Mapping[RuleName, LimitChange]
    #: Why changes are not in force: the mission file has moved on since they were made.
    unfit: Mapping[RuleName, str]

    @classmethod
    def of(cls, file: Mission) -> Self:
        """Return those of a mission file, unchanged."""
        return cls(file=file, mission=file, changes={}, unfit={})

    def after(self, changes: Iterable[LimitChange]) -> Self:
        """Return what holds after some more changes."""
        newest = {**self.changes, **{change.rule: change for change in changes}}
        mission, unfit = self.file, {}
        for change in newest.values():
            try:
                mission = with_fields(mission, change.rule, change.fields)
            except LimitRefused as refused:
                unfit[change.rule] = str(refused)
        return replace(self, mission=mission, changes=newest, unfit=unfit)


def rule_of(mission: Mission, name: RuleName) -> Rule | None:
    """Find a rule; None where the mission has none of that name."""
    subsystem = mission.subsystems.get(name[0])
    rules = subsystem.rules if subsystem else ()
    return next((rule for rule in rules if rule.reason == name[1]), None)


def with_fields(mission: Mission, name: RuleName, fields: Mapping[str, Any]) -> Mission:
    """Return the mission with some fields of a rule replaced, or raise `LimitRefused`."""
    if rule_of(mission, name) is None:
        raise LimitRefused(f"the mission file has no rule {name[1]} of {name[0]}")
    if not fields:
        return mission
    body = mission.subsystems[name[0]].model_dump()
    for rule in body["rules"]:
        if rule["reason"] == name[1]:
            rule.update(fields)
    try:
        changed = Subsystem.model_validate(body)
    except ValidationError as error:
        raise LimitRefused("; ".join(_sentence(item) for item in error.errors())) from error
    return mission.model_copy(update={"subsystems": {**mission.subsystems, name[0]: changed}})


def _sentence(item: Any) -> str:
    """Say what is wrong, and of which field if it is about one: `rules`, its place, the field."""
    field = ".".join(str(part) for part in item["loc"][2:])
    text = item["msg"].removeprefix("Value error, ")
    return f"{field}: {text}" if field else text

"""What a mission is once its limits were changed and limit sets switched: pure.

Three layers: the rule of the mission file, what operators changed of it, and what a satellite's limit set
replaces.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from pydantic import ValidationError

from telemetry_core.contract.errors import PlatformError
from telemetry_core.contract.mission import Mission, sentence_of
from telemetry_core.contract.rules import DEFAULT_SET, Rule

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
class SetSwitch:
    """That an operator let a satellite use a limit set."""

    satellite_id: str
    #: Of the satellite, counted from 1.
    version: int
    limit_set: str
    operator: str
    comment: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The newest change of each rule, the newest switch of each satellite, and what follows from them."""

    file: Mission
    #: The mission in force by limit set; `default` is the one of most satellites.
    missions: Mapping[str, Mission]
    changes: Mapping[RuleName, LimitChange] = field(default_factory=dict)
    #: Why changes are not in force: the mission file has moved on since they were made.
    unfit: Mapping[RuleName, str] = field(default_factory=dict)
    #: By satellite.
    switches: Mapping[str, SetSwitch] = field(default_factory=dict)

    @classmethod
    def of(cls, file: Mission) -> Self:
        """Return those of a mission file, unchanged."""
        names = (DEFAULT_SET, *file.limit_sets)
        return cls(file=file, missions={name: file.with_set(name) for name in names})

    @property
    def mission(self) -> Mission:
        """The mission in force for satellites that use no other set."""
        return self.missions[DEFAULT_SET]

    def set_of(self, satellite_id: str) -> str:
        """Return which limit set a satellite uses; `default` where the mission file has its set no more."""
        switch = self.switches.get(satellite_id)
        return switch.limit_set if switch and switch.limit_set in self.missions else DEFAULT_SET

    def mission_of(self, satellite_id: str) -> Mission:
        """Return the mission in force for a satellite."""
        return self.missions[self.set_of(satellite_id)]

    def after(self, changes: Iterable[LimitChange], switches: Iterable[SetSwitch] = ()) -> Self:
        """Return what holds after some more changes and switches."""
        newest = {**self.changes, **{change.rule: change for change in changes}}
        switched = {**self.switches, **{switch.satellite_id: switch for switch in switches}}
        missions, unfit = dict(self.of(self.file).missions), dict[RuleName, str]()
        for change in newest.values():
            for name, mission in list(missions.items()):
                try:
                    missions[name] = with_change(mission, name, change.rule, change.fields)
                except LimitRefused as refused:
                    unfit.setdefault(change.rule, str(refused))
        return replace(self, missions=missions, changes=newest, unfit=unfit, switches=switched)


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
    try:
        changed = mission.subsystems[name[0]].with_rules({name[1]: fields})
    except ValidationError as error:
        raise LimitRefused("; ".join(sentence_of(item) for item in error.errors())) from error
    return mission.model_copy(update={"subsystems": {**mission.subsystems, name[0]: changed}})


def require_possible(file: Mission, name: RuleName, fields: Mapping[str, Any]) -> None:
    """Raise `LimitRefused` where a change can't be taken by a rule, or by what a limit set makes of it."""
    for limit_set, mission in Limits.of(file).missions.items():
        with_change(mission, limit_set, name, fields)


def set_fields(file: Mission, limit_set: str, name: RuleName) -> Mapping[str, Any]:
    """Return what a limit set replaces of a rule; nothing where it leaves it alone."""
    return file.limit_sets.get(limit_set, {}).get(name[0], {}).get(name[1], {})


def with_change(mission: Mission, limit_set: str, name: RuleName, fields: Mapping[str, Any]) -> Mission:
    """Return what a change makes of the mission of a limit set, or raise `LimitRefused`.

    Of the fields that both name the set's value stays.
    """
    named = set_fields(mission, limit_set, name)
    try:
        return with_fields(mission, name, {key: value for key, value in fields.items() if key not in named})
    except LimitRefused as refused:
        if not named:
            raise
        raise LimitRefused(f"with what limit set {limit_set} makes of it: {refused}") from refused

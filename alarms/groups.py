"""Which alarms of a satellite came together: pure.

A group follows from the begins of its alarms, in whatever order they are told; only its name remembers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

NEAR_US: Final = 60_000_000
"""Alarms that begin this near to each other are of one group, and so are those that others connect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An alarm, when it began (microseconds since 1970 UTC), and the name of its group so far."""

    alarm_id: str
    started_us: int
    group_id: str | None = None


def groups_of(members: Iterable[Member]) -> dict[str, str]:
    """Return the group of each alarm of one satellite, by the alarms' ids.

    A group has the name of one of its alarms. It keeps the name when earlier ones come; of several that
    became one, the earliest alarm that has given its name stays.
    """
    return {member.alarm_id: _name(group) for group in _together(members) for member in group}


def groups_joined(new: Iterable[Member], neighbours: Iterable[Member]) -> dict[str, str] | None:
    """Return the groups of alarms that have none yet, by those that begin nearest before and after each.

    None: they connect groups, whose alarms `groups_of` must all see.
    """
    found: dict[str, str] = {}
    for group in _together([*new, *neighbours]):
        names = {member.group_id for member in group if member.group_id is not None}
        if len(names) > 1:
            return None
        name = next(iter(names), group[0].alarm_id)
        found |= {member.alarm_id: name for member in group if member.group_id is None}
    return found


def _together(members: Iterable[Member]) -> list[list[Member]]:
    """Part alarms where none begins near to the one before."""
    together: list[list[Member]] = []
    for member in sorted(members, key=lambda one: (one.started_us, one.alarm_id)):
        if together and member.started_us - together[-1][-1].started_us <= NEAR_US:
            together[-1].append(member)
        else:
            together.append([member])
    return together


def _name(group: list[Member]) -> str:
    return next((member for member in group if member.group_id == member.alarm_id), group[0]).alarm_id

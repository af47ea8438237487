"""The life of an alarm after ISA-18.2 (IEC 62682): its states, what moves it, and what operators may not do.

An alarm's state follows from what is known of it; nothing keeps a state that could contradict that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """States of ISA-18.2, clause 5.3; the two that are latched are those of its annex."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED_UNACKNOWLEDGED = "returned_unacknowledged"
    LATCHED_UNACKNOWLEDGED = "latched_unacknowledged"
    LATCHED_ACKNOWLEDGED = "latched_acknowledged"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed_by_design"
    OUT_OF_SERVICE = "out_of_service"


class Action(StrEnum):
    """What moves an alarm: telemetry and verdicts by the first two, operators or the platform by the rest."""

    RAISE = "raise"
    RETURN = "return"
    ACKNOWLEDGE = "acknowledge"
    RESET = "reset"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    EXPIRE = "expire"
    SUPPRESS = "suppress"
    UNSUPPRESS = "unsuppress"
    REMOVE_FROM_SERVICE = "remove_from_service"
    RETURN_TO_SERVICE = "return_to_service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of an alarm."""

    is_standing: bool
    is_acknowledged: bool = False
    is_latching: bool = False
    is_reset: bool = False
    """Of a latching one that returned: an operator let it go."""
    is_shelved: bool = False
    is_suppressed: bool = False
    is_out_of_service: bool = False


class Refused(Exception):  # noqa: N818 - named for what happened
    """An action that the state does not allow; the text says why and what to do."""


def facts_of(code: int) -> Facts:
    """Read the column `facts` of `ops.alarm_states`: a bit for each fact, the first is the lowest."""
    return Facts(**{fact.name: bool(code >> place & 1) for place, fact in enumerate(fields(Facts))})


def state_of(facts: Facts) -> State:
    """Return the state: out of service before suppressed before shelved before what the condition is."""
    if facts.is_out_of_service:
        return State.OUT_OF_SERVICE
    if facts.is_suppressed:
        return State.SUPPRESSED
    if facts.is_shelved:
        return State.SHELVED
    if facts.is_standing:
        return State.ACKNOWLEDGED if facts.is_acknowledged else State.UNACKNOWLEDGED
    if facts.is_latching and not facts.is_reset:
        return State.LATCHED_ACKNOWLEDGED if facts.is_acknowledged else State.LATCHED_UNACKNOWLEDGED
    return State.NORMAL if facts.is_acknowledged else State.RETURNED_UNACKNOWLEDGED


@dataclass(frozen=True, slots=True, kw_only=True)
class _Transition:
    change: Mapping[str, bool]
    #: Which facts stand in its way, each with what the operator is told.
    refusals: tuple[tuple[Callable[[Facts], bool], str], ...] = ()


_TRANSITIONS: Final[Mapping[Action, _Transition]] = {
    Action.RAISE: _Transition(change={"is_standing": True, "is_reset": False}),
    Action.RETURN: _Transition(change={"is_standing": False}),
    Action.ACKNOWLEDGE: _Transition(
        change={"is_acknowledged": True},
        refusals=((lambda facts: facts.is_acknowledged, "it is acknowledged already"),),
    ),
    Action.RESET: _Transition(
        change={"is_reset": True},
        refusals=(
            (lambda facts: not facts.is_latching, "its limit is not latching: it returns by itself"),
            (lambda facts: facts.is_standing, "its limit is still broken: reset it once it has returned"),
            (lambda facts: not facts.is_acknowledged, "acknowledge it first, then reset it"),
            (lambda facts: facts.is_reset, "it is reset already"),
        ),
    ),
    Action.SHELVE: _Transition(
        change={"is_shelved": True},
        refusals=((lambda facts: facts.is_shelved, "it is shelved already: unshelve it first"),),
    ),
    Action.UNSHELVE: _Transition(
        change={"is_shelved": False},
        refusals=((lambda facts: not facts.is_shelved, "it is not shelved"),),
    ),
    Action.EXPIRE: _Transition(change={"is_shelved": False}),
    Action.SUPPRESS: _Transition(change={"is_suppressed": True}),
    Action.UNSUPPRESS: _Transition(change={"is_suppressed": False}),
    Action.REMOVE_FROM_SERVICE: _Transition(
        change={"is_out_of_service": True},
        refusals=((lambda facts: facts.is_out_of_service, "it is out of service already"),),
    ),
    Action.RETURN_TO_SERVICE: _Transition(
        change={"is_out_of_service": False},
        refusals=((lambda facts: not facts.is_out_of_service, "it is in service"),),
    ),
}


def after(facts: Facts, action: Action) -> Facts:
    """Return what is known after an action, or raise `Refused` where the state does not allow it.

    What telemetry or the platform does is never refused: it may come twice, and then changes nothing.
    """
    transition = _TRANSITIONS[action]
    for stands_in_its_way, reason in transition.refusals:
        if stands_in_its_way(facts):
            raise Refused(reason)
    return replace(facts, **transition.change)

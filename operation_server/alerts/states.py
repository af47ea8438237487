"""From the life of an alarm to the words of an alert, and back. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final, Literal

from alarms.life_cycle import Facts, State, facts_of, state_of
from operation_server.alarms.states import ALL_CODES
from telemetry_core.contract.rules import Severity as AlarmSeverity

AlertState = Literal["unacknowledged", "acknowledged", "returned", "cleared"]
AlertKind = Literal["anomaly", "limit", "satellite"]
Severity = Literal["critical", "serious"]
Suppression = Literal["shelved", "suppressed_by_design", "out_of_service"]

OPEN: Final[tuple[AlertState, ...]] = ("unacknowledged", "acknowledged")
CLEARED: Final[AlertState] = "cleared"
ALARM_KINDS: Final[Mapping[AlertKind, tuple[str, ...]]] = {
    "anomaly": ("anomaly",),
    "limit": ("limit", "rate", "change", "forecast"),
    "satellite": ("stale", "clock"),
}
"""Those of the platform itself are alarms and no alerts of a satellite."""
LISTED_KINDS: Final = tuple(kind for kinds in ALARM_KINDS.values() for kind in kinds)
_STATES: Final[Mapping[State, AlertState]] = {
    State.UNACKNOWLEDGED: "unacknowledged",
    State.LATCHED_UNACKNOWLEDGED: "unacknowledged",
    State.ACKNOWLEDGED: "acknowledged",
    State.LATCHED_ACKNOWLEDGED: "acknowledged",
    State.RETURNED_UNACKNOWLEDGED: "returned",
    State.NORMAL: "cleared",
}
_SUPPRESSIONS: Final[Mapping[State, Suppression]] = {
    State.SHELVED: "shelved",
    State.SUPPRESSED: "suppressed_by_design",
    State.OUT_OF_SERVICE: "out_of_service",
}


def alert_state(facts: Facts) -> AlertState:
    """Name the state beneath what hides it; a latched alarm stays open until an operator resets it."""
    return _STATES[state_of(replace(facts, is_shelved=False, is_suppressed=False, is_out_of_service=False))]


def suppression_of(facts: Facts) -> Suppression | None:
    """Say why an alert calls nobody; None: nothing hides it."""
    return _SUPPRESSIONS.get(state_of(facts))


def codes_of(states: Collection[AlertState]) -> list[int]:
    """Return all values of the column `facts` whose alert has one of these states."""
    return [code for code in ALL_CODES if alert_state(facts_of(code)) in states]


def alert_kind(alarm_kind: str) -> AlertKind:
    """Put a kind of alarm among those of alerts."""
    return next(kind for kind, kinds in ALARM_KINDS.items() if alarm_kind in kinds)


def severity_of(severity: str) -> Severity:
    """Put a severity of XTCE into one of two words."""
    return "critical" if severity in {AlarmSeverity.CRITICAL, AlarmSeverity.SEVERE} else "serious"

"""What was read of the fleet, put together: pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from operation_server.alarms.filters import UNHEARD_AFTER
from operation_server.alerts.states import Severity, severity_of
from operation_server.http.responses import State
from telemetry_core.contract.mission import Mission
from telemetry_core.postgres.store import Row

WORST_FIRST: Final[tuple[State, ...]] = ("critical", "serious", "caution", "off", "standby", "normal")
WHOLE: Final = ""
"""Stands for a subsystem where alerts belong to none of the mission's."""

Part = tuple[str, str]
"""Satellite and subsystem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlert:
    """An alarm that stands or is latched."""

    kind: str
    severity: Severity
    needs_attention: bool
    #: It calls nobody: it is shelved or out of service.
    is_suppressed: bool
    #: Of a wrong clock, how many seconds it lies behind.
    value: float | None
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFacts:
    """What is known of one subsystem of a satellite."""

    last_contact: datetime | None
    is_stale: bool
    #: It is in no pass, or was not heard in it yet.
    is_out_of_contact: bool
    verdict: str | None
    status: str | None
    alerts: Sequence[OpenAlert]


def state_of_alerts(alerts: Sequence[OpenAlert]) -> State | None:
    """The worst that waits for a person, else that somebody knows of them; None: there are none."""
    waiting = {alert.severity for alert in alerts if alert.needs_attention}
    if waiting:
        return "critical" if "critical" in waiting else "serious"
    return "caution" if alerts else None


def state_of_part(facts: PartFacts) -> State:
    """An open alert wins, then silence; only a nominal verdict on telemetry of now is normal."""
    of_alerts = state_of_alerts(facts.alerts)
    if of_alerts:
        return of_alerts
    if facts.is_stale:
        return "off"
    if facts.status == "failed":
        return "caution"
    return "normal" if facts.verdict == "nominal" and not facts.is_out_of_contact else "standby"


def state_of_satellite(parts: Iterable[State], *, is_stale: bool) -> State:
    """The worst of its subsystems; a silent one of a satellite in contact counts as waiting."""
    heard: list[State] = [state if is_stale or state != "off" else "standby" for state in parts]
    return min(heard, key=WORST_FIRST.index)


def open_alerts(mission: Mission, alarms: Sequence[Row]) -> dict[Part, list[OpenAlert]]:
    """Read rows of alarms that stand or are latched, by satellite and subsystem; else by `WHOLE`."""
    found: dict[Part, list[OpenAlert]] = defaultdict(list)
    for row in alarms:
        alert = OpenAlert(
            kind=row["kind"],
            severity=severity_of(row["severity"]),
            needs_attention=row["needs_attention"],
            is_suppressed=row["is_suppressed"],
            value=row["value"],
            channel=row["channel"],
        )
        subsystem = row["subsystem"] if row["subsystem"] in mission.subsystems else WHOLE
        found[row["satellite_id"], subsystem].append(alert)
    return found


def overview(  # noqa: PLR0913 - what was read, each from its own place
    mission: Mission,
    contacts: Mapping[Part, datetime],
    verdicts: Sequence[Row],
    alerts: Mapping[Part, Sequence[OpenAlert]],
    returned: Mapping[str, int],
    *,
    plans: Mapping[str, Row],
    patience: Mapping[str, Mapping[str, float]],
    retired: Mapping[str, Row],
    now: datetime,
) -> dict[str, Any]:
    """Put together what was read, in the order of `urgency`; retired satellites too."""
    by_part = {(row["satellite_id"], row["subsystem"]): row for row in verdicts}
    names = {name for name, _ in [*by_part, *contacts, *alerts]} | returned.keys() | retired.keys()
    found = [
        _satellite(
            mission,
            name,
            contacts,
            by_part,
            alerts,
            returned.get(name, 0),
            plans.get(name),
            patience_s=patience.get(name, {}),
            now=now,
        )
        | {"retired": retired.get(name)}
        for name in names
    ]
    found.sort(key=lambda item: urgency(item, now=now))
    return {"generated_at": now, "satellites": found}


def listed(fleet: Row, *, retired: bool) -> dict[str, Any]:
    """Return the fleet with its retired satellites alone or with all others, counted by state."""
    found = [item for item in fleet["satellites"] if (item["retired"] is not None) == retired]
    counts = Counter(item["state"] for item in found)
    return {
        **fleet,
        "counts": {state: counts[state] for state in WORST_FIRST},
        "retired_count": sum(item["retired"] is not None for item in fleet["satellites"]),
        "satellites": found,
    }


def urgency(satellite: Row, *, now: datetime) -> tuple[bool, int, bool, str]:
    """Return the place of a satellite: the worst first, of equally bad ones those in contact.

    Those that nobody heard for a day come last: what stood when a satellite was lost stands for ever.
    """
    contact = satellite["last_contact"]
    is_unheard = satellite["is_stale"] and (contact is None or now - contact > UNHEARD_AFTER)
    return (
        is_unheard,
        WORST_FIRST.index(satellite["state"]),
        satellite["is_stale"],
        satellite["satellite_id"],
    )


def _part(  # noqa: PLR0913 - what was read, and what follows from it
    subsystem: str,
    contact: datetime | None,
    alerts: Sequence[OpenAlert],
    newest: Row | None,
    *,
    is_stale: bool,
    is_out_of_contact: bool,
) -> dict[str, Any]:
    calling = [alert for alert in alerts if not alert.is_suppressed]
    facts = PartFacts(
        last_contact=contact,
        is_stale=is_stale,
        is_out_of_contact=is_out_of_contact,
        verdict=newest["verdict"] if newest else None,
        status=newest["status"] if newest else None,
        alerts=calling,
    )
    return {
        "subsystem": subsystem,
        "state": state_of_part(facts),
        "is_stale": is_stale,
        "last_contact": contact,
        "verdict": facts.verdict,
        "anomaly_score": newest["anomaly_score"] if newest else None,
        "judged_at": newest["generated_at"] if newest else None,
        "open_alerts": len(calling),
        "unacknowledged_alerts": _waiting(calling),
    }


def _satellite(  # noqa: PLR0913, PLR0917 - what was read, each from its own place
    mission: Mission,
    name: str,
    contacts: Mapping[Part, datetime],
    newest: Mapping[Part, Row],
    alerts: Mapping[Part, Sequence[OpenAlert]],
    returned: int,
    plan: Row | None,
    *,
    patience_s: Mapping[str, float],
    now: datetime,
) -> dict[str, Any]:
    whole = alerts.get((name, WHOLE), ())
    is_clock_wrong = any(alert.kind == "clock" for alert in whole)
    parts = []
    for subsystem in mission.subsystems:
        key = (name, subsystem)
        contact = contacts.get(key)
        interval_s = newest[key]["interval_s"] if key in newest else None
        usual_s = patience_s.get(subsystem, patience_s.get(WHOLE, 0))
        patience = timedelta(seconds=max(mission.window.gap_s(interval_s or 0), usual_s))
        is_out = is_out_of_contact(plan, contact)
        is_late = not is_clock_wrong and not is_out and (contact is None or now - contact > patience)
        is_stale = is_late or any(is_silence(alert) for alert in alerts.get(key, ()))
        part = _part(
            subsystem,
            contact,
            alerts.get(key, ()),
            newest.get(key),
            is_stale=is_stale,
            is_out_of_contact=is_out,
        )
        parts.append(part)
    return _whole(name, parts, whole, returned) | {"contact_plan": plan}


def is_silence(alert: OpenAlert) -> bool:
    """Tell whether an alarm says that all of its subsystem, or its satellite, is silent."""
    return alert.kind == "stale" and alert.channel is None


def is_out_of_contact(plan: Row | None, contact: datetime | None) -> bool:
    """Tell whether nobody expects telemetry by a contact plan; of a pass without any its alarm tells."""
    if plan is None or not plan["is_covered"]:
        return False
    running = plan["running"]
    return running is None or contact is None or contact < running["start_time"]


def _whole(
    name: str, parts: Sequence[dict[str, Any]], whole: Sequence[OpenAlert], returned: int
) -> dict[str, Any]:
    """Silence is told by its alert; telemetry that is only stored, or replayed, has none but grows stale."""
    is_stale = any(is_silence(alert) for alert in whole) or all(part["is_stale"] for part in parts)
    calling = [alert for alert in whole if not alert.is_suppressed]
    of_alerts = state_of_alerts([alert for alert in calling if alert.kind != "stale"])
    states: list[State | None] = [
        *(part["state"] for part in parts),
        of_alerts,
        "caution" if returned else None,
        "off" if is_stale else None,
    ]
    contacts = [part["last_contact"] for part in parts if part["last_contact"]]
    clocks = [alert.value for alert in whole if alert.kind == "clock"]
    return {
        "satellite_id": name,
        "state": state_of_satellite(filter(None, states), is_stale=is_stale),
        "is_stale": is_stale,
        "clock_behind_s": next(iter(clocks), None),
        "last_contact": max(contacts, default=None),
        "open_alerts": sum(part["open_alerts"] for part in parts) + len(calling),
        "unacknowledged_alerts": sum(part["unacknowledged_alerts"] for part in parts) + _waiting(calling),
        "returned_alerts": returned,
        "subsystems": parts,
    }


def _waiting(alerts: Sequence[OpenAlert]) -> int:
    return sum(alert.needs_attention for alert in alerts)

"""What a message about an alarm says, in the forms that targets take."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from alarm_notifier.configuration import Told
from alarms.life_cycle import State
from telemetry_core.contract.rules import Severity

_LINES: Final = ("channel", "worst_value", "limit_value", "operator", "comment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one target; times are in UTC."""

    message_id: str
    told: Told
    at: datetime
    """When the event happened that it tells of."""
    is_reminder: bool
    """Told again, or to another target, because nobody acknowledged the alarm."""
    alarm_id: str
    satellite_id: str
    subsystem: str
    reason: str
    kind: str
    severity: Severity
    state: State
    """When it was sent, as the values are."""
    started_at: datetime
    returned_at: datetime | None = None
    channel: str | None = None
    value: float | None = None
    worst_value: float | None = None
    limit_value: float | None = None
    operator: str | None = None
    comment: str | None = None


_SAID_ELSEWHERE: Final = frozenset({"message_id", "told", "at"})


def payload(message: Message) -> dict[str, Any]:
    """Return the body of a webhook in the shape that Standard Webhooks recommends: type, time, data."""
    fields = [name for name in Message.__slots__ if name not in _SAID_ELSEWHERE]
    return {
        "type": f"alarm.{message.told}",
        "timestamp": message.at,
        "data": {name: getattr(message, name) for name in fields},
    }


def title(message: Message) -> str:
    """Say what happened in one line, as in `CRITICAL SAT-001 eps low_battery: raised`."""
    again = ", not acknowledged" if message.is_reminder else ""
    named = f"{message.satellite_id} {message.subsystem} {message.reason}"
    return f"{message.severity.upper()} {named}: {message.told}{again}"


def text(message: Message) -> str:
    """Say the rest, one fact a line."""
    known = {
        "alarm": message.alarm_id,
        "state": message.state.replace("_", " "),
        "since": message.started_at.isoformat(timespec="seconds"),
        "returned": message.returned_at and message.returned_at.isoformat(timespec="seconds"),
        **{name.replace("_", " "): getattr(message, name) for name in _LINES},
    }
    return "\n".join(f"{name}: {value}" for name, value in known.items() if value is not None)

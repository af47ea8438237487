"""Alarms as alerts of an Alertmanager."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from alarm_notifier.configuration import Alertmanager
from alarm_notifier.messages import Message, text, title
from alarm_notifier.targets.sending import post
from alarms.life_cycle import State

LASTS: Final = timedelta(minutes=4)
"""What is not told again ends by itself: three failures in a row are survived."""
_STANDS: Final = frozenset({State.UNACKNOWLEDGED, State.ACKNOWLEDGED})


class AlertmanagerSender:
    """Posts alerts to its API, version 2."""

    def __init__(self, target: Alertmanager) -> None:
        self._url = f"{target.url.get_secret_value().rstrip('/')}/api/v2/alerts"

    def send(self, message: Message) -> None:
        """Post one alarm."""
        self.send_all([message])

    def send_all(self, messages: Sequence[Message]) -> None:
        """Post several in one request, or raise `NotDelivered`."""
        now = datetime.now(UTC)
        post(self._url, orjson.dumps([alert_of(message, now) for message in messages]), {})


def alert_of(message: Message, now: datetime) -> dict[str, Any]:
    """Return an alert as the API takes it: of what stands its end lies ahead."""
    is_standing = message.told == "raised" or (message.told == "acknowledged" and message.state in _STANDS)
    return {
        "labels": {
            "alertname": message.reason,
            "alarm_id": message.alarm_id,
            "satellite_id": message.satellite_id,
            "subsystem": message.subsystem,
            "kind": message.kind,
            "severity": message.severity,
        },
        "annotations": {"summary": title(message), "description": text(message)},
        # A satellite's clock may be ahead, and nothing may begin after its end.
        "startsAt": min(message.started_at, now),
        "endsAt": now + LASTS if is_standing else now,
    }

"""Services that the library apprise reaches by a URL of theirs: mail, chats, pagers."""

import logging
from typing import Final

import apprise

from alarm_notifier.configuration import Apprise
from alarm_notifier.messages import Message, text, title
from alarm_notifier.targets.sending import NotDelivered
from telemetry_core.contract.errors import InvalidFile
from telemetry_core.contract.rules import Severity

_TYPES: Final = {
    Severity.WATCH: apprise.NotifyType.INFO,
    Severity.WARNING: apprise.NotifyType.WARNING,
}


class AppriseSender:
    """Hands a message to apprise as title and text."""

    def __init__(self, target: Apprise) -> None:
        # It logs whole addresses, which are secrets, and says no more to callers than yes or no.
        logging.getLogger("apprise").disabled = True
        self._service = apprise.Apprise(
            asset=apprise.AppriseAsset(async_mode=False, app_id="satellite alarms")
        )
        if not self._service.add(target.url.get_secret_value()):
            raise InvalidFile("apprise knows no service with such a url")

    def send(self, message: Message) -> None:
        """Send one message, or raise `NotDelivered`."""
        kind = (
            apprise.NotifyType.SUCCESS
            if message.told == "returned"
            else _TYPES.get(message.severity, apprise.NotifyType.FAILURE)
        )
        if not self._service.notify(title=title(message), body=text(message), notify_type=kind):
            raise NotDelivered("the service did not take it")

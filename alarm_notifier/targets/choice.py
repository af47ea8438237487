"""From the targets of the file to what reaches them."""

from alarm_notifier.configuration import Alertmanager, Notifications, Target, Webhook
from alarm_notifier.targets.alertmanager import AlertmanagerSender
from alarm_notifier.targets.apprise_target import AppriseSender
from alarm_notifier.targets.sending import Sender
from alarm_notifier.targets.webhook import WebhookSender
from telemetry_core.contract.errors import InvalidFile


def senders_of(configuration: Notifications) -> dict[str, Sender]:
    """Return what reaches each target, by its name, or raise `InvalidFile`."""
    found = {}
    for name, target in configuration.targets.items():
        try:
            found[name] = _sender_of(target)
        except InvalidFile as error:
            raise InvalidFile(f"targets.{name}: {error}") from None
    return found


def _sender_of(target: Target) -> Sender:
    if isinstance(target, Webhook):
        return WebhookSender(target)
    if isinstance(target, Alertmanager):
        return AlertmanagerSender(target)
    return AppriseSender(target)

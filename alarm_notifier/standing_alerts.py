"""An Alertmanager forgets what it is not told again, so it is told what stands once a minute."""

import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from alarm_notifier import QUERIES
from alarm_notifier.configuration import Route
from alarm_notifier.delivery import Delivery, message_of
from alarm_notifier.targets.alertmanager import AlertmanagerSender
from alarm_notifier.targets.sending import NotDelivered, Sender
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import select

EVERY_S: Final = 60.0
MAX_STANDING: Final = 5_000

_log = structlog.get_logger(__name__)


class AlertmanagerDelivery(Delivery):
    """Between the notices tells what stands again, in the same thread: an ended alarm never comes back."""

    def __init__(
        self,
        pool: Pool,
        target: str,
        sender: AlertmanagerSender,
        routes: Sequence[Route],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(pool, target, sender, routes)
        self._alerts = sender
        self._monotonic = monotonic
        self._due_s = 0.0

    def step(self) -> bool:
        """Tell again what stands, once a minute, then deal with the next notice."""
        if self._monotonic() >= self._due_s:
            self._tell_again()
            self._due_s = self._monotonic() + EVERY_S
        return super().step()

    def _tell_again(self) -> None:
        parameters = {"target": self._target, "limit": MAX_STANDING}
        with transaction(self._pool) as connection:
            rows = select(connection, QUERIES["standing_told"], parameters)
        messages = [message_of(row) for row in rows]
        if not messages:
            return
        try:
            self._alerts.send_all(messages)
        except NotDelivered as error:
            _log.warning(f"{self.name}: {len(messages)} standing alarms were not told again: {error}")


def delivery_to(pool: Pool, name: str, sender: Sender, routes: Sequence[Route]) -> Delivery:
    """Return the loop of one target."""
    if isinstance(sender, AlertmanagerSender):
        return AlertmanagerDelivery(pool, name, sender, routes)
    return Delivery(pool, name, sender, routes)

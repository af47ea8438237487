"""Notices to one target: claimed, sent without a transaction, recorded."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from alarm_notifier import QUERIES
from alarm_notifier.configuration import Route
from alarm_notifier.messages import Message
from alarm_notifier.planner import event_of, plan
from alarm_notifier.routing import Notice, is_wanted, next_reminder
from alarm_notifier.targets.sending import NotDelivered, Sender
from alarms.life_cycle import facts_of, state_of
from telemetry_core.contract.rules import Severity
from telemetry_core.postgres.database import Connection, Pool, transaction
from telemetry_core.postgres.store import Row, select
from telemetry_core.service.observability import NOTICES, NOTICES_GIVEN_UP, LogBudget

LEASE: Final = timedelta(seconds=60)
"""Longer than an attempt: who was killed amid one leaves the notice to be sent again then."""
LONGEST_WAIT_S: Final = 60.0
_ALARM: Final = (
    "alarm_id", "satellite_id", "subsystem", "reason", "kind", "channel", "started_at", "returned_at",
    "value", "worst_value", "limit_value",
)  # fmt: skip

_log = structlog.get_logger(__name__)


class Delivery:
    """Sends what is due to one target, the messages about an alarm in their order."""

    def __init__(self, pool: Pool, target: str, sender: Sender, routes: Sequence[Route]) -> None:
        self.name = f"notices to {target}"
        self._pool = pool
        self._target = target
        self._sender = sender
        self._routes = routes
        self._budget = LogBudget(1)

    def step(self) -> bool:
        """Deal with the next notice that is due; tell whether there was one.

        A transaction that stayed open while the target is slow would hold back all who read in commit order.
        """
        row = self._claim()
        if row is None:
            return False
        if row["satellite_id"] is None or not is_wanted(row["delay_s"], state_of(facts_of(row["facts"]))):
            self._settle(row, "cancelled")
        elif reason := self._attempt(message_of(row)):
            self._postpone(row, reason)
        else:
            self._settle(row, "delivered")
        return True

    def _claim(self) -> Row | None:
        with transaction(self._pool) as connection:
            claimed = select(connection, QUERIES["claim"], {"target": self._target, "lease": LEASE})
            return select(connection, QUERIES["notice"], claimed[0])[0] if claimed else None

    def _attempt(self, message: Message) -> str | None:
        """Send a message; say why it was not delivered, or None."""
        try:
            self._sender.send(message)
        except NotDelivered as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - one message must not stop the others, whatever is wrong
            return type(error).__name__
        return None

    def _settle(self, row: Row, state: str) -> None:
        with transaction(self._pool) as connection:
            with connection.cursor() as cursor:
                cursor.execute(QUERIES["settle"], {"id": row["id"], "state": state})
            if state == "delivered":
                self._plan_next(connection, row)
        NOTICES.labels(self._target, state).inc()

    def _postpone(self, row: Row, reason: str) -> None:
        wait = timedelta(seconds=wait_s(row["attempts"]))
        with transaction(self._pool) as connection:
            found = select(
                connection, QUERIES["postpone"], {"id": row["id"], "wait": wait, "error": reason[:500]}
            )
            has_failed = any(one["state"] == "failed" for one in found)
            if has_failed:
                self._plan_next(connection, row)
        NOTICES.labels(self._target, "failed" if has_failed else "postponed").inc()
        if has_failed:
            NOTICES_GIVEN_UP.labels(self._target).inc()
            _log.error(f"{self.name}: given up: {reason}", alarm=row["alarm_id"], attempts=row["attempts"])
        elif self._budget.admit(f"{self.name}: {{count}} more attempts failed in the last second"):
            _log.warning(f"{self.name}: not delivered: {reason}; again within {wait.total_seconds():.1f} s",
                         alarm=row["alarm_id"])  # fmt: skip

    def _plan_next(self, connection: Connection, row: Row) -> None:
        now = datetime.now(UTC)
        told = Notice(
            target=self._target,
            told=row["told"],
            delay_s=row["delay_s"],
            repeat_s=row["repeat_s"],
            due_at=now,
        )
        if following := next_reminder(self._routes, event_of(row), told, now):
            plan(connection, row["event_id"], row["alarm_id"], following)


def message_of(row: Row) -> Message:
    """Make the message of a notice, with what its alarm is now."""
    return Message(
        message_id=str(row["message_id"]),
        told=row["told"],
        at=row["at"],
        is_reminder=row["delay_s"] > 0,
        severity=Severity(row["severity"]),
        state=state_of(facts_of(row["facts"])),
        operator=row["operator"],
        comment=row["comment"],
        **{name: row[name] for name in _ALARM},
    )


def wait_s(attempts: int) -> float:
    """Return how long to wait after so many attempts, with jitter: twice as long each, a minute at most."""
    return min(LONGEST_WAIT_S, 0.5 * 2.0 ** min(attempts, 10)) * random.uniform(0.5, 1.0)  # noqa: S311

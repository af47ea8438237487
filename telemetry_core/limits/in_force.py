"""The limits that are in force, as a service follows them without a restart."""

import threading
from collections.abc import Sequence
from typing import Final

import structlog

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.mission import Mission
from telemetry_core.limits import QUERIES
from telemetry_core.limits.changes import LimitChange, Limits, SetSwitch
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import select
from telemetry_core.service.observability import LogBudget

LOOK_EVERY_S: Final = 1.0

_log = structlog.get_logger(__name__)


class LimitsInForce:
    """What was last read of limits: while PostgreSQL is unavailable it holds. For several threads."""

    def __init__(self, file: Mission, pool: Pool) -> None:
        self._pool = pool
        self._known = self._known_switch = 0
        self._turn = threading.Lock()
        self._failures = LogBudget(1)
        self.limits = Limits.of(file)

    @property
    def mission(self) -> Mission:
        """The mission file with the changes put in, for satellites that use no limit set but `default`."""
        return self.limits.mission

    def look(self) -> bool:
        """Take over what was changed since the last look; tell whether anything was.

        Raises `DependencyUnavailable`, and leaves all as it is.
        """
        with self._turn:
            name = self.limits.file.name
            with transaction(self._pool) as connection:
                changed = select(
                    connection, QUERIES["changes_since"], {"mission": name, "known": self._known}
                )
                switched = select(
                    connection, QUERIES["switches_since"], {"mission": name, "known": self._known_switch}
                )
            if not changed and not switched:
                return False
            newest = max((row.pop("id") for row in changed), default=self._known)
            newest_switch = max((row.pop("id") for row in switched), default=self._known_switch)
            changes = [LimitChange(**row) for row in changed]
            switches = [SetSwitch(**row) for row in switched]
            self.limits = self.limits.after(changes, switches)
            self._known, self._known_switch = newest, newest_switch
            self._report(changes)
            self._report_switches(switches)
            return True

    def keep_up(self) -> bool:
        """Look, in a round that must not end: what can't be read now is read in a later one."""
        try:
            return self.look()
        except DependencyUnavailable as error:
            if self._failures.admit("limits could not be looked at {count} more times"):
                _log.warning(f"{error}; the limits that are known hold")
        except Exception:  # noqa: BLE001 - the log tells, and the next round is another one
            _log.exception("Changed limits could not be read; those that are known hold")
        return False

    def _report(self, changes: Sequence[LimitChange]) -> None:
        for change in changes:
            name = f"{change.subsystem} {change.reason}, version {change.version} of {change.operator}"
            if change.rule in self.limits.unfit:
                _log.warning(f"Limit not changed: {name}: {self.limits.unfit[change.rule]}")
            else:
                _log.info(f"Limit changed: {name}: {dict(change.fields) or 'as in the mission file'}")

    def _report_switches(self, switches: Sequence[SetSwitch]) -> None:
        for switch in switches:
            name = f"{switch.satellite_id}, version {switch.version} of {switch.operator}: {switch.limit_set}"
            if switch.limit_set in self.limits.missions:
                _log.info(f"Limit set switched: {name}")
            else:
                _log.warning(f"Limit set not switched: {name} is not in the mission file, the default holds")

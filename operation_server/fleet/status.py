"""The fleet at a glance, as it is read from the servers."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from operation_server.alarms.anomalies import anomalies_behind_s
from operation_server.fleet import QUERIES
from operation_server.fleet.learning import rarely_sampled, read_progress, with_progress
from operation_server.fleet.overview import Part, open_alerts, overview
from operation_server.fleet.retirement import read_retired
from operation_server.passes.store import read_contact_plans
from operation_server.telemetry.victoria import VictoriaMetrics, until_newest
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.mission import Mission, metrics_by_channel
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import select

OLDER_CONTACTS_S: Final = 60.0
"""Contacts beyond the newest minutes are asked for so seldom: they do not change."""
RECENT_S: Final = 300.0
LONG_AGO_S: Final = 30 * 86_400.0

MAX_RETURNED: Final = 100
"""No more alerts of a satellite that nobody looked at are counted."""

_log = structlog.get_logger(__name__)


class FleetReader:
    """Puts together what PostgreSQL and VictoriaMetrics know."""

    def __init__(
        self,
        pool: Pool,
        victoria: VictoriaMetrics,
        mission: Mission,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._mission = mission
        self._contacts = Contacts(victoria, mission, monotonic=monotonic)

    def read(self) -> dict[str, Any]:
        """Return the fleet as it is now."""
        parts = {"subsystems": list(self._mission.subsystems)}
        with ThreadPoolExecutor(1) as beside, transaction(self._pool) as connection:
            contacts = beside.submit(self._contacts.newest)
            names = [row["satellite_id"] for row in select(connection, QUERIES["satellites"])]
            verdicts = select(connection, QUERIES["newest_verdicts"], {"satellites": names, **parts})
            learning = read_progress(connection, verdicts)
            alerts = open_alerts(self._mission, select(connection, QUERIES["open_alarms"]))
            returned = select(connection, QUERIES["returned_alarms"], {"ceiling": MAX_RETURNED})
            plans = read_contact_plans(connection)
            learned = select(connection, QUERIES["patience"])
            retired = read_retired(connection)
            behind_s = anomalies_behind_s(connection)
        counts = {row["satellite_id"]: row["count"] for row in returned}
        now = datetime.now(UTC)
        patience = {row["satellite_id"]: row["patience_s"] for row in learned}
        found = overview(
            self._mission,
            contacts.result(),
            verdicts,
            alerts,
            counts,
            plans=plans,
            patience=patience,
            retired=retired,
            now=now,
        )
        return with_progress(found, learning, rarely_sampled(self._mission.window, verdicts)) | {
            "anomalies_behind_s": behind_s
        }


class Contacts:
    """When each subsystem of each satellite was last heard."""

    def __init__(
        self, victoria: VictoriaMetrics, mission: Mission, *, monotonic: Callable[[], float]
    ) -> None:
        self._victoria = victoria
        self._metrics: dict[str, list[str]] = defaultdict(list)
        for (subsystem, _), metric in metrics_by_channel(mission).items():
            self._metrics[subsystem].append(metric)
        self._monotonic = monotonic
        self._asked_at = -OLDER_CONTACTS_S
        self._older: dict[Part, datetime] = {}

    def newest(self) -> Mapping[Part, datetime]:
        """Return the time of each part's newest sample; empty while VictoriaMetrics is unavailable."""
        try:
            if self._monotonic() - self._asked_at >= OLDER_CONTACTS_S:
                self._older = self._ask(LONG_AGO_S)
                self._asked_at = self._monotonic()
            self._older |= self._ask(RECENT_S)
        except DependencyUnavailable as error:
            _log.warning(f"{error}; last contacts are unknown")
            return {}
        return self._older

    def _ask(self, look_back_s: float) -> dict[Part, datetime]:
        return {
            (satellite, subsystem): datetime.fromtimestamp(time_s, UTC)
            for subsystem, metrics in self._metrics.items()
            for satellite, time_s in self._victoria.newest_values(contact_query(metrics, look_back_s)).items()
        }


def contact_query(metrics: Sequence[str], look_back_s: float) -> str:
    """Ask for the time of the newest sample by satellite."""
    series = f'{{__name__=~"{"|".join(metrics)}"}}{until_newest(look_back_s)}'
    return f"max(tlast_over_time({series})) by (satellite_id)"

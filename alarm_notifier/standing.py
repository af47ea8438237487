"""What needs attention as a metric, so that a site's own rules of Prometheus can take over."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from alarm_notifier import QUERIES
from alarms.life_cycle import facts_of, state_of
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import select

EVERY_S: Final = 5.0
MAX_ALARMS: Final = 2_000
"""More series than these help nobody: the newest are told."""
LABELS: Final = ("satellite_id", "subsystem", "reason", "kind", "severity", "state")


class StandingAlarms(Collector):
    """Reads the alarms that need attention every few seconds; a scrape gets what was read last."""

    name = "metric of alarms"

    def __init__(self, pool: Pool, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._monotonic = monotonic
        self._due_s = 0.0
        self._counts: Counter[tuple[str, ...]] = Counter()

    def step(self) -> bool:
        """Read once in a while; more never waits."""
        if self._monotonic() >= self._due_s:
            with transaction(self._pool) as connection:
                rows = select(connection, QUERIES["counted_alarms"], {"limit": MAX_ALARMS})
            named = [{**row, "state": state_of(facts_of(row["facts"]))} for row in rows]
            self._counts = Counter(tuple(row[label] for label in LABELS) for row in named)
            self._due_s = self._monotonic() + EVERY_S
        return False

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the registry one series for each sign and state: how many alarms it has, usually one."""
        family = GaugeMetricFamily("alarms_needing_attention", "Alarms that need attention", labels=LABELS)
        for values, count in self._counts.items():
            family.add_metric(values, count)
        yield family

"""Cache of the pipeline's status: probe results by part, with their states, once for all clients."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from operation_server.health.probes import Probes, Unavailable
from operation_server.health.triton import IndexedModel
from operation_server.pipeline.databases import (
    DatabaseNumbers,
    database_part,
    database_probe,
    search_part,
)
from operation_server.pipeline.kafka import KafkaNumbers, KafkaProbe, kafka_part
from operation_server.pipeline.metrics import (
    Metrics,
    metrics_probe,
    services_part,
    verdicts_part,
    victoria_part,
)
from operation_server.pipeline.passed_over import PASSED_OVER_QUERY, passed_over_part
from operation_server.pipeline.queues import WorkersProbe, queues_probe, rabbitmq_part, workers_part
from operation_server.pipeline.schemas import Pipeline, TaskQueue, Worker
from operation_server.pipeline.thresholds import alerts_of
from operation_server.pipeline.triton import gpu_part, triton_part
from operation_server.search.verdict_index import VerdictSearch
from operation_server.telemetry.victoria import VictoriaMetrics
from telemetry_core.postgres.database import Pool
from telemetry_core.service.disk import Disk, DiskSpace
from telemetry_core.service.settings import Settings

CACHE_S: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResults:
    """What each tool answered; a field is named as its probe."""

    kafka: KafkaNumbers | Unavailable
    rabbitmq: list[TaskQueue] | Unavailable
    workers: list[Worker] | Unavailable
    triton: list[IndexedModel] | Unavailable
    metrics: Metrics | Unavailable
    database: DatabaseNumbers | Unavailable
    search: int | Unavailable | None
    disk: DiskSpace | Unavailable


def pipeline_probes(  # noqa: PLR0913, PLR0917 - the tools
    settings: Settings,
    pool: Pool,
    broker: Any,
    victoria: VictoriaMetrics,
    engine: VerdictSearch,
    models: Callable[[], list[IndexedModel]],
    disk: Disk,
) -> dict[str, Callable[[], Any]]:
    """Build the probe of each tool; nothing connects yet."""
    return {
        "kafka": KafkaProbe(settings),
        "rabbitmq": queues_probe(broker),
        "workers": WorkersProbe(broker),
        "triton": models,
        "metrics": metrics_probe(victoria, PASSED_OVER_QUERY),
        "database": database_probe(pool),
        "search": engine.count,
        "disk": disk.space,
    }


def pipeline_of(results: ProbeResults, *, topics: Sequence[str], has_search: bool, now: datetime) -> Pipeline:
    """Judge every part and list what is not as it should be."""
    found_by_part = {
        "kafka": kafka_part(results.kafka, results.database, topics),
        "rabbitmq": rabbitmq_part(results.rabbitmq),
        "workers": workers_part(results.workers),
        "triton": triton_part(results.triton, results.metrics),
        "verdicts": verdicts_part(results.metrics, results.database),
        "database": database_part(results.database, results.disk),
        "gpu": gpu_part(results.triton, results.metrics),
        "victoria_metrics": victoria_part(results.metrics),
        "services": services_part(results.metrics),
        "search": search_part(results.search, results.database, is_installed=has_search),
        "passed_over": passed_over_part(results.metrics, results.database, now=now),
    }
    found = [(name, finding) for name, (_, findings) in found_by_part.items() for finding in findings]
    parts: dict[str, Any] = {name: part for name, (part, _) in found_by_part.items()}
    return Pipeline(generated_at=now, **parts, alerts=alerts_of(found))


class StatusCache:
    """The newest answer, at most `CACHE_S` old; who waits for the next one holds no thread."""

    def __init__(
        self, probes: Probes, settings: Settings, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._probes = probes
        self._topics = (settings.kafka_topic, settings.kafka_dead_letter_topic, settings.kafka_results_topic)
        self._has_search = bool(settings.elasticsearch_url)
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._probed_at = -CACHE_S
        self._newest: Pipeline | None = None

    async def pipeline(self) -> Pipeline:
        """Return the newest answer, or probe."""
        async with self._lock:
            if self._newest is None or self._monotonic() - self._probed_at >= CACHE_S:
                self._newest = await asyncio.to_thread(self._probe)
                self._probed_at = self._monotonic()
            return self._newest

    def close(self) -> None:
        """Probe no further."""
        self._probes.close()

    def _probe(self) -> Pipeline:
        return pipeline_of(
            ProbeResults(**self._probes.results()),
            topics=self._topics,
            has_search=self._has_search,
            now=datetime.now(UTC),
        )

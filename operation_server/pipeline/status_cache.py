"""The pipeline at a glance: what the tools answered, put into parts and judged, once for all clients."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from operation_server.health.probes import Away, Inquiry
from operation_server.health.triton import IndexedModel
from operation_server.pipeline.databases import (
    DatabaseNumbers,
    database_part,
    database_question,
    search_part,
)
from operation_server.pipeline.kafka import KafkaNumbers, KafkaQuestion, kafka_part
from operation_server.pipeline.metrics import Metrics, metrics_question, verdicts_part, victoria_part
from operation_server.pipeline.passed_over import PASSED_OVER_QUERY, passed_over_part
from operation_server.pipeline.queues import WorkersQuestion, rabbitmq_part, rabbitmq_question, workers_part
from operation_server.pipeline.schemas import Pipeline, TaskQueue, Worker
from operation_server.pipeline.thresholds import alerts_of
from operation_server.pipeline.triton import gpu_part, triton_part
from operation_server.search.verdict_index import VerdictSearch
from operation_server.telemetry.victoria import VictoriaMetrics
from telemetry_core.database import Pool
from telemetry_core.disk import Disk, DiskSpace
from telemetry_core.settings import Settings

CACHE_S: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What each tool answered; a field is named as its question."""

    kafka: KafkaNumbers | Away
    rabbitmq: list[TaskQueue] | Away
    workers: list[Worker] | Away
    triton: list[IndexedModel] | Away
    metrics: Metrics | Away
    database: DatabaseNumbers | Away
    search: int | Away | None
    disk: DiskSpace | Away


def questions(  # noqa: PLR0913, PLR0917 - the tools
    settings: Settings,
    pool: Pool,
    broker: Any,
    victoria: VictoriaMetrics,
    engine: VerdictSearch,
    models: Callable[[], list[IndexedModel]],
    disk: Disk,
) -> dict[str, Callable[[], Any]]:
    """Build the question to each tool; nothing connects yet."""
    return {
        "kafka": KafkaQuestion(settings),
        "rabbitmq": rabbitmq_question(broker),
        "workers": WorkersQuestion(broker),
        "triton": models,
        "metrics": metrics_question(victoria, PASSED_OVER_QUERY),
        "database": database_question(pool),
        "search": engine.count,
        "disk": disk.space,
    }


def pipeline_of(answers: Answers, *, topics: Sequence[str], now: datetime) -> Pipeline:
    """Judge every part and list what is not as it should be."""
    judged = {
        "kafka": kafka_part(answers.kafka, answers.database, topics),
        "rabbitmq": rabbitmq_part(answers.rabbitmq),
        "workers": workers_part(answers.workers),
        "triton": triton_part(answers.triton, answers.metrics),
        "verdicts": verdicts_part(answers.metrics, answers.database),
        "database": database_part(answers.database, answers.disk),
        "gpu": gpu_part(answers.triton, answers.metrics),
        "victoria_metrics": victoria_part(answers.metrics),
        "search": search_part(answers.search, answers.database),
        "passed_over": passed_over_part(answers.metrics, answers.database, now=now),
    }
    found = [(name, finding) for name, (_, findings) in judged.items() for finding in findings]
    parts: dict[str, Any] = {name: part for name, (part, _) in judged.items()}
    return Pipeline(generated_at=now, **parts, alerts=alerts_of(found))


class Board:
    """The newest answer, at most `CACHE_S` old; who waits for the next one holds no thread."""

    def __init__(
        self, inquiry: Inquiry, settings: Settings, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._inquiry = inquiry
        self._topics = (settings.kafka_topic, settings.kafka_dead_letter_topic, settings.kafka_results_topic)
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._asked_at = -CACHE_S
        self._newest: Pipeline | None = None

    async def pipeline(self) -> Pipeline:
        """Return the newest answer, or ask."""
        async with self._lock:
            if self._newest is None or self._monotonic() - self._asked_at >= CACHE_S:
                self._newest = await asyncio.to_thread(self._ask)
                self._asked_at = self._monotonic()
            return self._newest

    def close(self) -> None:
        """Ask no further."""
        self._inquiry.close()

    def _ask(self) -> Pipeline:
        return pipeline_of(
            Answers(**self._inquiry.answers()),
            topics=self._topics,
            now=datetime.now(UTC),
        )

"""The three places that verdicts are passed on to."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
import structlog

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.mission import Mission
from telemetry_core.kafka.producer import ConfirmedProducer, OutgoingRecord
from telemetry_core.postgres.cursors.verdict_cursor import Cursor
from telemetry_core.postgres.store import Row
from telemetry_core.search import DEPENDENCY, VERDICT_INDEX, SearchEngine, SearchRefused
from telemetry_core.service.settings import Settings
from telemetry_core.victoriametrics import VictoriaMetrics
from verdict_relay.documents import result_record, sample_lines, search_document, verdict_key
from verdict_relay.relay import SERVICE, Refusal, refusal_of

FLUSH_TIMEOUT_S: Final = 15
RESTORE_EVERY_S: Final = 2.0
#: Answers that speak of documents; others are about the index (missing, blocked), the login or the load.
CONTENT_STATUSES: Final = frozenset({400, 413, 422})

_KEYWORD: Final = {"type": "keyword", "ignore_above": 1024}
INDEX_BODY: Final[Mapping[str, Any]] = {
    "settings": {
        "number_of_shards": 1,
        "number_of_replicas": 0,
        "analysis": {
            "analyzer": {"words": {"type": "pattern", "pattern": "[^\\p{L}\\p{N}]+", "lowercase": True}}
        },
    },
    "mappings": {
        "dynamic": False,
        "properties": {
            **dict.fromkeys(
                ("job_id", "satellite_id", "source", "trigger_reason", "subsystem", "model_name",
                 "model_version", "status", "verdict", "input_features"),
                _KEYWORD,
            ),
            "anomaly_score": {"type": "float"},
            "inference_time_ms": {"type": "float"},
            "anomaly_detected": {"type": "boolean"},
            "generated_at": {"type": "date"},
            "created_at": {"type": "date"},
            "completed_at": {"type": "date"},
            "free_text": {"type": "text", "analyzer": "words"},
            "error_message": {"type": "text", "analyzer": "words"},
            "newest": {"type": "object", "enabled": False},
            "metadata": {"type": "object", "enabled": False},
        },
    },
}  # fmt: skip

_log = structlog.get_logger(SERVICE)


class SearchSink:
    """An index for each generation; the alias moves to it once it holds everything."""

    name = "search"
    follows_deletions = True

    def __init__(self, engine: SearchEngine) -> None:
        self._engine = engine
        self._published = 0

    def is_intact(self, cursor: Cursor) -> bool:
        """Create the generation's index; one that vanished after it was filled is a loss."""
        index = index_name(cursor.generation)
        if self._engine.exists(index):
            return True
        if not cursor.is_at_start:
            return False
        self._published = 0
        _tolerating_existing(lambda: self._engine.send("PUT", f"/{index}", INDEX_BODY))
        if not self._engine.exists(VERDICT_INDEX):
            self._engine.send("PUT", f"/{index}/_alias/{VERDICT_INDEX}")
        return True

    def write(self, generation: int, verdicts: Sequence[Row]) -> Sequence[Refusal]:
        """Index by verdict key, so that a repetition replaces."""
        body = bulk_lines(verdicts)
        try:
            answer = self._engine.send("POST", f"/{index_name(generation)}/_bulk", body)
        except SearchRefused as error:
            if error.status in CONTENT_STATUSES:
                raise
            raise DependencyUnavailable(DEPENDENCY, str(error)) from error
        items = answer["items"] if answer["errors"] else ()
        return [
            refusal_of(row, reason)
            for row, reason in zip(verdicts, _refusals(items, "index"), strict=False)
            if reason
        ]

    def forget(self, generation: int, keys: Sequence[str]) -> None:
        """Delete by verdict key; one that is not there is no fault."""
        try:
            answer = self._engine.send("POST", f"/{index_name(generation)}/_bulk", deletion_lines(keys))
        except SearchRefused as error:
            if error.status not in CONTENT_STATUSES:
                raise DependencyUnavailable(DEPENDENCY, str(error)) from error
            self._forget_halves(generation, keys, str(error))
            return
        items = answer["items"] if answer["errors"] else ()
        for key, reason in zip(keys, _refusals(items, "delete"), strict=False):
            if reason:
                _log.error(f"The search engine did not delete a document: {reason}", verdict=key)

    def _forget_halves(self, generation: int, keys: Sequence[str], reason: str) -> None:
        """Narrow a refusal down to the keys that it speaks of: a document can't exist under these."""
        if len(keys) == 1:
            _log.error(f"The search engine did not delete a document: {reason}", verdict=keys[0])
            return
        middle = len(keys) // 2
        self.forget(generation, keys[:middle])
        self.forget(generation, keys[middle:])

    def caught_up(self, generation: int) -> None:
        """Point the alias to this generation and delete all others."""
        if self._published == generation:
            return
        current = index_name(generation)
        others = self._engine.send("GET", f"/{VERDICT_INDEX}-*/_alias").keys() - {current}
        actions: list[Mapping[str, Any]] = [{"remove_index": {"index": name}} for name in others]
        actions.append({"add": {"index": current, "alias": VERDICT_INDEX}})
        self._engine.send("POST", "/_aliases", {"actions": actions})
        self._published = generation


class ResultsTopicSink:
    """The topic of results, keyed by job."""

    name = "results"
    follows_deletions = False

    def __init__(self, settings: Settings, *, flush_timeout_s: float = FLUSH_TIMEOUT_S) -> None:
        self._producer = ConfirmedProducer(
            settings,
            topic=settings.kafka_results_topic,
            service=SERVICE,
            flush_timeout_s=flush_timeout_s,
            options={"compression.type": "lz4"},
        )

    def is_intact(self, _cursor: Cursor) -> bool:
        """Kafka keeps what it confirmed as long as its retention says."""
        return True

    def write(self, _generation: int, verdicts: Sequence[Row]) -> Sequence[Refusal]:
        """Return when the broker confirmed all but the records that it refuses."""
        records = [
            OutgoingRecord(key=row["job_id"].encode(), value=orjson.dumps(result_record(row)))
            for row in verdicts
        ]
        return [refusal_of(verdicts[place], reason) for place, reason in self._producer.send(records).items()]

    def forget(self, _generation: int, _keys: Sequence[str]) -> None:
        """Keep everything as long as the retention says."""

    def caught_up(self, _generation: int) -> None:
        """Need to know nothing."""


class MetricsSink:
    """Scores and forecasts as series of VictoriaMetrics."""

    name = "metrics"
    follows_deletions = False

    def __init__(
        self, victoria: VictoriaMetrics, mission: Mission, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._victoria = victoria
        self._mission = mission
        self._clock = clock
        self._restore_at_s = 0.0

    def is_intact(self, _cursor: Cursor) -> bool:
        """VictoriaMetrics keeps what it took as long as its retention says."""
        return True

    def write(self, _generation: int, verdicts: Sequence[Row]) -> Sequence[Refusal]:
        """Import all samples; the same ones again change nothing."""
        self._restore_lost()
        now_us = int(self._clock() * 1_000_000)
        lines = {line: row for row in verdicts for line in sample_lines(row, self._mission, now_us=now_us)}
        refused = self._victoria.import_samples(list(lines))
        by_verdict = {verdict_key(lines[line]): (lines[line], reason) for line, reason in refused.items()}
        return [refusal_of(row, reason) for row, reason in by_verdict.values()]

    def forget(self, _generation: int, _keys: Sequence[str]) -> None:
        """Keep everything as long as the retention says."""

    def caught_up(self, _generation: int) -> None:
        """Use the time to send again what VictoriaMetrics lost when it was killed."""
        self._restore_lost()

    def _restore_lost(self) -> None:
        if self._clock() >= self._restore_at_s:
            self._victoria.restore_lost()
            self._restore_at_s = self._clock() + RESTORE_EVERY_S


def index_name(generation: int) -> str:
    """Name the index of a generation; names sort as generations do."""
    return f"{VERDICT_INDEX}-{generation:06d}"


def bulk_lines(verdicts: Sequence[Row]) -> bytes:
    """Render the body of a bulk request."""
    lines: list[bytes] = []
    for row in verdicts:
        lines += (orjson.dumps({"index": {"_id": verdict_key(row)}}), orjson.dumps(search_document(row)))
    return b"\n".join(lines) + b"\n"


def deletion_lines(keys: Sequence[str]) -> bytes:
    """Render the body of a bulk request that deletes."""
    return b"".join(orjson.dumps({"delete": {"_id": key}}) + b"\n" for key in keys)


def _refusals(items: Iterable[Mapping[str, Any]], action: str) -> Iterator[str | None]:
    """Yield for each item of a bulk answer why it was refused permanently, None if it was accepted.

    Raises `DependencyUnavailable` where a later attempt may be answered otherwise.
    """
    for item in items:
        outcome = item[action]
        error = outcome.get("error")
        reason = f"{error.get('type')}: {error.get('reason')}" if error else None
        if reason and outcome["status"] not in CONTENT_STATUSES:
            raise DependencyUnavailable(DEPENDENCY, reason)
        yield reason


def _tolerating_existing(create: Callable[[], Any]) -> None:
    """Let another process have been first."""
    try:
        create()
    except SearchRefused as error:
        if "resource_already_exists" not in str(error):
            raise

"""What every store holds of a run's satellites, by the stores' own interfaces."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import requests
from confluent_kafka import Consumer, TopicPartition

from testbed.ledger import DEAD_LETTER_TOPIC, dead_letters
from testbed.oracle import Place
from testbed.running_platform import HTTP_TIMEOUT_S, Platform, exported_times, search_url
from testbed.supervised import address

INDEX: Final = "inference_logs"
RESULTS_TOPIC: Final = "inference.results"
READ_LIMIT_S: Final = 30
PAGE: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Everything that the stores hold of the satellites of one run."""

    rows: list[str]
    """Each completed row, as its document's and its record's key: job id and subsystem."""
    jobs: list[str]
    """Completed jobs."""
    samples: list[tuple[str, int]]
    """Satellite and generation time (milliseconds) of one channel."""
    documents: list[str]
    results: list[str]
    letters: list[tuple[Place, str]]
    alarms: list[tuple[str, str]]
    """Satellite and broken rule."""


class Stores:
    """Readers of all sinks; what a topic held before the run is left out."""

    def __init__(self, platform: Platform, prefix: str, since: dict[str, dict[int, int]]) -> None:
        self._platform = platform
        self._prefix = prefix
        self._letters_since = [
            TopicPartition(DEAD_LETTER_TOPIC, *place) for place in since["letters"].items()
        ]
        self._results_at = dict(since["results"])
        self._results: list[str] = []

    def read(self, satellite_ids: list[str], places: set[Place]) -> Found:
        """Ask every store once."""
        rows = self._platform.rows(self._prefix)
        jobs = self._platform.jobs(self._prefix)
        return Found(
            rows=[f"{row.job_id}/{row.subsystem}" for row in rows if row.status == "completed"],
            jobs=[job.job_id for job in jobs if job.status == "completed"],
            samples=[
                (name, at)
                for name, times in exported_times(self._prefix, "satellite_temperature").items()
                for at in times
            ],
            documents=documents(self._prefix),
            results=self._read_results(),
            letters=[
                (place, reason) for place, reason, _ in dead_letters(self._letters_since) if place in places
            ],
            alarms=[pair for name in satellite_ids for pair in self._alarms(name)],
        )

    def first_judged_after(self, moment: float) -> float | None:
        """Return when the first message generated after `moment` had a verdict; None = not yet."""
        since = datetime.fromtimestamp(moment, UTC).replace(tzinfo=None)
        found = self._platform.query(
            "SELECT job_id, s.completed_at FROM subsystem_inferences s JOIN inference_jobs j USING (job_id)"
            " WHERE j.satellite_id LIKE %s AND s.status = 'completed' AND s.completed_at >= %s",
            self._prefix + "%",
            since - timedelta(seconds=1),
        )
        fresh = [at for job_id, at in found if generated_at(job_id) >= moment]
        return min(fresh).replace(tzinfo=UTC).timestamp() if fresh else None

    def _alarms(self, satellite_id: str) -> list[tuple[str, str]]:
        answer = requests.get(
            f"{self._platform.api_url}/alerts",
            params={"satellite_id": satellite_id, "kind": "limit", "limit": "1000"},
            timeout=HTTP_TIMEOUT_S,
        )
        answer.raise_for_status()
        return sorted({(satellite_id, alert["reason"]) for alert in answer.json()["alerts"]})

    def _read_results(self) -> list[str]:
        consumer = _consumer()
        try:
            ends = {partition: _end(consumer, RESULTS_TOPIC, partition) for partition in self._results_at}
            consumer.assign([TopicPartition(RESULTS_TOPIC, *place) for place in self._results_at.items()])
            deadline = time.monotonic() + READ_LIMIT_S
            while any(self._results_at[partition] < end for partition, end in ends.items()):
                assert time.monotonic() < deadline, "the topic of results does not answer"
                for message in consumer.consume(500, timeout=0.5):
                    self._note_result(message)
        finally:
            consumer.close()
        return self._results

    def _note_result(self, message: Any) -> None:
        assert message.error() is None, message.error()
        record = json.loads(message.value())
        self._results_at[message.partition()] = message.offset() + 1
        if record["satellite_id"].startswith(self._prefix):
            self._results.append(f"{record['job_id']}/{record['subsystem']}")


def generated_at(job_id: str) -> float:
    """Read the generation time (Unix seconds) that stands at the end of a job's id."""
    digits = job_id.rsplit("-", 1)[1]
    return int(digits) / (1_000_000 if len(digits) == 16 else 1_000)


def topic_ends(topic: str) -> dict[int, int]:
    """Return each partition of a topic and its end."""
    consumer = _consumer()
    try:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        return {partition: _end(consumer, topic, partition) for partition in partitions}
    finally:
        consumer.close()


def documents(prefix: str) -> list[str]:
    """Return the id of every document of those satellites, page by page."""
    requests.post(f"{search_url()}/{INDEX}/_refresh", timeout=HTTP_TIMEOUT_S).raise_for_status()
    found: list[str] = []
    query: dict[str, Any] = {
        "size": PAGE,
        "_source": False,
        "query": {"prefix": {"satellite_id": prefix}},
        "sort": [{"job_id": "asc"}, {"subsystem": "asc"}],
    }
    while True:
        answer = requests.post(f"{search_url()}/{INDEX}/_search", json=query, timeout=HTTP_TIMEOUT_S)
        answer.raise_for_status()
        hits = answer.json()["hits"]["hits"]
        found.extend(hit["_id"] for hit in hits)
        if len(hits) < PAGE:
            return found
        query["search_after"] = hits[-1]["sort"]


def _end(consumer: Consumer, topic: str, partition: int) -> int:
    return int(consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)[1])


def _consumer() -> Consumer:
    servers = address("KAFKA_BOOTSTRAP_SERVERS", "localhost:9092")
    return Consumer({"bootstrap.servers": servers, "group.id": "chaos-reader", "enable.auto.commit": False})

"""Verdicts on their way out: to the search engine, the topic of results and the series of scores."""

import json
import time
from typing import Any

import pytest
import requests
from confluent_kafka import Consumer, TopicPartition

from testbed.generator import Shares, recording, whole_second_now
from testbed.ledger import Ledger
from testbed.oracle import demands_of
from testbed.running_platform import Platform, exported_times, indexed_verdicts, is_search_up
from testbed.supervised import RELAY, SEARCH, address, wait_until
from tests.e2e.checks import wait_until_drained

RESULTS_TOPIC = "inference.results"
CATCH_UP_S = 90

pytestmark = pytest.mark.e2e


def load(satellites: str, seed: int) -> Ledger:
    ids = [f"{satellites}{index}" for index in range(5)]
    shares = Shares(rule_breaking=0.2)
    ledger = Ledger()
    ledger.send(recording(ids, count=200, newest_at=whole_second_now(), seed=seed, shares=shares))
    return ledger


def keys(platform: Platform, satellites: str) -> set[str]:
    return {f"{row.job_id}/{row.subsystem}" for row in platform.rows(satellites)}


def wait_until_searchable(expected: set[str], satellites: str) -> None:
    wait_until(is_search_up, "the search engine answers", within_s=CATCH_UP_S)
    wait_until(
        lambda: indexed_verdicts(satellites) == expected,
        f"all {len(expected)} verdicts and nothing else are in the search engine",
        within_s=CATCH_UP_S,
        every_s=0.5,
    )


def search(platform: Platform, **parameters: Any) -> requests.Response:
    return requests.get(f"{platform.api_url}/search", params=parameters, timeout=30)


def result_records(since: dict[int, int]) -> dict[str, dict[str, Any]]:
    """Read what was appended to the topic of results behind the offsets `since`."""
    consumer = _consumer()
    try:
        ends = {partition: _end(consumer, partition) for partition in since}
        consumer.assign([TopicPartition(RESULTS_TOPIC, *place) for place in since.items()])
        waiting = {partition for partition in since if since[partition] < ends[partition]}
        found = {}
        deadline = time.monotonic() + 30
        while waiting:
            assert time.monotonic() < deadline, "the topic of results does not answer"
            for message in consumer.consume(500, timeout=0.5):
                record = json.loads(message.value() or b"")
                assert message.key() == record["job_id"].encode()
                found[f"{record['job_id']}/{record['subsystem']}"] = record
                if (message.offset() or 0) + 1 >= ends[message.partition() or 0]:
                    waiting.discard(message.partition() or 0)
        return found
    finally:
        consumer.close()


def result_ends() -> dict[int, int]:
    """Return the present end of each partition of the topic of results."""
    consumer = _consumer()
    try:
        partitions = consumer.list_topics(RESULTS_TOPIC, timeout=10).topics[RESULTS_TOPIC].partitions
        return {partition: _end(consumer, partition) for partition in partitions}
    finally:
        consumer.close()


def _end(consumer: Consumer, partition: int) -> int:
    return int(consumer.get_watermark_offsets(TopicPartition(RESULTS_TOPIC, partition), timeout=10)[1])


def _consumer() -> Consumer:
    servers = address("KAFKA_BOOTSTRAP_SERVERS", "localhost:9092")
    return Consumer({"bootstrap.servers": servers, "group.id": "test-reader", "enable.auto.commit": False})


def test_every_verdict_is_found_published_and_drawn(platform: Platform, satellites: str) -> None:
    before = result_ends()
    ledger = load(satellites, seed=11)
    wait_until_drained(platform, ledger, demands_of(ledger.sent), satellites)
    expected = keys(platform, satellites)
    assert expected
    wait_until_searchable(expected, satellites)

    job_id = min(expected).split("/")[0]
    (hit,) = search(platform, q=job_id).json()["hits"]
    assert hit["job_id"] == job_id
    records = wait_until(
        lambda: ours if (ours := result_records(before)).keys() >= expected else None,
        "every verdict is in the topic of results",
        within_s=CATCH_UP_S,
    )
    scored = {row.job_id for row in platform.rows(satellites) if row.score is not None}
    assert all(records[key]["satellite_id"].startswith(satellites) for key in expected)
    with_score = {records[key]["satellite_id"] for key in expected if key.split("/")[0] in scored}
    assert with_score
    wait_until(
        lambda: set(exported_times(satellites, "satellite_anomaly_score")) == with_score,
        "scores are drawn",
        within_s=30,
        every_s=0.5,
    )


def test_search_outage_affects_nothing_else_and_search_catches_up(
    platform: Platform, satellites: str
) -> None:
    with platform.supervised.stopped(SEARCH):
        ledger = load(satellites, seed=12)
        wait_until_drained(platform, ledger, demands_of(ledger.sent), satellites)
        answer = search(platform, q=satellites)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "search unavailable" in answer.json()["detail"]
        assert requests.get(f"{platform.api_url}/results/history", timeout=30).status_code == 200
    wait_until_searchable(keys(platform, satellites), satellites)


def test_killed_relay_leaves_no_gap(platform: Platform, satellites: str) -> None:
    before = result_ends()
    ledger = load(satellites, seed=13)
    wait_until(lambda: indexed_verdicts(satellites), "the relay is in the middle of it", within_s=60)
    old = platform.supervised.kill(RELAY)
    platform.supervised.wait_for_restart(RELAY, old)
    wait_until_drained(platform, ledger, demands_of(ledger.sent), satellites)
    expected = keys(platform, satellites)
    wait_until_searchable(expected, satellites)
    wait_until(
        lambda: expected <= result_records(before).keys(),
        "every verdict is in the topic of results",
        within_s=CATCH_UP_S,
    )

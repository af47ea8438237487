"""Samples that a real VictoriaMetrics answered for and lost to a SIGKILL."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.victoriametrics import VictoriaMetrics, sample_line
from tests.integration.servers.victoria_server import VictoriaServer

pytestmark = pytest.mark.integration

START_MS = int(time.time() - 3600) * 1000
"""What is older than a year would be dropped."""
COUNT = 150


@pytest.fixture
def server(tmp_path: Path) -> Iterator[VictoriaServer]:
    running = VictoriaServer(tmp_path)
    running.start()
    yield running
    running.kill()


def lines(first: int, last: int) -> list[str]:
    return [
        sample_line("satellite_test", {"satellite_id": "SAT-1"}, float(n), (START_MS + n) * 1000)
        for n in range(first, last)
    ]


def stored(server: VictoriaServer) -> int:
    requests.get(f"{server.url}/internal/force_flush", timeout=20).raise_for_status()
    answer = requests.get(f"{server.url}/api/v1/export", params={"match[]": "satellite_test"}, timeout=20)
    series: list[dict[str, Any]] = [orjson.loads(line) for line in answer.text.splitlines()]
    return sum(len(one["values"]) for one in series)


def test_samples_lost_to_a_kill_come_back_once(server: VictoriaServer) -> None:
    client = VictoriaMetrics(server.url)
    client.import_samples(lines(0, COUNT))
    assert stored(server) == COUNT
    server.kill()
    server.start()
    assert stored(server) == 0  # answered for, readable, and gone
    assert client.restore_lost()
    assert stored(server) == COUNT
    assert not client.restore_lost()
    assert stored(server) == COUNT


def test_second_kill_before_anything_is_on_disk_loses_nothing_either(server: VictoriaServer) -> None:
    client = VictoriaMetrics(server.url)
    client.import_samples(lines(0, COUNT))
    for _ in range(2):
        server.kill()
        with pytest.raises(DependencyUnavailable):
            client.restore_lost()
        server.start()
        assert client.restore_lost()
    client.import_samples(lines(COUNT, 2 * COUNT))
    assert stored(server) == 2 * COUNT

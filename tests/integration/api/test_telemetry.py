"""Telemetry of the console over a real VictoriaMetrics."""

import math
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

import pytest
import requests

from operation_server.app import create_app
from operation_server.telemetry.schemas import Telemetry
from telemetry_core.contract.mission import metrics_by_channel
from telemetry_core.service.settings import Settings, load_mission
from tests.integration.servers.running_api import FakeBroker, served
from tests.integration.servers.victoria_server import running_victoria_server, write_samples

pytestmark = pytest.mark.integration

DAY_MS: Final = 86_400_000
MIDNIGHT_MS: Final = int(datetime.now(UTC).timestamp()) // 86_400 * 86_400 * 1000
METRICS: Final = metrics_by_channel(load_mission(Settings().mission_file))


class Console:
    """The API and the store of measurements behind it."""

    def __init__(self, url: str, victoria_url: str) -> None:
        self._url = url
        self._victoria_url = victoria_url

    def measured(
        self, satellite_id: str, values: Mapping[int, float], *, metric: str = "satellite_gyro_x"
    ) -> None:
        """Store values by time in milliseconds."""
        write_samples(self._victoria_url, metric, satellite_id, values)

    def ask(self, satellite_id: str, start_ms: int, end_ms: int, **query: Any) -> requests.Response:
        within = {"start_time": instant(start_ms), "end_time": instant(end_ms)}
        url = f"{self._url}/api/v1/telemetry/{satellite_id}"
        return requests.get(url, params={**within, **query}, timeout=20)

    def telemetry(self, *where: Any, **query: Any) -> Telemetry:
        answer = self.ask(*where, **query)
        assert answer.status_code == 200, answer.text
        found = Telemetry.model_validate(answer.json())
        assert found.model_dump(mode="json") == answer.json()
        return found


def instant(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with running_victoria_server(tmp_path_factory.mktemp("victoria")) as victoria_url:
        settings = Settings(victoria_metrics_url=victoria_url)
        with served(create_app(settings, send_task=FakeBroker(), checks={})) as url:
            yield Console(url, victoria_url)


def test_no_spike_of_a_day_is_lost(console: Console) -> None:
    generator = random.Random(7)
    start_ms = MIDNIGHT_MS - DAY_MS
    values = dict.fromkeys(range(start_ms, MIDNIGHT_MS, 1000), 20.0)
    spikes = {at: generator.choice([-100.0, 100.0]) for at in generator.sample(list(values), 200)}
    console.measured("SPIKES", {**values, **spikes})
    found = console.telemetry("SPIKES", start_ms, MIDNIGHT_MS - 1, channel="gyro_x", size=1000)
    (channel,) = found.channels
    assert len(found.times) <= 1000
    assert {later - earlier for earlier, later in pairwise(found.times)} == {found.step_s}
    for at, value in spikes.items():
        place = math.floor((at / 1000 - found.times[0]) / found.step_s)
        assert value in {channel.min[place], channel.max[place]}


def test_interval_holds_its_start_and_not_its_end(console: Console) -> None:
    start_ms = MIDNIGHT_MS - DAY_MS
    console.measured("EDGES", {start_ms + at: float(at) for at in (0, 999, 1000, 4000)})
    found = console.telemetry("EDGES", start_ms, start_ms + 3_999, channel="gyro_x", size=2)
    assert found.step_s == 4
    assert (found.times, found.channels[0].max) == ([start_ms / 1000], [1000.0])


def test_range_that_moves_shows_the_same_intervals(console: Console) -> None:
    start_ms = MIDNIGHT_MS - DAY_MS
    console.measured("MOVES", {start_ms + second * 1000: second % 7 for second in range(4000)})
    hour_ms = 3_600_000
    shown: dict[float, float | None] = {}
    for moved_ms in (0, 1000, 17_000, 60_000):
        first_ms = start_ms + moved_ms
        found = console.telemetry("MOVES", first_ms, first_ms + hour_ms, channel="gyro_x", size=100)
        for time_s, value in zip(found.times, found.channels[0].max, strict=True):
            assert shown.setdefault(time_s, value) == value


def test_short_range_is_answered_with_its_samples_and_a_gap_with_nulls(console: Console) -> None:
    start_ms = MIDNIGHT_MS - DAY_MS
    console.measured("SHORT", {start_ms + 250: 1.5, start_ms + 1_251: 2.5, start_ms + 200_000: 3.5})
    found = console.telemetry("SHORT", start_ms, start_ms + 300_000, channel="gyro_x", size=300)
    assert found.step_s == 0
    assert [round(time_s * 1000) - start_ms for time_s in found.times] == [250, 1_251, 31_251, 200_000]
    assert found.channels[0].min == found.channels[0].max == [1.5, 2.5, None, 3.5]


def test_more_samples_than_asked_for_are_never_returned_as_such(console: Console) -> None:
    start_ms = MIDNIGHT_MS - DAY_MS
    console.measured("FAST", {start_ms + at: float(at) for at in range(0, 10_000, 10)})
    found = console.telemetry("FAST", start_ms, start_ms + 9_999, channel="gyro_x", size=100)
    assert 0 < found.step_s < 1
    assert len(found.times) <= 100
    assert (found.channels[0].min[0], found.channels[0].max[-1]) == (0.0, 9_990.0)


def test_latest_are_the_newest_samples_however_long_ago(console: Console) -> None:
    start_ms = MIDNIGHT_MS - 20 * DAY_MS
    console.measured("LATEST", {start_ms + second * 1000: float(second) for second in range(100)})
    found = console.telemetry("LATEST", start_ms, MIDNIGHT_MS, channel="gyro_x", strategy="latest", size=3)
    assert [time_s - start_ms / 1000 for time_s in found.times] == [97, 98, 99]
    assert found.channels[0].min == found.channels[0].max == [97.0, 98.0, 99.0]


def test_channels_share_their_times_and_lack_values_as_null(console: Console) -> None:
    start_ms = MIDNIGHT_MS - DAY_MS
    console.measured("SHARED", {start_ms: 1.0})
    console.measured("SHARED", {start_ms + 1000: 2.0}, metric="satellite_gyro_y")
    found = console.telemetry("SHARED", start_ms, start_ms + 2000, subsystem="aocs", strategy="latest")
    by_name = {channel.channel: channel for channel in found.channels}
    assert by_name["gyro_x"].min == [1.0, None]
    assert by_name["gyro_y"].max == [None, 2.0]
    assert by_name["gyro_z"].max == [None, None]


@pytest.mark.parametrize("strategy", ["minmax", "latest"])
def test_satellite_without_telemetry_has_channels_without_times(console: Console, strategy: str) -> None:
    found = console.telemetry("NOBODY", 0, 150 * DAY_MS, strategy=strategy)
    assert found.times == []
    assert {channel.metric for channel in found.channels} == set(METRICS.values())


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"subsystem": "payload"}, "known: eps, thermal, aocs, comm"),
        ({"channel": "nothing"}, "no series of nothing"),
        ({"channel": 'x"} or up'}, "channel"),
        ({"size": 1}, "minmax needs at least 2"),
        ({"size": 4001}, "size"),
        ({"strategy": "mean"}, "strategy"),
    ],
)
def test_nonsensical_queries_are_refused_with_their_reason(
    console: Console, query: dict[str, Any], said: str
) -> None:
    answer = console.ask("SAT-001", 0, DAY_MS, **query)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert said in answer.json()["detail"]

"""In whatever order, however often and through whatever restarts: the alarms of the samples."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarm_server.service import AlarmServer
from telemetry_core.kafka.records import Record
from telemetry_core.service.settings import load_mission
from testbed.alarm_ledger import (
    BROKEN,
    NOMINAL,
    SECOND_US,
    START_US,
    SampleSet,
    before,
    delivered,
    expected_alarms,
    sample_sets,
)
from tests.unit.alarm_server.memory_store import POOL, MemoryStore

MISSION = load_mission(Path("missions/default.yaml"))


def server_of(look_back: Sequence[Record] = ()) -> AlarmServer:
    server = AlarmServer(MISSION, POOL, partitions=dict, max_satellites=50)
    server.begin(look_back)
    return server


def run(server: AlarmServer, records: Sequence[Record]) -> None:
    server.act(server.plan(records))


states = st.lists(st.tuples(st.sampled_from([NOMINAL, *BROKEN]), st.integers(1, 18)), min_size=1, max_size=12)


@given(states, st.data())
def test_alarms_follow_from_the_samples_alone(
    found: list[tuple[tuple[float, float, float], int]], data: st.DataObject
) -> None:
    """So often that the hold stays the rule's own while several of the newest samples are late."""
    values = [state for state, times in found for _ in range(times)]
    sent = [
        SampleSet(satellite_id="SAT-1", generated_us=START_US + 5 * place * SECOND_US, values=one)
        for place, one in enumerate(values)
    ]
    records = delivered(sent, seed=data.draw(st.integers(0, 99)), late=0.3, doubled=0.3)
    store = MemoryStore()
    with pytest.MonkeyPatch.context() as patch:
        store.patch(patch)
        server, place = server_of(), 0
        while place < len(records):
            size = data.draw(st.integers(1, 40))
            run(server, records[place : place + size])
            place += size
            if data.draw(st.integers(0, 4)) == 0:
                place = max(0, place - data.draw(st.integers(0, 60)))
                server = server_of(before(records, place))
    # What is foretold follows from the order of samples, too: late ones foretell nothing.
    broken = [alarm for alarm in store.found if not alarm.reason.endswith("_forecast")]
    assert broken == expected_alarms(sent, MISSION)


@pytest.mark.parametrize("interval_s", [10.0, 18.0])
def test_an_alarm_that_begins_ends_and_is_forgotten_within_one_batch_is_saved(
    monkeypatch: pytest.MonkeyPatch, interval_s: float
) -> None:
    """A backlog of one satellite: a batch of 500 messages holds more than the hour that tracks remember."""
    sent = list(sample_sets(satellites=1, each=500, seed=3, interval_s=interval_s))
    store = MemoryStore()
    store.patch(monkeypatch)

    run(server_of(), delivered(sent, seed=3))

    assert store.found == expected_alarms(sent, MISSION)


def test_one_breach_in_a_backlog_of_an_hour_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [NOMINAL] * 10 + [BROKEN[0]] + [NOMINAL] * 480
    sent = [
        SampleSet(satellite_id="SAT-1", generated_us=START_US + 10 * place * SECOND_US, values=one)
        for place, one in enumerate(values)
    ]
    store = MemoryStore()
    store.patch(monkeypatch)

    run(server_of(), delivered(sent, seed=0, late=0, doubled=0))

    assert store.found == expected_alarms(sent, MISSION)
    assert len(store.found) == 1

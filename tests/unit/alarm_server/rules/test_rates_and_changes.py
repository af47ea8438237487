"""Rates and changes from messages to alarms: in any order, however often, and through restarts."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarm_server.readings import Reader
from alarm_server.service import AlarmServer, look_back_s
from alarms.delta_tracks import DeltaTrack
from alarms.occurrence_changes import Event
from telemetry_core.contract.mission import Mission
from telemetry_core.kafka.records import Record
from telemetry_core.limits.changes import Limits
from testbed.alarm_ledger import SECOND_US, START_US, SampleSet, before, delivered
from tests.unit.alarm_server.memory_store import POOL, MemoryStore
from tests.unit.alarm_server.messages import MISSION, NOW_US, record, soc

RULES: dict[str, dict[str, Any]] = {
    "eps": {"channel": "battery_soc_percent", "rate": {"falls": 2, "rises": 2}, "min_violations": 2},
    "thermal": {"channel": "obc_temp", "rate": {"rises": 60, "per": "minute", "over_s": 30}},
    "aocs": {"channel": "thruster_active", "change": True},
}


def mission_with(rules: dict[str, dict[str, Any]]) -> Mission:
    """The default mission with these rules alone, all of the same reason."""
    body = {**MISSION.model_dump(mode="json"), "limit_sets": {}}
    for name, subsystem in body["subsystems"].items():
        rule = {"reason": "moved", "log": "", **rules[name]} if name in rules else None
        subsystem["rules"] = [rule] if rule else []
    return Mission.model_validate(body)


MOVING = mission_with(RULES)
CHANGING = mission_with({"eps": {"channel": "battery_soc_percent", "change": True}})
RATE = mission_with({"eps": {"channel": "battery_soc_percent", "rate": {"falls": 0.1}}})


def server_of(mission: Mission, look_back: Sequence[Record] = ()) -> AlarmServer:
    server = AlarmServer(mission, POOL, partitions=dict, max_satellites=50)
    server.begin(look_back)
    return server


def heard(mission: Mission, records: Sequence[Record]) -> dict[str, list[tuple[int, int, int | None]]]:
    """Begin, newest violation and end of each alarm, by subsystem."""
    store = MemoryStore()
    with pytest.MonkeyPatch.context() as patch:
        store.patch(patch)
        server = server_of(mission)
        server.act(server.plan(records))
    return spans_of(store)


def spans_of(store: MemoryStore) -> dict[str, list[tuple[int, int, int | None]]]:
    found: dict[str, list[tuple[int, int, int | None]]] = {}
    for one in store.found:
        found.setdefault(one.subsystem, []).append((one.started_us, one.last_us, one.returned_us))
    return found


steps = st.tuples(
    st.sampled_from([80.0, 55.0, 12.0]), st.sampled_from([20.0, 60.0]), st.sampled_from([0.0, 1.0])
)
states = st.lists(st.tuples(steps, st.integers(1, 15)), min_size=1, max_size=10)


@given(states, st.data())
def test_alarms_follow_from_the_samples_alone(
    found: list[tuple[tuple[float, float, float], int]], data: st.DataObject
) -> None:
    values = [state for state, times in found for _ in range(times)]
    sent = [
        SampleSet(satellite_id="SAT-1", generated_us=START_US + 10 * place * SECOND_US, values=one)
        for place, one in enumerate(values)
    ]
    records = delivered(sent, seed=data.draw(st.integers(0, 99)), late=0.3, doubled=0.3)
    store = MemoryStore()
    with pytest.MonkeyPatch.context() as patch:
        store.patch(patch)
        server, place = server_of(MOVING), 0
        while place < len(records):
            size = data.draw(st.integers(1, 40))
            server.act(server.plan(records[place : place + size]))
            place += size
            if data.draw(st.integers(0, 4)) == 0:
                place = max(0, place - data.draw(st.integers(0, 60)))
                server = server_of(MOVING, before(records, place, span_s=look_back_s(MOVING)))
    assert spans_of(store) == heard(MOVING, delivered(sent, seed=0, late=0, doubled=0))


@pytest.mark.parametrize("interval_s", [1, 60, 120, 700, 3000])
@pytest.mark.parametrize("mission", [CHANGING, RATE])
def test_a_restart_before_every_message_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, mission: Mission, interval_s: int
) -> None:
    values = [80.0] * 12 + [80 - 0.2 * interval_s] * 9 + [80.0] * 3
    records = [record(interval_s * place, **soc(value)) for place, value in enumerate(values)]
    store = MemoryStore()
    store.patch(monkeypatch)
    for place, one in enumerate(records):
        server = server_of(mission, before(records, place, span_s=look_back_s(mission)))
        server.act(server.plan([one]))

    assert spans_of(store) == heard(mission, records)
    assert store.found


def test_nominal_samples_write_no_row_but_the_value_that_must_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first sample is written, for the next may be far away; with that, a rate's is forgotten."""
    for mission, saves in ((CHANGING, 1), (RATE, 2)):
        store = MemoryStore()
        store.patch(monkeypatch)
        server = server_of(mission)
        for at_s in range(0, 500, 10):
            server.act(server.plan([record(at_s, **soc(80))]))
        (known,) = store.tracks.values()
        assert isinstance(known.track, DeltaTrack)
        assert (store.saves, len(known.track.points)) == (saves, 2 - saves)


def test_a_change_is_an_alarm_of_old_and_new_that_returns_after_a_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = MemoryStore()
    store.patch(monkeypatch)
    server = server_of(CHANGING)
    server.act(server.plan([record(at_s, **soc(5 if at_s < 50 else 6)) for at_s in range(0, 200, 10)]))

    (alarm,) = store.alarms.values()
    assert (alarm.before, alarm.value, alarm.started_us) == (5, 6, NOW_US + 50 * SECOND_US)
    assert {event for _, event, _ in store.events} == {Event.RAISED, Event.RETURNED}


def test_a_rate_is_none_by_times_of_reception() -> None:
    """Messages of a satellite whose clock is decades behind come at once after a pass."""
    wrong: dict[str, Any] = {"timestamp": "2001-01-01T00:00:00Z"}
    records = [record(at_s / 100, **wrong, **soc(80 - at_s)) for at_s in range(20)]

    assert heard(RATE, records).keys() == {"satellite"}
    assert heard(CHANGING, records).keys() == {"satellite", "eps"}


def test_stored_telemetry_raises_nothing() -> None:
    records = [record(at_s, received_s=at_s + 1000, **soc(80 - at_s)) for at_s in range(20)]

    assert heard(RATE, records) == heard(CHANGING, records) == {}


def test_rules_on_rate_and_change_start_no_inference_and_are_no_limits() -> None:
    for name, subsystem in MOVING.subsystems.items():
        assert [rule.kind for rule in subsystem.rules] == (
            [] if name not in RULES else ["change" if name == "aocs" else "rate"]
        )
        assert subsystem.limits == ()
    assert {one.sign.kind for one in Reader(Limits.of(MOVING)).read(record(0, **soc(80))).samples} == {
        "clock",
        "rate",
    }


def test_the_look_back_reaches_as_far_as_the_longest_rate() -> None:
    assert [look_back_s(mission) for mission in (MISSION, CHANGING, MOVING)] == [900, 900, 930]

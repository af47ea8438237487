"""Suite field: the telemetry that it makes, packets and faults."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray

from benchmarks.detection.field.faults import (
    FAULT_STEPS,
    FAULTS,
    LEAD_STEPS,
    cases_of,
    steps_of,
)
from benchmarks.detection.field.telemetry import FEATURES, Fleet, Packets, records_of
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.kafka.records import Record
from tests.unit.benchmarks.detection.test_field import SECOND_US

Body = dict[str, Any]
Numbers = NDArray[np.float64]


def body_of(record: Record) -> Body:
    assert record.value is not None
    body: Body = orjson.loads(record.value)
    return body


def messages(packets: Packets, steps: int = 12) -> tuple[Fleet, list[Body]]:
    fleet = Fleet.simulated(seed=1, interval_s=2.0, steps=steps)
    bodies = [body_of(record) for record in records_of(list(fleet.tracks(1, "S", packets)))]
    return fleet, bodies


def fleet_of(*, seed: int, interval_s: float) -> Fleet:
    return Fleet.simulated(
        seed=seed, interval_s=interval_s, steps=max(steps_of(kind, interval_s) for kind in FAULTS)
    )


def seconds_between(bodies: Iterable[Body]) -> list[float]:
    times = [datetime.fromisoformat(body["timestamp"]) for body in bodies]
    return [(later - earlier) / timedelta(seconds=1) for earlier, later in pairwise(times)]


def channels_in(body: Body) -> dict[str, set[str]]:
    return {name: set(values) for name, values in body.items() if name in FEATURES}


ALL = {name: set(channels) for name, channels in FEATURES.items()}


def test_one_packet_holds_every_channel_of_its_time() -> None:
    _, bodies = messages(Packets.ONE)
    assert [channels_in(body) for body in bodies] == [ALL] * 12
    assert set(seconds_between(bodies)) == {2.0}


@pytest.mark.parametrize(("packets", "gaps"), [(Packets.GROUPS, {0.6, 1.4}), (Packets.TURNS, {2.0})])
def test_two_groups_of_packets_hold_every_channel_once(packets: Packets, gaps: set[float]) -> None:
    _, bodies = messages(packets)
    assert set(seconds_between(bodies)) == gaps
    for one, other in zip(bodies[::2], bodies[1::2], strict=True):
        for name in FEATURES:
            assert not channels_in(one)[name] & channels_in(other)[name]
            assert channels_in(one)[name] | channels_in(other)[name] == ALL[name]


def test_by_groups_a_channel_comes_every_interval_and_by_turns_every_second_one() -> None:
    assert len(messages(Packets.GROUPS)[1]) == 24
    assert len(messages(Packets.TURNS)[1]) == 12


def test_a_third_of_the_channels_of_each_subsystem_never_comes() -> None:
    _, bodies = messages(Packets.MISSING)
    assert len({json.dumps(sorted(map(sorted, channels_in(body).values()))) for body in bodies}) == 1
    for name, channels in channels_in(bodies[0]).items():
        assert len(channels) == len(ALL[name]) * 2 // 3


def test_a_tenth_of_the_messages_is_lost_as_a_whole_and_the_same_ones_every_time() -> None:
    fleet = Fleet.simulated(seed=1, interval_s=2.0, steps=400)
    sent = [records_of(list(fleet.tracks(0, "S", Packets.LOSSY))) for _ in range(2)]
    assert sent[0] == sent[1]
    assert 320 <= len(sent[0]) <= 385
    assert [channels_in(body_of(record)) for record in sent[0]] == [ALL] * len(sent[0])


def test_a_fault_brings_no_lost_sample_back() -> None:
    for kind in FAULTS:
        case = next(cases_of(kind, fleet_of(seed=3, interval_s=1.0), Packets.LOSSY))
        name = case.injection.channel
        struck, nominal = (
            next(track for track in tracks if track.channel == name)
            for tracks in (case.tracks, case.unstruck)
        )
        assert np.isnan(struck.values[np.isnan(nominal.values)]).all()


def test_a_part_of_a_fleet_is_the_same_satellites_meanwhile() -> None:
    fleet = Fleet.simulated(seed=1, interval_s=2.0, steps=12)
    whole, later = (list(one.tracks(3, "S", Packets.GROUPS)) for one in (fleet, fleet.part(4, 6)))
    for track, part in zip(whole, later, strict=True):
        assert np.array_equal(part.times_us, track.times_us[4:10])
        assert np.array_equal(part.values, track.values[4:10])


def test_messages_are_received_at_once_and_in_order() -> None:
    fleet = Fleet.simulated(seed=1, interval_s=0.1, steps=5)
    records = records_of([*fleet.tracks(0, "A", Packets.GROUPS), *fleet.tracks(1, "B", Packets.GROUPS)])
    times = [microseconds_of(datetime.fromisoformat(body_of(record)["timestamp"])) for record in records]
    assert [record.received_us for record in records] == times == sorted(times)


def same(values: Numbers, others: Numbers | None) -> bool:
    return others is not None and np.array_equal(values, others, equal_nan=True)


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("packets", Packets)
def test_a_fault_changes_one_channel_from_its_start_on(kind: str, packets: Packets) -> None:
    fleet = fleet_of(seed=3, interval_s=5.0)
    cases = list(cases_of(kind, fleet, packets))
    assert len({case.injection.subsystem for case in cases}) == len(FEATURES)
    fleet = fleet.part(0, LEAD_STEPS + FAULT_STEPS)
    nominal = {
        (satellite, track.subsystem, track.channel): track.values
        for satellite in range(10)
        for track in fleet.tracks(satellite, "S", packets)
    }
    for case in cases:
        truth = case.injection
        satellite = next(
            number
            for number in range(10)
            if all(
                track.channel == truth.channel
                or same(track.values, nominal.get((number, track.subsystem, track.channel)))
                for track in case.tracks
            )
        )
        struck = next(track for track in case.tracks if track.channel == truth.channel)
        was = nominal[satellite, truth.subsystem, truth.channel]
        before = struck.times_us < truth.start_us
        assert same(struck.values[before], was[before])
        assert not same(struck.values[~before], was[~before])
        assert [track.channel for track in case.unstruck] == [track.channel for track in case.tracks]
        assert all(
            same(track.values, nominal[satellite, track.subsystem, track.channel]) for track in case.unstruck
        )
        assert before.sum() * struck.interval_us == LEAD_STEPS * 5 * SECOND_US


def test_drop_out_is_null_and_fill_value_stands_in_the_message() -> None:
    for kind, shown in (("dropout", None), ("fill value", -9999.0)):
        case = next(cases_of(kind, fleet_of(seed=3, interval_s=1.0), Packets.ONE))
        last = body_of(records_of(case.tracks)[-1])
        assert last[case.injection.subsystem][case.injection.channel] == shown


def test_drift_is_seen_to_its_end_also_at_the_shortest_interval() -> None:
    case = next(cases_of("drift", fleet_of(seed=3, interval_s=0.1), Packets.ONE))
    assert case.tracks[0].times_us[-1] - case.injection.start_us > 120 * SECOND_US


def test_the_same_seed_makes_the_same_faults() -> None:
    one, other = (list(cases_of("noise", fleet_of(seed=4, interval_s=1.0), Packets.ONE)) for _ in range(2))
    assert [records_of(case.tracks) for case in one] == [records_of(case.tracks) for case in other]

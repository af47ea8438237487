"""Silence of subsystems and channels, over a store in memory: one alarm for each cause."""

import random
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alarm_server.silence.telling import StandingSilence
from telemetry_core.kafka.records import Record
from tests.unit.alarm_server.memory_store import MemoryStore
from tests.unit.alarm_server.messages import MISSION, NOW_US, SECOND_US, record
from tests.unit.alarm_server.platform import Platform

GAP_S = 60
SUBSYSTEMS: dict[str, Any] = {
    name: dict.fromkeys(subsystem.channels, 1) for name, subsystem in MISSION.subsystems.items()
}
LOOK_BACK_S = 180


def message(at_s: float, *names: str, **changes: Any) -> Record:
    """All of these subsystems, or of the mission's; changes are of the one of electrical power."""
    parts: dict[str, Any] = {name: dict(SUBSYSTEMS[name]) for name in names or SUBSYSTEMS}
    if changes:
        parts["eps"] |= changes
    return record(at_s, **parts)


def run(platform: Platform, records: Iterable[Record], *, until_s: float) -> None:
    """Let the service receive what was sent, and look each second."""
    waiting = sorted(records, key=lambda one: one.received_us)
    while platform.now_s < until_s:
        platform.now_s += 1
        now_us = NOW_US + round(platform.now_s * SECOND_US)
        due = [one for one in waiting if one.received_us <= now_us]
        waiting = waiting[len(due) :]
        if due:
            platform.hear(*due)
        platform.server.round()


def test_packets_of_several_subsystems_with_a_pause_behind_them_are_no_silence(platform: Platform) -> None:
    packets = [
        message(70 * cycle + 0.1 * place, name)
        for cycle in range(40)
        for place, name in enumerate(SUBSYSTEMS)
    ]
    run(platform, packets, until_s=70 * 39)
    # The first pause of all is longer than the mission allows, and no other was known.
    first = "satellite.no_data.1780000000300.SAT-1"
    assert (platform.store.raised, platform.store.ended) == ([first], [first])
    run(platform, [], until_s=70 * 39 + 3 * 70 + 2)
    assert platform.store.silent == ["SAT-1"]
    assert platform.store.silent_parts == []


def test_a_subsystem_that_stops_is_one_alarm_until_it_is_heard(platform: Platform) -> None:
    others = [name for name in SUBSYSTEMS if name != "comm"]
    sent = [*(message(at_s) for at_s in range(100)), *(message(at_s, *others) for at_s in range(100, 400))]
    run(platform, sent, until_s=99 + GAP_S)
    assert platform.store.raised == []
    run(platform, sent, until_s=350)
    assert platform.store.raised == ["comm.no_data.1780000099000.SAT-1"]
    assert platform.store.silent_parts == [("comm", "")]
    run(platform, [message(400)], until_s=402)
    assert platform.store.silent_parts == []


def test_a_channel_that_has_no_value_any_more_is_silent_alone(platform: Platform) -> None:
    sent = [message(at_s, battery_current=1 if at_s < 100 else None) for at_s in range(300)]
    run(platform, sent, until_s=290)
    assert platform.store.raised == ["eps.battery_current_no_data.1780000099000.SAT-1"]
    assert platform.store.silent_parts == [("eps", "battery_current")]


def test_a_channel_that_was_silent_stays_so_while_its_subsystem_is(platform: Platform) -> None:
    sent = [message(at_s, battery_current=1 if at_s < 100 else None) for at_s in range(200)]
    sent += [message(at_s, "aocs", "comm", "thermal") for at_s in range(200, 400)]
    run(platform, sent, until_s=390)
    assert platform.store.silent_parts == [("eps", "battery_current"), ("eps", "")]


def test_a_silent_satellite_is_one_alarm_and_its_parts_have_time_to_come_again(platform: Platform) -> None:
    sent = [message(at_s) for at_s in range(100)]
    back = [*(message(at_s, "eps") for at_s in range(400, 430)), *(message(at_s) for at_s in range(430, 600))]
    run(platform, [*sent, *back], until_s=590)
    assert platform.store.raised == ["satellite.no_data.1780000099000.SAT-1"]


def test_a_part_that_does_not_come_again_with_its_satellite_is_told(platform: Platform) -> None:
    sent = [message(at_s) for at_s in range(100)]
    run(platform, [*sent, *(message(at_s, "eps") for at_s in range(400, 600))], until_s=400 + GAP_S)
    assert platform.store.silent_parts == []
    run(platform, [message(at_s, "eps") for at_s in range(461, 600)], until_s=590)
    assert platform.store.silent_parts == [("aocs", ""), ("comm", ""), ("thermal", "")]


def test_a_last_message_that_lacks_subsystems_tells_of_the_satellite_alone(platform: Platform) -> None:
    packets = [
        message(50 * cycle + 0.1 * place, name)
        for cycle in range(20)
        for place, name in enumerate(SUBSYSTEMS)
    ]
    run(platform, [*packets, message(1_000, "eps")], until_s=3_000)
    assert platform.store.raised == ["satellite.no_data.1780001000000.SAT-1"]


def test_what_came_for_a_short_time_is_not_missed(platform: Platform) -> None:
    """A page of diagnostics, for a minute at most."""
    sent = [message(at_s, *([] if 100 <= at_s < 155 else ["eps"])) for at_s in range(600)]
    run(platform, sent, until_s=590)
    assert platform.store.raised == []


def test_what_is_sent_for_any_time_is_never_silent(platform: Platform) -> None:
    chance, at_s, changed = random.Random(3), 0.0, set()
    while at_s < 20_000:
        at_s += 20 * 2 ** chance.gauss(0, 3)
        changed.add(round(at_s / 10))
    sent = [message(place * 10.0, battery_current=1 if place in changed else None) for place in range(2_000)]
    run(platform, sent, until_s=19_990)
    assert platform.store.raised == []


def test_an_outage_of_kafka_is_none_of_a_subsystem(platform: Platform) -> None:
    """Senders wait, and what they sent meanwhile is received at once, in its order."""
    packets = [
        record(
            at_s,
            received_s=max(at_s, 650 + at_s / 1_000) if at_s >= 600 else at_s,
            **{name: SUBSYSTEMS[name]},
        )
        for cycle in range(40)
        for place, name in enumerate(SUBSYSTEMS)
        for at_s in [20.0 * cycle + 5 * place]
    ]
    run(platform, packets, until_s=790)
    assert platform.store.raised == []


def test_an_alarm_of_a_channel_that_the_mission_has_no_more_ends(platform: Platform) -> None:
    begin_us = NOW_US - 100 * SECOND_US
    platform.store.silences["eps.gone_no_data.1.SAT-1"] = StandingSilence(
        satellite_id="SAT-1", source=("eps", "gone"), since_us=begin_us
    )
    platform.server = platform.started()
    platform.wait(1)
    assert (platform.store.silences, platform.store.ended) == ({}, ["eps.gone_no_data.1.SAT-1"])


Schedule = Sequence[frozenset[str]]
schedules = st.lists(st.frozensets(st.sampled_from(list(SUBSYSTEMS))), min_size=4, max_size=20)
"""Subsystems that come in each half minute."""


def telemetry(schedule: Schedule, *, cadence_s: float, bursts: bool) -> list[Record]:
    found = [message(at_s) for at_s in range(0, 600, 5)]
    for block, names in enumerate(schedule):
        for step in range(int(30 / cadence_s)):
            at_s = 600 + 30 * block + cadence_s * step
            if bursts:
                found += [message(at_s + 0.1 * place, name) for place, name in enumerate(sorted(names))]
            elif names:
                found.append(message(at_s, *names))
    return found


def told(records: Sequence[Record], *, restarts: Iterable[int] = (), again: int = 0) -> list[str]:
    """Return the parts' alarms, with restarts and so many messages delivered again each time."""
    with pytest.MonkeyPatch.context() as patch:
        store = MemoryStore()
        store.patch(patch)
        platform = Platform(store)
        waiting, end_s = list(records), (records[-1].received_us - NOW_US) / SECOND_US
        stops = {*restarts}
        while platform.now_s < end_s + 1:
            platform.now_s += 1
            now_us = NOW_US + round(platform.now_s * SECOND_US)
            due = [one for one in waiting if one.received_us <= now_us]
            waiting = waiting[len(due) :]
            if due:
                platform.hear(*due)
            if round(platform.now_s) in stops:
                heard = [one for one in records if one.received_us <= now_us]
                platform.server = platform.started()
                recent = [one for one in heard if one.received_us > now_us - LOOK_BACK_S * SECOND_US]
                platform.hear(*recent)
                if again:
                    platform.hear(*heard[-again:])
            platform.server.round()
        return store.raised


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(schedules, st.sampled_from([1.0, 5.0, 10.0]), st.booleans())
def test_a_part_is_told_only_while_what_it_belongs_to_is_heard(
    schedule: Schedule,
    cadence_s: float,
    bursts: bool,  # noqa: FBT001
) -> None:
    records = telemetry(schedule, cadence_s=cadence_s, bursts=bursts)
    alarms = told(records)
    received_s = [(one.received_us - NOW_US) / SECOND_US for one in records]
    for name in alarms:
        subsystem, reason, begin_ms, _ = name.split(".")
        begin_s = (int(begin_ms) * 1000 - NOW_US) / SECOND_US
        assert reason == "no_data"
        if subsystem != "satellite":
            assert max(received_s) > begin_s + GAP_S
    assert len(alarms) == len(set(alarms))


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(schedules, st.sampled_from([5.0, 10.0]), st.integers(620, 900), st.integers(1, 60))
def test_a_restart_with_messages_delivered_again_is_none(
    schedule: Schedule, cadence_s: float, restart_s: int, again: int
) -> None:
    records = telemetry(schedule, cadence_s=cadence_s, bursts=True)
    whole, restarted = told(records), told(records, restarts=[restart_s], again=again)
    # A service that begins to listen allows all to pause as long as they usually do.
    assert set(restarted) <= set(whole)
    before_ms = NOW_US // 1000 + 1_000 * (restart_s - 2 * GAP_S)
    assert {name for name in whole if int(name.split(".")[2]) < before_ms - 1_000 * GAP_S} <= {*restarted}

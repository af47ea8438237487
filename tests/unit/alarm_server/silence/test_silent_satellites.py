"""Which satellites the service takes for silent, over a store in memory."""

from alarm_server.silence.heard import Heard
from telemetry_core.kafka.consumer_group import PartitionState
from tests.unit.alarm_server.messages import NOW_US, record, soc
from tests.unit.alarm_server.platform import Platform

GAP_S = 60


def test_a_satellite_that_stops_sending_is_an_alarm_until_it_is_heard(platform: Platform) -> None:
    platform.wait(1)
    platform.hear(record(1, comm={"rssi_dbm": -80}))
    platform.wait(GAP_S)
    assert not platform.store.silences
    platform.wait(2)
    assert platform.store.silent == ["SAT-1"]
    platform.hear(record(63, comm={"rssi_dbm": -80}))
    platform.wait(1)

    assert not platform.store.silences
    assert platform.store.ended == ["satellite.no_data.1780000001000.SAT-1"]


def test_more_satellites_than_fit_are_not_kept_before_or_after_a_restart(platform: Platform) -> None:
    platform.wait(1)
    for number in range(70):
        platform.hear(record(number / 100, satellite=f"SAT-{number}", comm={"rssi_dbm": -80}))
    platform.hear(record(0.7, satellite="SAT-20", comm={"rssi_dbm": -80}))
    platform.wait(5)
    kept = {"SAT-20", *(f"SAT-{number}" for number in range(21, 70))}
    assert set(platform.store.contacts) == kept
    platform.store.contacts |= {
        f"OLD-{number}": Heard(generated_us=NOW_US, received_us=NOW_US, is_replayed=False)
        for number in range(9)
    }
    platform.server = platform.started()
    platform.wait(GAP_S + 5)

    assert set(platform.store.silent) == kept


def test_of_one_silent_satellite_no_other_contacts_are_read(platform: Platform) -> None:
    platform.wait(1)
    platform.hear(record(1, satellite="SAT-1", comm={"rssi_dbm": -80}))
    for at_s in range(0, GAP_S + 10, 5):
        others = (f"SAT-{number}" for number in range(2, 9))
        platform.hear(*(record(at_s, satellite=name, comm={"rssi_dbm": -80}) for name in others))
        platform.wait(5)

    assert (platform.store.silent, platform.store.contacts_read) == (["SAT-1"], 1)


def test_silence_that_could_not_be_saved_is_raised_when_postgresql_is_back(platform: Platform) -> None:
    platform.wait(1)
    platform.hear(record(1, comm={"rssi_dbm": -80}))
    platform.wait(5)
    platform.store.failures = 200
    platform.wait(2 * GAP_S)
    assert not platform.store.silences
    platform.store.failures = 0
    platform.wait(2)

    assert platform.store.silent == ["SAT-1"]


def test_a_silence_is_raised_once_and_known_after_a_restart(platform: Platform) -> None:
    platform.wait(1)
    platform.hear(record(1, comm={"rssi_dbm": -80}))
    platform.wait(GAP_S + 5)
    platform.server = platform.started()
    platform.wait(3 * GAP_S)
    assert platform.store.silent == ["SAT-1"]
    platform.hear(record(1, comm={"rssi_dbm": -80}))
    platform.wait(2)
    assert platform.store.silent == ["SAT-1"]
    platform.hear(record(270, comm={"rssi_dbm": -80}))
    platform.wait(2)

    assert not platform.store.silences


def test_a_satellite_that_was_silent_before_a_restart_is_found(platform: Platform) -> None:
    platform.hear(record(0, comm={"rssi_dbm": -80}))
    platform.wait(5)
    platform.now_s += 1_000
    platform.server = platform.started()
    platform.wait(GAP_S)
    assert not platform.store.silences
    platform.wait(2)

    assert platform.store.silent == ["SAT-1"]


def test_nobody_is_silent_while_kafka_is_away_or_telemetry_waits(platform: Platform) -> None:
    platform.wait(1)
    platform.hear(record(1, comm={"rssi_dbm": -80}))
    platform.is_kafka_away = True
    platform.wait(3 * GAP_S)
    platform.is_kafka_away = False
    platform.partitions = {0: PartitionState(low=0, end=500, committed=1)}
    platform.wait(3 * GAP_S)
    assert not platform.store.silences
    platform.partitions = {0: PartitionState(low=0, end=500, committed=500)}
    platform.wait(GAP_S + 2)

    assert platform.store.silent == ["SAT-1"]


def test_an_outage_of_kafka_after_which_nothing_waits_is_no_silence(platform: Platform) -> None:
    platform.wait(1)
    platform.hear(record(1, comm={"rssi_dbm": -80}))
    platform.is_kafka_away = True
    platform.wait(3 * GAP_S)
    platform.is_kafka_away = False
    platform.wait(2)
    assert not platform.store.silences

    platform.wait(GAP_S + 2)
    assert platform.store.silent == ["SAT-1"]


def test_what_another_service_hears_is_not_silent(platform: Platform) -> None:
    platform.hear(record(0, comm={"rssi_dbm": -80}))
    platform.wait(5)
    mine, other = platform.server, platform.started()
    for at_s in range(10, 400, 10):
        other.act(other.plan([record(at_s, comm={"rssi_dbm": -80})]))
        platform.now_s = at_s
        other.round()
        mine.round()

    assert not platform.store.silences


def test_a_silence_that_one_service_raised_ends_with_what_another_one_hears(platform: Platform) -> None:
    platform.wait(1)
    platform.hear(record(1, comm={"rssi_dbm": -80}))
    platform.wait(5)
    other = platform.started()
    platform.wait(GAP_S)
    assert platform.store.silent == ["SAT-1"]
    other.act(other.plan([record(66.2, comm={"rssi_dbm": -80})]))
    for _ in range(5):
        platform.now_s += 1
        other.round()

    assert not platform.store.silences


def test_a_satellite_with_a_wrong_clock_is_not_silent(platform: Platform) -> None:
    platform.wait(1)
    platform.hear(record(1, comm={"rssi_dbm": -80}))
    for at_s in range(2, 200, 10):
        platform.hear(record(at_s, timestamp="2000-01-01T00:00:05Z", **soc(12)))
        platform.wait(10)

    assert not platform.store.silences
    assert {key[2] for key in platform.store.alarms} == {"low_battery", "clock_jumped_back"}

"""An alarm keeps its name while late and revised verdicts move, join and part runs."""

from alarm_server.anomalies.projection import project
from telemetry_core.contract.inferences import Verdict
from tests.unit.alarm_server.anomalies.memory_store import (
    EPS,
    PAGE,
    START,
    MemoryStore,
    anomalous,
    judged,
    nominal,
)


def test_a_late_first_verdict_moves_the_start_and_the_name_stays() -> None:
    store = MemoryStore()
    anomalous(store, 1_000)
    anomalous(store, 900)
    assert list(store.alarms) == ["eps.anomaly.1000000.SAT-1"]
    assert store.alerts.keys() == {(EPS, 900_000_000)}
    assert store.events() == [("1000", "raised")]


def test_an_alarm_ends_and_a_late_verdict_raises_it_again() -> None:
    store = MemoryStore()
    anomalous(store, 1_000)
    nominal(store, 1_300)
    anomalous(store, 1_200)
    nominal(store, 1_500)
    assert store.events() == [
        ("1000", "raised"), ("1000", "returned"), ("1000", "raised_again"), ("1000", "returned")
    ]  # fmt: skip


def test_alarms_that_a_late_verdict_joins_are_the_earlier_one_and_part_again() -> None:
    store = MemoryStore()
    anomalous(store, 1_000)
    nominal(store, 1_300)
    anomalous(store, 1_400)
    nominal(store, 1_700)
    anomalous(store, 1_200)
    assert [(name, alarm.is_withdrawn) for name, alarm in store.alarms.items()] == [
        ("eps.anomaly.1000000.SAT-1", False), ("eps.anomaly.1400000.SAT-1", True)
    ]  # fmt: skip
    assert store.events()[-1] == ("1400", "withdrawn")
    nominal(store, 1_200)
    assert not any(alarm.is_withdrawn for alarm in store.alarms.values())
    assert store.events()[-2:] == [("1400", "raised_again"), ("1400", "returned")]
    assert store.alerts == store.expected()


def test_a_revised_verdict_withdraws_its_alarm_and_another_revision_brings_it_back() -> None:
    store = MemoryStore()
    anomalous(store, 1_000)
    nominal(store, 1_000)
    assert (store.alerts, len(store.alarms)) == ({}, 1)
    anomalous(store, 1_000)
    assert store.events() == [("1000", "raised"), ("1000", "withdrawn"), ("1000", "raised_again")]


def test_a_long_alarm_that_is_folded_again_in_pieces_tells_nothing_on_the_way() -> None:
    store = MemoryStore()
    anomalous(store, *range(1_000, 6_000, 100))
    nominal(store, 6_300, 6_400)
    before = store.events()
    store.commit(EPS, judged(1_050, Verdict.ANOMALOUS))
    states = set()
    while project(store, PAGE).is_behind:
        states.add((len(store.alarms), store.alarms["eps.anomaly.1000000.SAT-1"].run.ended_us))
    assert states == {(1, 6_300_000_000)}
    assert (store.alerts, store.events()) == (store.expected(), before)


def test_two_alarms_never_have_one_name() -> None:
    store = MemoryStore()
    anomalous(store, 1_000, 1_200, 1_400, 1_600)
    nominal(store, 2_000)
    nominal(store, 1_000, 1_200, 1_400)
    assert store.alerts.keys() == {(EPS, 1_600_000_000)}
    anomalous(store, 1_000)
    assert list(store.alarms) == ["eps.anomaly.1000000.SAT-1", "eps.anomaly.1000001.SAT-1"]
    assert store.alerts == store.expected()


def test_alarms_of_verdicts_that_are_deleted_stay_in_a_rebuild() -> None:
    store = MemoryStore()
    anomalous(store, 1_000)
    nominal(store, 1_300, 2_000)
    store.rows = {name: row for name, row in store.rows.items() if row.xact == 3}
    store.at = START
    store.catch_up()
    assert store.alerts.keys() == {(EPS, 1_000_000_000)}

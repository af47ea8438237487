"""From records to planned tasks."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kafka_inference_trigger.batches import plan_tasks
from kafka_inference_trigger.dispatch import task_id_of
from kafka_inference_trigger.trigger import InferenceTrigger
from telemetry_core.contract.messages import TelemetryMessage, generated_us_of
from telemetry_core.contract.rules import Rule
from telemetry_core.kafka.records import Record
from telemetry_core.service.observability import SATELLITES_EVICTED
from tests.hostile import json_values
from tests.unit.kafka_inference_trigger.records import MISSION, START, new_trigger, record, telemetry


def test_job_is_named_after_satellite_and_generation_time() -> None:
    plan = new_trigger().plan([record(0, telemetry(0))])
    assert [job.job.job_id for job in plan.jobs] == [f"kafka-SAT-001-{int(START.timestamp()) * 1000}"]
    assert plan.jobs[0].job.metadata["lane"] == "live"
    assert plan.jobs[0].job.metadata["offset"] == 0


@pytest.mark.parametrize("key", [None, b"", b"SAT-999", b"\xff\x00"])
def test_satellite_is_the_messages_whatever_its_key(key: bytes | None) -> None:
    (planned,) = new_trigger().plan([replace(record(0, telemetry(0)), key=key)]).jobs
    assert planned.job.satellite_id == "SAT-001"


def test_six_broken_rules_with_long_reasons_are_all_kept_and_none_is_cut() -> None:
    eps = MISSION.subsystems["eps"]
    reasons = [f"{'x' * 40}_{number}" for number in range(6)]
    rules = tuple(Rule(channel="battery_soc_percent", reason=name, log="", below=30) for name in reasons)
    subsystems = {"eps": eps.model_copy(update={"rules": rules})}
    mission = MISSION.model_copy(update={"subsystems": subsystems, "limit_sets": {}})
    trigger = InferenceTrigger(mission, topic="satellite-telemetry", clock=lambda: START)
    job = trigger.plan([record(0, telemetry(0))]).jobs[0].job
    assert job.trigger_reasons == tuple(reasons)
    assert job.trigger_reason == ",".join(reasons[:2])


def test_redelivered_batch_plans_the_same_tasks() -> None:
    records = [record(second, telemetry(second)) for second in range(12)]
    first, second = new_trigger().plan(records), new_trigger().plan(records)
    assert [batch.to_payload() for batch in first.batches] == [batch.to_payload() for batch in second.batches]
    assert task_id_of(first.batches[0]) == task_id_of(second.batches[0])


def test_refused_message_is_a_dead_letter_and_its_neighbours_go_on() -> None:
    plan = new_trigger().plan([record(0, telemetry(0)), record(1, b"{broken"), record(2, telemetry(2))])
    assert [(letter.record.offset, letter.reason) for letter in plan.dead_letters] == [(1, "not_json")]
    assert len(plan.jobs) == 2


def test_refused_values_are_noted_once_by_satellite_also_of_messages_that_are_dead_letters() -> None:
    noted = []
    trigger = InferenceTrigger(
        MISSION, topic="t", clock=lambda: START, note_bad_values=lambda *refused: noted.append(refused)
    )
    spoilt = telemetry(0)
    spoilt["eps"]["battery_voltage"] = "3.9 V"
    records = [
        record(0, telemetry(0)),
        record(1, telemetry(1) | {"eps": spoilt["eps"]}),
        record(2, telemetry(2) | {"timestamp": "2036-02-07T06:28:16Z"}),
        record(3, b"{broken"),
    ]
    trigger.fill(records)
    assert noted == []
    assert [letter.record.offset for letter in trigger.plan(records).dead_letters] == [2, 3]
    assert [
        (satellite, [(bad.channel, bad.reason) for bad in bad_values], received_us)
        for satellite, bad_values, received_us in noted
    ] == [
        (telemetry(0)["satellite_id"], [("eps.battery_voltage", "text")], records[1].received_us),
        (telemetry(0)["satellite_id"], [("timestamp", "time_ahead")], records[2].received_us),
    ]


def test_duplicate_is_dispatched_again() -> None:
    trigger = new_trigger()
    trigger.plan([record(0, telemetry(0))])
    assert len(trigger.plan([record(1, telemetry(0))]).jobs) == 1


def test_every_window_ends_with_the_sample_set_that_it_judges() -> None:
    seconds = [*range(15), 300, 12.5, 301.000_001]  # then a gap, one that is late, one between milliseconds
    sent = [
        telemetry(second) if number % 3 else telemetry(second, battery_voltage=3.9)
        for number, second in enumerate(seconds)
    ]
    plan = new_trigger().plan([record(number, one) for number, one in enumerate(sent)])
    ends = {
        windowed.job.job_id: windowed.window_end_us
        for batch in plan_tasks(MISSION, plan.jobs)
        for windowed in batch.jobs
    }
    assert len(ends) == len(seconds)
    assert ends == {job_id: generated_us_of(job_id) for job_id in ends}


def test_windows_do_not_depend_on_how_messages_were_batched() -> None:
    records = [record(second, telemetry(second)) for second in range(20)]
    together, apart = new_trigger(), new_trigger()
    expected = [job.windows["eps"].values for job in together.plan(records).jobs]
    found = [job.windows["eps"].values for one in records for job in apart.plan([one]).jobs]
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_array_equal(left, right)


def test_rebuilt_windows_equal_those_of_a_trigger_that_never_stopped() -> None:
    records = [record(second, telemetry(second)) for second in range(30)]
    undisturbed, restarted = new_trigger(), new_trigger()
    undisturbed.plan(records[:20])
    assert restarted.fill(records[:20]) == 20
    left, right = undisturbed.plan(records[20:]), restarted.plan(records[20:])
    assert [batch.to_payload() for batch in left.batches] == [batch.to_payload() for batch in right.batches]


class BrokenTrigger(InferenceTrigger):
    """Has a fault that some messages reach."""

    def _parse(self, record: Record) -> TelemetryMessage:
        if record.offset == 1:
            raise ZeroDivisionError("a fault of ours")
        return super()._parse(record)


def test_unexpected_error_costs_one_message_and_neither_batch_nor_look_back() -> None:
    trigger = BrokenTrigger(MISSION, topic="satellite-telemetry", clock=lambda: START)
    records = [record(second, telemetry(second)) for second in range(3)]
    assert trigger.fill(records) == 2
    plan = trigger.plan(records)
    assert [(letter.record.offset, letter.reason) for letter in plan.dead_letters] == [(1, "internal_error")]
    assert len(plan.jobs) == 2
    assert [trigger.outcome(one).reason for one in records] == [None, None, None], (
        "the sender is not to blame"
    )


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()), max_size=8)
)
def test_any_bytes_are_jobs_or_dead_letters(values: list[bytes]) -> None:
    plan = new_trigger().plan([record(offset, value) for offset, value in enumerate(values)])
    assert {letter.reason for letter in plan.dead_letters}.isdisjoint({"internal_error"})
    assert len(plan.dead_letters) == len(values)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["battery_soc_percent", "battery_voltage"]), json_values))
def test_any_value_of_a_channel_is_a_sample_or_missing(fields: dict[str, object]) -> None:
    body = {**telemetry(0), "eps": {**fields, "battery_temperature": 20.0}}
    plan = new_trigger().plan([record(0, json.dumps(body).encode())])
    assert {letter.reason for letter in plan.dead_letters} <= {"not_json", "no_usable_channel"}


def test_invented_satellites_are_bounded_and_the_longest_silent_one_goes() -> None:
    trigger = InferenceTrigger(MISSION, topic="t", clock=lambda: START, max_satellites=3)
    evicted_before = SATELLITES_EVICTED._value.get()
    bodies = [telemetry(number) | {"satellite_id": f"SAT-{number}"} for number in range(20)]
    trigger.plan([record(number, body) for number, body in enumerate(bodies)])
    assert len(trigger._windows) == 3
    assert SATELLITES_EVICTED._value.get() - evicted_before == 17


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=2, max_size=40), st.data())
def test_restart_equals_no_restart_where_satellites_make_room(order: list[int], data: st.DataObject) -> None:
    records = [
        record(second, telemetry(second) | {"satellite_id": f"SAT-{number}"})
        for second, number in enumerate(order)
    ]
    at = data.draw(st.integers(1, len(order) - 1))
    one, other = (
        InferenceTrigger(MISSION, topic="t", clock=lambda: START, max_satellites=3) for _ in range(2)
    )
    one.plan(records[:at])
    other.fill(records[:at])
    left, right = one.plan(records[at:]), other.plan(records[at:])
    assert [batch.to_payload() for batch in left.batches] == [batch.to_payload() for batch in right.batches]

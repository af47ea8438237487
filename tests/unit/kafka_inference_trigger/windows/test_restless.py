"""Restless subsystems are judged with every sample set, until they are quiet again."""

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kafka_inference_trigger.windows.restless import LEAST_MOVE, NEW_STEPS
from kafka_inference_trigger.windows.telemetry_windows import look_back_s
from tests.unit.kafka_inference_trigger.windows.volts import (
    LENGTH,
    NOMINAL,
    QUIET_STEPS,
    SECOND_US,
    jobs,
    mission,
    new_trigger,
    record,
    seconds,
    volts,
)


def test_nominal_telemetry_adds_nothing() -> None:
    assert jobs(record(second) for second in range(60)) == []


def test_channel_outside_of_its_range_has_its_subsystem_judged_until_it_was_quiet_for_some_samples() -> None:
    found = jobs(volts(second, 11.0 if second in {30, 33} else 5.0) for second in range(60))
    assert seconds(found) == list(range(30, 33 + QUIET_STEPS))
    for planned in found:
        assert list(planned.windows) == ["eps"]
        assert planned.job.total_subsystems == 1
        assert planned.job.trigger_reason == "periodic_check", "no limit is broken: the alerts read this"
        assert planned.job.trigger_reasons == ("periodic_check",)
        assert planned.job.metadata["restless"] == {"eps": "volts"}


@pytest.mark.parametrize("interval_s", [0.1, 5.0, 20.0, 30.0])
def test_quiet_is_a_number_of_samples_at_any_cadence(interval_s: float) -> None:
    records = [volts(interval_s * step, 11.0 if step == 12 else 5.0) for step in range(60)]
    assert len(jobs(records, mission(max_span_s=2_000))) == QUIET_STEPS


def test_broken_rule_leaves_its_subsystem_restless() -> None:
    found = jobs(volts(second, 13.0 if second == 30 else 5.0) for second in range(60))
    assert seconds(found) == list(range(30, 30 + QUIET_STEPS))
    first, *others = found
    assert (first.job.trigger_reasons, list(first.windows)) == (("too_high",), ["eps", "aocs"])
    assert "restless" not in first.job.metadata, "the rule says why"
    assert {planned.job.trigger_reasons for planned in others} == {("periodic_check",)}
    flags = [record(second, {**NOMINAL, "aocs": {"firing": second == 30}}) for second in range(60)]
    assert [list(planned.windows) for planned in jobs(flags)[1:]] == [["aocs"]] * (QUIET_STEPS - 1)


@pytest.mark.parametrize(("gyro", "judged"), [(0.0, []), (2.0, [30]), (None, [])])
def test_rule_of_a_context_is_broken_in_it_and_leaves_nothing_restless(
    gyro: float | None, judged: list[int]
) -> None:
    flags = [
        record(second, {**NOMINAL, "aocs": {"gyro": gyro, "firing": second == 30}}) for second in range(60)
    ]
    found = jobs(flags, mission(firing_when=[{"channel": "gyro", "above": 1}]))
    assert seconds(found) == judged
    assert {planned.job.trigger_reasons for planned in found} <= {("firing",)}


def test_channel_that_moves_beyond_what_its_window_held_is_looked_at_for_a_few_samples() -> None:
    step = [volts(second, 5.0 if second < 30 else 5.0 + 1.1 * LEAST_MOVE * 10) for second in range(60)]
    assert seconds(jobs(step)) == list(range(30, 30 + NEW_STEPS))
    small = [volts(second, 5.0 if second < 30 else 5.0 + 0.9 * LEAST_MOVE * 10) for second in range(60)]
    assert jobs(small) == []


def test_intervals_longer_than_a_gap_of_faster_channels_are_no_gaps() -> None:
    rarely = mission(max_span_s=2_000)
    assert rarely.window.max_gap_s < 30
    step = [volts(30 * number, 5.0 if number < 30 else 6.0) for number in range(40)]
    assert seconds(jobs(step, rarely)) == [30 * number for number in range(30, 30 + NEW_STEPS)]


def test_usual_way_of_a_channel_is_no_move() -> None:
    ramp = [volts(second, 0.1 * second) for second in range(60)]
    wave = [volts(second, 9.0 if second // 4 % 2 else 1.0) for second in range(60)]
    assert jobs(ramp) == []
    assert seconds(jobs(wave)) == [], "warming up included"


def test_counters_and_channels_without_a_range_have_no_moves() -> None:
    values = [{"volts": 5.0, "cycles": second % 10, "amps": 1.0 + 50 * (second > 30)} for second in range(60)]
    assert jobs(record(second, {"eps": eps}) for second, eps in enumerate(values)) == []


def test_nothing_is_held_against_samples_before_a_gap() -> None:
    level = [volts(second, 2.0) for second in range(30)]
    after = [volts(60 + second, 8.0) for second in range(30)]
    assert jobs([*level, *after]) == []


def test_channel_that_is_outside_throughout_its_window_is_usual_and_looked_at_no_longer() -> None:
    found = jobs(volts(second, 5.0 if second < 5 else 11.0) for second in range(100))
    assert seconds(found) == list(range(5, 5 + LENGTH - 1))


def test_late_sample_outside_of_the_range_speaks_for_itself_and_for_what_follows() -> None:
    records = [volts(second, 5.0) for second in range(30) if second != 20]
    late = [volts(20, 11.0, received=30), volts(30, 5.0)]
    assert seconds(jobs([*records, *late])) == [20]
    soon = [volts(second, 5.0) for second in (*range(18), 19)]
    assert seconds(jobs([*soon, volts(18, 11.0, received=19), volts(20, 5.0)])) == [18, 20]


def test_late_sample_set_before_all_samples_of_another_channel_is_judged_without_it() -> None:
    later = [record(second, {"eps": {"volts": 5.0}}) for second in range(10, 20)]
    late = [record(second, {"eps": {"amps": 1.0}}, received=20) for second in (3, 5)]
    plan = new_trigger(mission()).plan([*later, *late])
    assert (plan.jobs, plan.dead_letters) == ([], [])


def test_second_part_of_a_sample_set_keeps_what_the_first_one_demanded() -> None:
    before = [volts(second, 5.0) for second in range(30)]
    parts = [record(30, {"eps": {"volts": 11.0}}), record(30, {"aocs": {"firing": True}})]
    (planned,) = jobs([*before, *parts])
    assert planned.job.trigger_reasons == ("firing",)
    assert set(planned.windows) == {"eps", "aocs"}
    assert planned.job.total_subsystems == 2


SPAN_S: Final = 40


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from([5.0, 5.0, 6.0, 11.0, 13.0]), st.integers(0, 12)),
        min_size=10,
        max_size=80,
    ),
    st.data(),
)
def test_restart_with_a_look_back_equals_no_restart(
    arrivals: list[tuple[int, float, int]], data: st.DataObject
) -> None:
    """Samples come late, twice, after gaps, and the added share binds."""
    of = mission(added_share=0.2, share=0.1, max_span_s=SPAN_S, length=12)
    records, now = [], 0
    for pause, value, late in arrivals:
        now += pause
        records.append(volts(now - late, value, received=now))
    cut = data.draw(st.integers(1, len(records) - 1))
    first_us = records[cut].received_us - round(look_back_s(of.window) * SECOND_US)
    undisturbed, restarted = new_trigger(of), new_trigger(of)
    undisturbed.plan(records[:cut])
    looked_back = [one for one in records[:cut] if one.received_us >= first_us]
    restarted.fill(looked_back, until_us=records[cut].received_us)
    left, right = undisturbed.plan(records[cut:]), restarted.plan(records[cut:])
    assert [one.job for one in left.jobs] == [one.job for one in right.jobs]
    assert [one.to_payload() for one in left.batches] == [one.to_payload() for one in right.batches]

"""Restless subsystems are judged with every sample set, until they are quiet again."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.detection.field.telemetry import FEATURES, Fleet, Packets, Track, records_of
from kafka_inference_trigger.batches import PlannedJob
from kafka_inference_trigger.rules import is_periodic
from kafka_inference_trigger.trigger import InferenceTrigger
from kafka_inference_trigger.windows.restless import LEAST_MOVE, NEW_STEPS, AddedShare
from kafka_inference_trigger.windows.telemetry_windows import look_back_s
from telemetry_core.contract.messages import job_id_of, microseconds_of
from telemetry_core.contract.mission import Mission
from telemetry_core.kafka.records import Record
from telemetry_core.service.settings import load_mission
from training.data.nominal import Sampling, faulty_recording

SECOND_US: Final = 1_000_000
START_US: Final = 1_800_000_000 * SECOND_US
LENGTH: Final = 40
QUIET_STEPS: Final = 8
NOMINAL: Final[Mapping[str, Mapping[str, Any]]] = {
    "eps": {"volts": 5.0, "cycles": 3, "amps": 1.0},
    "aocs": {"firing": False},
}
MISSIONS: Final = Path(__file__).parents[4] / "missions"


def mission(*, added_share: float = 1.0, share: float = 0.0, **window: float) -> Mission:
    volts = {"unit": "V", "nominal": [0, 10]}
    rule = {"channel": "volts", "above": 12, "reason": "too_high", "log": "{value}"}
    firing = {"channel": "firing", "equals": 1, "reason": "firing", "log": ""}
    cycles = {"unit": "", "kind": "counter", "modulo": 10, "nominal": [0, 1000]}
    return Mission.model_validate(
        {
            "name": "test",
            "model": {"name": "lstm_timeseries"},
            "window": {"length": LENGTH, "max_span_s": 200, "max_gap_s": 20} | window,
            "periodic": {"share": share},
            "look_again": {"quiet_steps": QUIET_STEPS, "added_share": added_share},
            "subsystems": {
                "eps": {
                    "horizon": 3,
                    "channels": {"volts": volts, "cycles": cycles, "amps": {"unit": "A"}},
                    "rules": [rule],
                },
                "aocs": {
                    "horizon": 3,
                    "channels": {"gyro": {"unit": ""}, "firing": {"unit": "flag", "kind": "flag"}},
                    "rules": [firing],
                },
            },
        }
    )


def record(
    second: float,
    values: Mapping[str, Mapping[str, Any]] = NOMINAL,
    *,
    satellite_id: str = "SAT-001",
    received: float | None = None,
    partition: int = 0,
) -> Record:
    generated_at = datetime.fromtimestamp((START_US + round(second * SECOND_US)) / SECOND_US, UTC)
    body = {"timestamp": generated_at.isoformat(), "satellite_id": satellite_id, **values}
    return Record(
        value=json.dumps(body).encode(),
        key=satellite_id.encode(),
        partition=partition,
        offset=0,
        received_us=START_US + round((second if received is None else received) * SECOND_US),
    )


def volts(second: float, value: float, **where: Any) -> Record:
    return record(second, {**NOMINAL, "eps": {**NOMINAL["eps"], "volts": value}}, **where)


def new_trigger(of: Mission) -> InferenceTrigger:
    return InferenceTrigger(of, topic="t", clock=lambda: datetime(2027, 1, 15, tzinfo=UTC))


def jobs(records: Iterable[Record], of: Mission | None = None) -> list[PlannedJob]:
    return new_trigger(of or mission()).plan(list(records)).jobs


def seconds(found: Iterable[PlannedJob]) -> list[int]:
    return [int(job.job.job_id.rsplit("-", 1)[1]) // 1000 - START_US // SECOND_US for job in found]


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


def fleet(satellites: int, steps: int, partition: int = 0) -> list[Record]:
    """Each satellite's eps is outside of its range half of the time."""
    return [
        volts(
            float(second),
            11.0 if (second + 3 * number) % 20 < 10 else 5.0,
            satellite_id=f"P{partition}-{number}",
            partition=partition,
        )
        for second in range(steps)
        for number in range(satellites)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("added_share", [0.0, 0.1, 0.3])
def test_no_more_than_the_added_share_of_all_sample_sets_is_judged(added_share: float) -> None:
    found = jobs(fleet(10, 400), mission(added_share=added_share))
    later = [second for second in seconds(found) if second >= 100]
    assert len(later) == pytest.approx(added_share * 2 * 10 * 300, rel=0.1), "two subsystems in each message"
    assert len(found) < 2 * added_share * 2 * 10 * 400 + 1


def test_what_is_left_out_is_shared_out_among_satellites() -> None:
    found = jobs(fleet(10, 400), mission(added_share=0.1))
    each = [sum(one.job.satellite_id == f"P0-{number}" for one in found) for number in range(10)]
    assert max(each) < 1.6 * min(each)


@pytest.mark.slow
def test_added_share_comes_on_top_of_the_periodic_one() -> None:
    found = jobs(fleet(10, 200), mission(added_share=0.1, share=0.1))
    drawn = [one for one in found if "restless" not in one.job.metadata]
    assert all(
        is_periodic(one.job.satellite_id, START_US + second * SECOND_US, 0.1)
        for one, second in zip(drawn, seconds(drawn), strict=True)
    )
    assert 0.07 < len(drawn) / 2_000 < 0.13
    assert len(found) > 1.5 * len(drawn)


@pytest.mark.slow
def test_one_partition_does_not_count_for_another() -> None:
    noisy, calm = fleet(10, 200), fleet(1, 200, partition=1)
    of = mission(added_share=0.2)
    apart = [*jobs(noisy, of), *jobs(calm, of)]
    together = jobs(sorted([*noisy, *calm], key=lambda one: one.received_us), of)
    assert sorted(seconds(apart)) == sorted(seconds(together))


def test_counts_of_reception_are_those_of_this_quantum_and_the_one_before() -> None:
    added = AddedShare(0.5, quantum_us=10)
    assert added.count(0, 5, sample_sets=4, restless=4) == 0.5
    assert added.count(0, 12, sample_sets=4, restless=0) == 1.0
    assert added.count(0, 25, sample_sets=4, restless=4) == 1.0
    assert added.count(0, 55, sample_sets=4, restless=4) == 0.5
    assert added.count(1, 55, sample_sets=4, restless=0) == 1.0
    assert added.count(0, 49, sample_sets=4, restless=4) == 0.5, "the broker's clock went back"


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


def shipped(tracks: list[Track]) -> tuple[int, list[PlannedJob]]:
    """Messages of these samples, and what the default mission adds to the periodic check."""
    records = records_of(tracks)
    found = new_trigger(load_mission(MISSIONS / "default.yaml")).plan(records).jobs
    return len(records), [planned for planned in found if "restless" in planned.job.metadata]


def test_default_mission_adds_less_than_one_in_a_hundred_judgements_to_nominal_telemetry() -> None:
    fleet = Fleet.simulated(seed=600_000, interval_s=1.0, steps=150)
    messages, added = shipped(
        [track for number in range(10) for track in fleet.tracks(number, f"SAT-{number}", Packets.ONE)]
    )
    assert sum(len(planned.windows) for planned in added) < 0.01 * len(FEATURES) * messages


def test_overheating_is_looked_at_within_its_first_samples() -> None:
    lead, steps = 80, 90
    sampling = Sampling(seed=600_001, interval_s=1.0, steps=steps)
    start_us = microseconds_of(sampling.start)
    recording = faulty_recording(sampling, f"overheating@{lead}")["thermal"]
    _, added = shipped(
        [
            Track(
                satellite=0,
                satellite_id=f"SAT-{number}",
                subsystem="thermal",
                channel=channel,
                times_us=start_us + np.arange(steps) * SECOND_US,
                interval_us=SECOND_US,
                values=values[index].astype(np.float64),
            )
            for number, values in enumerate(recording)
            for index, channel in enumerate(FEATURES["thermal"])
        ]
    )
    names = {planned.job.job_id for planned in added}
    for number in range(len(recording)):
        first = [start_us + step * SECOND_US for step in range(lead + 1, lead + 4)]
        assert any(job_id_of(f"SAT-{number}", generated_us) in names for generated_us in first)


def test_shipped_missions_have_the_settings_of_the_manual() -> None:
    for file in MISSIONS.glob("*.yaml"):
        assert load_mission(file).look_again.model_dump() == {"quiet_steps": 20, "added_share": 0.25}

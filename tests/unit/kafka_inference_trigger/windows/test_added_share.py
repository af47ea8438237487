"""How many sample sets of restless subsystems are judged beside the periodic ones."""

from pathlib import Path
from typing import Final

import numpy as np
import pytest

from benchmarks.detection.field.telemetry import FEATURES, Fleet, Packets, Track, records_of
from kafka_inference_trigger.batches import PlannedJob
from kafka_inference_trigger.rules import is_periodic
from kafka_inference_trigger.windows.restless import AddedShare
from telemetry_core.contract.messages import job_id_of, microseconds_of
from telemetry_core.kafka.records import Record
from telemetry_core.service.settings import load_mission
from tests.unit.kafka_inference_trigger.windows.volts import (
    SECOND_US,
    START_US,
    jobs,
    mission,
    new_trigger,
    seconds,
    volts,
)
from training.data.nominal import Sampling, faulty_recording

MISSIONS: Final = Path(__file__).parents[4] / "missions"


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

"""Suite field by source of the constants: what each judges, and a small part of its matrix with limits."""

from collections.abc import Mapping
from typing import Any

import pytest

from benchmarks.detection.field import sources as field_sources
from benchmarks.detection.field.figures import alarms_of
from benchmarks.detection.field.learned import Lessons, looks
from benchmarks.detection.field.posted import answers, judged_posts, posts_of
from benchmarks.detection.field.sources import CONSTANTS, Cell, product
from benchmarks.detection.field.suite import measured
from benchmarks.detection.field.telemetry import Fleet, Packets, Track
from benchmarks.detection.field.tried import nominal_verdicts
from scoring.alert_rule import Judged
from scoring.fitting.learning import MOST_SAMPLES
from telemetry_core.contract.inferences import Verdict


def cell_of(constants: str, interval_s: float = 1.0, **parts: Any) -> Cell:
    return Cell(**{"interval_s": interval_s, "packets": Packets.ONE, "constants": constants, **parts})


def telemetry(steps: int, satellites: int = 1, subsystem: str = "comm") -> list[Track]:
    fleet = Fleet.simulated(seed=1, interval_s=1.0, steps=steps)
    return [
        track
        for satellite in range(satellites)
        for track in fleet.tracks(satellite, f"S{satellite}", Packets.ONE, [subsystem])
    ]


@pytest.mark.slow
def test_pass_over_a_station_of_which_a_sample_was_lost_is_nominal() -> None:
    cell = cell_of("shipped", 120.0, packets=Packets.LOSSY, subsystems=("comm",))
    found, days = nominal_verdicts(cell, CONSTANTS["shipped"](cell, 3))
    counts = alarms_of(found, {}, days)
    assert counts.judged > 400
    assert counts.anomalous == 0


def test_looks_begin_with_2000_samples_and_wait_for_a_tenth_more() -> None:
    counts = list(looks(2_000, 5_000))
    assert counts[:3] == [2_000, 2_200, 2_420]
    assert counts[-1] <= 5_000 < counts[-1] * 1.1
    assert list(looks(2_000, 1_000)) == [1_000]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("packets", "interval_s", "steps"),
    [
        (Packets.ONE, 0.1, MOST_SAMPLES),
        (Packets.ONE, 5.0, 8_642),
        (Packets.TURNS, 5.0, 10_000),
        (Packets.ONE, 60.0, 5_000),
    ],
)
def test_a_satellite_is_judged_on_what_follows_its_history(
    packets: Packets, interval_s: float, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def nothing(history: Fleet, *_: object) -> Lessons:
        seen.append(history)
        return Lessons(learned={}, refused={})

    monkeypatch.setattr(field_sources, "lessons_of", nothing)
    trial = field_sources.learned(cell_of("learned", interval_s, packets=packets), 2)
    (history,) = seen
    assert history.steps == steps
    assert [fleet.steps for fleet in trial.nominal] == [2 * field_sources.NOMINAL_STEPS]
    for later in (trial.nominal[0], trial.struck):
        assert later.start_us == history.start_us + steps * history.interval_us
        assert later.seed == history.seed


def test_series_are_the_newest_64_samples_every_16_steps_from_another_place_for_each_satellite() -> None:
    posts = list(posts_of(telemetry(96, satellites=2)))
    assert [(post.satellite_id, post.end_us - posts[0].end_us) for post in posts] == [
        ("S0", 0), ("S0", 16_000_000), ("S0", 32_000_000), ("S1", 1_000_000), ("S1", 17_000_000),
    ]  # fmt: skip
    track = telemetry(96)[0]
    assert posts[1].series[track.channel] == track.values[16:80].tolist()
    assert {len(values) for post in posts for values in post.series.values()} == {64}


def test_a_posted_series_is_judged_by_itself_whatever_the_units() -> None:
    mission, model = product()
    model.calibration = field_sources.without_constants(model.calibration)
    tracks = telemetry(64)
    struck = [track for track in tracks if track.channel == "rssi_dbm"]
    struck[0].values[40:44] = -9999.0
    ((found,),) = judged_posts(tracks, mission, model).values()
    assert (found.verdict, found.at_us) == (Verdict.ANOMALOUS, int(tracks[0].times_us[-1]))


def test_each_anomalous_answer_is_an_alarm_of_its_own() -> None:
    found = [
        Judged(job_id=str(number), at_us=number, verdict=verdict, score=0.75)
        for number, verdict in enumerate([Verdict.ANOMALOUS, Verdict.NOMINAL, Verdict.ANOMALOUS])
    ]
    (alerts,) = answers({("S", "eps"): found}).values()
    assert [alert.raised_us for alert in alerts] == [0, 2]


def kinds_below(cell: Mapping[str, Any], share: float) -> set[str]:
    return {
        kind
        for kind, of_kind in cell["faults"].items()
        if of_kind["found_share"] is not None and of_kind["found_share"] < share
    }


@pytest.mark.slow
def test_in_one_packet_a_second_nothing_nominal_is_flagged_and_every_kind_of_fault_is_found() -> None:
    cell = measured(cell_of("shipped"), recordings=1)
    assert cell["nominal"]["judged"] > 400
    assert cell["nominal"]["false_alarms_per_1000"] <= 1
    assert cell["all_faults"]["found_share"] >= 0.9
    assert kinds_below(cell, 0.7) == set()


@pytest.mark.slow
def test_learned_once_a_minute_nothing_nominal_is_flagged_and_every_kind_of_fault_is_found() -> None:
    cell = measured(cell_of("learned", 60.0, subsystems=("eps",)), recordings=1)
    assert cell["learned"]["eps"]["learned"] == 10
    assert cell["nominal"]["judged"] > 150
    assert cell["nominal"]["false_alarms_per_1000"] <= 1
    assert cell["all_faults"]["found_share"] >= 0.9


@pytest.mark.slow
def test_what_the_check_refuses_is_learning_and_has_no_share() -> None:
    cell = measured(cell_of("learned", 0.1, subsystems=("thermal",)), recordings=1, kinds=["step"])
    assert cell["state"] == "learning"
    assert cell["learned"]["thermal"] == {
        "learned": 0, "samples_median": None, "refused": {"not_settled": 10},
    }  # fmt: skip
    assert cell["faults"]["step"]["learning"] == cell["faults"]["step"]["faults"]
    assert cell["faults"]["step"]["found_share"] is None


@pytest.mark.slow
def test_in_series_of_one_subsystem_a_second_faults_are_found_and_no_drop_out_is_posted() -> None:
    cell = measured(cell_of("posted", subsystems=("aocs",)), recordings=1)
    assert cell["nominal"]["judged"] > 150
    assert cell["nominal"]["false_alarms_per_1000"] <= 10
    assert cell["all_faults"]["found_share"] >= 0.8
    assert cell["faults"]["dropout"]["faults"] == 0
    assert cell["without_fault"]["found"] == 0

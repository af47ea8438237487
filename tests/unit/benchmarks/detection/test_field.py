"""Suite field: the telemetry it makes, what it counts, and a small part of its matrix with limits."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray

from benchmarks.detection import run
from benchmarks.detection.field import suite as field
from benchmarks.detection.field.faults import (
    FAULT_STEPS,
    FAULTS,
    LEAD_STEPS,
    Injection,
    cases_of,
    steps_of,
)
from benchmarks.detection.field.figures import (
    ALREADY_ALARMED,
    FOUND,
    LEARNING,
    MISSED,
    NOT_JUDGED,
    Alarms,
    Judgement,
    Outcome,
    alarms_of,
    detection_document,
    outcome_of,
    totals_of,
)
from benchmarks.detection.field.sources import CONSTANTS
from benchmarks.detection.field.suite import matrix, report_of
from benchmarks.detection.field.telemetry import FEATURES, Fleet, Packets, records_of
from scoring.alert_rule import Judged
from telemetry_core.contract.inferences import Verdict
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.kafka.records import Record

Body = dict[str, Any]
Numbers = NDArray[np.float64]
SECOND_US = 1_000_000
NOMINAL, ANOMALOUS, WARMING_UP = Verdict.NOMINAL, Verdict.ANOMALOUS, Verdict.WARMING_UP
SCORES: dict[Verdict | None, float] = {NOMINAL: 0.2, ANOMALOUS: 0.9999}
"""One anomalous verdict is enough for an alert."""
FAULT = Injection(
    satellite_id="S", subsystem="eps", channel="battery_voltage", kind="step",
    start_us=10 * SECOND_US, interval_us=2 * SECOND_US,
)  # fmt: skip


def sequence(*verdicts: Verdict | None, every_s: int = 5) -> list[Judgement]:
    return [
        Judgement(
            satellite_id="S",
            subsystem="eps",
            judged=Judged(
                job_id=str(number),
                at_us=number * every_s * SECOND_US,
                verdict=verdict,
                score=SCORES.get(verdict),
            ),
        )
        for number, verdict in enumerate(verdicts)
    ]


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


@pytest.mark.parametrize(
    ("verdicts", "result", "delay_s"),
    [
        ([NOMINAL, NOMINAL, NOMINAL, ANOMALOUS], FOUND, 5),
        ([NOMINAL, NOMINAL, ANOMALOUS], FOUND, 0),
        ([ANOMALOUS, NOMINAL, NOMINAL, NOMINAL], ALREADY_ALARMED, None),
        ([NOMINAL, NOMINAL, NOMINAL, NOMINAL], MISSED, None),
        ([NOMINAL, ANOMALOUS, ANOMALOUS, ANOMALOUS], ALREADY_ALARMED, None),
        ([NOMINAL, ANOMALOUS, ANOMALOUS, NOMINAL, ANOMALOUS], ALREADY_ALARMED, None),
        ([NOMINAL, NOMINAL, WARMING_UP, None], NOT_JUDGED, None),
        ([WARMING_UP, Verdict.LEARNING, Verdict.LEARNING, Verdict.LEARNING], LEARNING, None),
        ([NOMINAL, Verdict.LEARNING, Verdict.LEARNING, Verdict.LEARNING], NOT_JUDGED, None),
        ([], NOT_JUDGED, None),
    ],
)
def test_a_fault_is_found_by_an_alert_that_is_raised_with_it_or_later(
    verdicts: list[Verdict | None], result: str, delay_s: int | None
) -> None:
    outcome = outcome_of(FAULT, sequence(*verdicts))
    assert outcome.result == result
    assert outcome.delay_us == (None if delay_s is None else delay_s * SECOND_US)


def test_shares_stand_beside_their_counts() -> None:
    found = sequence(WARMING_UP, NOMINAL, ANOMALOUS, ANOMALOUS, NOMINAL, None)
    document = alarms_of(found, days=0.5).document()
    assert {name: document[name] for name in ("verdicts", "warming_up", "failed", "judged", "anomalous")} == {
        "verdicts": 6, "warming_up": 1, "failed": 1, "judged": 4, "anomalous": 2,
    }  # fmt: skip
    assert (document["false_alarms_per_1000"], document["alerts"], document["alerts_per_day"]) == (500, 1, 2)


def test_faults_of_what_still_learns_are_counted_and_have_no_part_in_the_share() -> None:
    learning = [outcome_of(FAULT, sequence(*[Verdict.LEARNING] * 4))] * 3
    found, missed = (outcome_of(FAULT, sequence(*[NOMINAL] * 3, last)) for last in (ANOMALOUS, NOMINAL))
    document = detection_document([*learning, found, missed])
    assert (document["faults"], document["learning"], document["found_share"]) == (5, 3, 0.5)


def test_delays_are_medians_in_seconds_and_samples_of_the_channel() -> None:
    late, early = ([NOMINAL] * count + [ANOMALOUS] for count in (4, 2))
    outcomes = [outcome_of(FAULT, sequence(*verdicts)) for verdicts in (late, early, [NOMINAL] * 4)]
    document = detection_document(outcomes)
    assert (document["faults"], document["found"], document["found_share"]) == (3, 2, 0.6667)
    assert (document["delay_median_s"], document["delay_median_samples"]) == (5.0, 2.5)


def cell_document(alarms: Alarms, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "interval_s": 1.0,
        "packets": "one",
        "constants": "shipped",
        "nominal": alarms.document(),
        "all_faults": detection_document(outcomes),
        "faults": dict.fromkeys(FAULTS, detection_document(outcomes)),
        "without_fault": detection_document([]),
    }


def test_where_nothing_is_judged_there_is_a_word_and_no_share() -> None:
    unjudged = cell_document(alarms_of(sequence(WARMING_UP), days=1), [outcome_of(FAULT, [])])
    assert unjudged["nominal"]["false_alarms_per_1000"] is None
    assert unjudged["faults"]["step"]["found_share"] is None
    assert NOT_JUDGED in report_of([unjudged], 1).lines[1]
    learning = cell_document(
        alarms_of(sequence(WARMING_UP, Verdict.LEARNING), days=1),
        [outcome_of(FAULT, sequence(*[Verdict.LEARNING] * 4))],
    )
    assert LEARNING in report_of([learning], 1).lines[1]
    assert NOT_JUDGED not in report_of([learning], 1).lines[1]
    assert set(totals_of([learning]).values()) == {None}
    found = cell_document(
        alarms_of(sequence(NOMINAL), days=1), [outcome_of(FAULT, sequence(NOMINAL, NOMINAL, ANOMALOUS))]
    )
    assert totals_of([unjudged, found]) == {
        "false_alarms_per_1000_max": 0, "found_share_min": 1, "found_share_mean": 1, "delay_median_s": 0,
    }  # fmt: skip
    assert set(totals_of([unjudged]).values()) == {None}


def test_totals_stand_for_all_judged_cells_and_for_each_source() -> None:
    one, other = (
        cell_document(alarms_of(sequence(*verdicts), days=1), [outcome_of(FAULT, sequence(*[NOMINAL] * 4))])
        for verdicts in ([NOMINAL] * 4, [NOMINAL, ANOMALOUS])
    )
    report = report_of([one, other | {"constants": "posted"}], 1)
    by_constants = report.details["totals_by_constants"]
    assert report.totals["false_alarms_per_1000_max"] == 500
    assert {name: totals["false_alarms_per_1000_max"] for name, totals in by_constants.items()} == {
        "shipped": 0, "posted": 500,
    }  # fmt: skip


def test_every_source_is_measured_in_all_packets_but_posted_series_have_none() -> None:
    cells = matrix(tuple(CONSTANTS))
    count = {source: sum(cell.constants == source for cell in cells) for source in CONSTANTS}
    assert count == {"shipped": 45, "learned": 45, "posted": 9}
    assert {cell.packets for cell in cells if cell.constants == "posted"} == {Packets.ONE}
    assert {cell.constants for cell in matrix(["learned"])} == {"learned"}


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [([], ["shipped", "learned", "posted"]), (["--constants", "posted", "shipped"], ["posted", "shipped"])],
)
def test_sources_are_chosen_by_name(
    arguments: list[str], chosen: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["run", "--suite", "field", *arguments])
    assert run.options_of(run.read_arguments()).constants == chosen


def test_the_suite_needs_no_data_and_writes_its_totals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = cell_document(alarms_of(sequence(ANOMALOUS, NOMINAL), days=1), [outcome_of(FAULT, [])])
    monkeypatch.setitem(run.RUNNERS, ("field", "offline"), lambda options: report_of([cell], options.seeds))
    monkeypatch.setattr(sys, "argv", ["run", "--suite", "field", "--json", str(tmp_path / "field.json")])
    run.main()
    document = json.loads((tmp_path / "field.json").read_text(encoding="utf-8"))
    assert document["totals"]["false_alarms_per_1000_max"] == 500
    assert document["config"]["recordings"] == field.RECORDINGS
    assert document["cells"] == [cell]
    assert "alerts/day" in capsys.readouterr().out


def test_other_suites_have_no_sources(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run", "--suite", "nasa", "--data", ".", "--constants", "learned"])
    with pytest.raises(SystemExit):
        run.main()
    assert "--constants is for suite field" in capsys.readouterr().err


def test_a_suite_of_recordings_asks_for_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run", "--suite", "nasa"])
    with pytest.raises(SystemExit):
        run.main()
    assert "suite nasa needs --data DIR" in capsys.readouterr().err

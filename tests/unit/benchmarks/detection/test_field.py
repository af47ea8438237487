"""Suite field: what it counts, and a small part of its matrix with limits."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.detection import run
from benchmarks.detection.evaluation.alerts import alerts_on, by_rule
from benchmarks.detection.field import suite as field
from benchmarks.detection.field.faults import (
    FAULTS,
    Injection,
)
from benchmarks.detection.field.figures import (
    ALREADY_ALARMED,
    FOUND,
    LEARNING,
    MISSED,
    NOT_JUDGED,
    Alarms,
    Outcome,
    alarms_of,
    detection_document,
    outcome_of,
    totals_of,
)
from benchmarks.detection.field.sources import CONSTANTS
from benchmarks.detection.field.suite import matrix, report_of
from benchmarks.detection.field.telemetry import Packets
from scoring.alert_rule import Judged
from telemetry_core.contract.inferences import Verdict

SECOND_US = 1_000_000
NOMINAL, ANOMALOUS, WARMING_UP = Verdict.NOMINAL, Verdict.ANOMALOUS, Verdict.WARMING_UP
SCORES: dict[Verdict | None, float] = {NOMINAL: 0.2, ANOMALOUS: 0.9999}
"""One anomalous verdict is enough for an alert."""
FAULT = Injection(
    satellite_id="S", subsystem="eps", channel="battery_voltage", kind="step",
    start_us=10 * SECOND_US, interval_us=2 * SECOND_US,
)  # fmt: skip


def sequence(*verdicts: Verdict | None, every_s: int = 5) -> list[Judged]:
    return [
        Judged(
            job_id=str(number), at_us=number * every_s * SECOND_US, verdict=verdict, score=SCORES.get(verdict)
        )
        for number, verdict in enumerate(verdicts)
    ]


def outcome(*verdicts: Verdict | None) -> Outcome:
    found = sequence(*verdicts)
    return outcome_of(FAULT, found, alerts_on(found))


def alarms(*verdicts: Verdict | None, days: float) -> Alarms:
    found = {("S", "eps"): sequence(*verdicts)}
    return alarms_of(found, by_rule(found), days)


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
    found = outcome(*verdicts)
    assert found.result == result
    assert found.delay_us == (None if delay_s is None else delay_s * SECOND_US)


def test_shares_stand_beside_their_counts() -> None:
    found = (WARMING_UP, NOMINAL, ANOMALOUS, ANOMALOUS, NOMINAL, None)
    document = alarms(*found, days=0.5).document()
    assert {name: document[name] for name in ("verdicts", "warming_up", "failed", "judged", "anomalous")} == {
        "verdicts": 6, "warming_up": 1, "failed": 1, "judged": 4, "anomalous": 2,
    }  # fmt: skip
    assert (document["false_alarms_per_1000"], document["alerts"], document["alerts_per_day"]) == (500, 1, 2)


def test_faults_of_what_still_learns_are_counted_and_have_no_part_in_the_share() -> None:
    learning = [outcome(*[Verdict.LEARNING] * 4)] * 3
    found, missed = (outcome(*[NOMINAL] * 3, last) for last in (ANOMALOUS, NOMINAL))
    document = detection_document([*learning, found, missed])
    assert (document["faults"], document["learning"], document["found_share"]) == (5, 3, 0.5)


def test_delays_are_medians_in_seconds_and_samples_of_the_channel() -> None:
    late, early = ([NOMINAL] * count + [ANOMALOUS] for count in (4, 2))
    outcomes = [outcome(*verdicts) for verdicts in (late, early, [NOMINAL] * 4)]
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
        "read_back": None,
    }


def test_where_nothing_is_judged_there_is_a_word_and_no_share() -> None:
    unjudged = cell_document(alarms(WARMING_UP, days=1), [outcome()])
    assert unjudged["nominal"]["false_alarms_per_1000"] is None
    assert unjudged["faults"]["step"]["found_share"] is None
    assert NOT_JUDGED in report_of([unjudged], 1).lines[1]
    learning = cell_document(
        alarms(WARMING_UP, Verdict.LEARNING, days=1),
        [outcome(*[Verdict.LEARNING] * 4)],
    )
    assert LEARNING in report_of([learning], 1).lines[1]
    assert NOT_JUDGED not in report_of([learning], 1).lines[1]
    assert set(totals_of([learning]).values()) == {None}
    found = cell_document(alarms(NOMINAL, days=1), [outcome(NOMINAL, NOMINAL, ANOMALOUS)])
    assert totals_of([unjudged, found]) == {
        "false_alarms_per_1000_max": 0, "found_share_min": 1, "found_share_mean": 1, "delay_median_s": 0,
    }  # fmt: skip
    assert set(totals_of([unjudged]).values()) == {None}


def test_totals_stand_for_all_judged_cells_and_for_each_source() -> None:
    one, other = (
        cell_document(alarms(*verdicts, days=1), [outcome(*[NOMINAL] * 4)])
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
    cell = cell_document(alarms(ANOMALOUS, NOMINAL, days=1), [outcome()])
    monkeypatch.setitem(run.RUNNERS, ("field", "offline"), lambda options: report_of([cell], options.seeds))
    monkeypatch.setattr(sys, "argv", ["run", "--suite", "field", "--json", str(tmp_path / "field.json")])
    run.main()
    document = json.loads((tmp_path / "field.json").read_text(encoding="utf-8"))
    assert document["totals"]["false_alarms_per_1000_max"] == 500
    assert document["config"]["recordings"] == field.RECORDINGS
    assert document["cells"] == [cell]
    assert "alerts/day" in capsys.readouterr().out


def test_what_was_read_back_is_counted_over_all_cells() -> None:
    cell = cell_document(alarms(NOMINAL, days=1), [outcome()]) | {"read_back": {"verdicts": 7, "alarms": 2}}
    assert "alerts read back from ops.alarms: 4 of 14 verdicts" in report_of([cell, cell], 1).lines[-1]


def test_posted_series_are_not_read_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run", "--suite", "field", "--through", "alarms"])
    assert run.options_of(run.read_arguments()).constants == ["shipped", "learned"]
    monkeypatch.setattr(sys, "argv", [*sys.argv, "--constants", "posted"])
    with pytest.raises(SystemExit):
        run.main()
    assert "posted series raise no alarms" in capsys.readouterr().err


def test_other_suites_are_not_read_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run", "--suite", "nasa", "--data", ".", "--through", "alarms"])
    with pytest.raises(SystemExit):
        run.main()
    assert "--through alarms is for the suites field and nasa-causal, offline" in capsys.readouterr().err


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

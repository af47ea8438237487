"""The benchmark of detection, on a small set of the NASA format made here."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.detection import run
from benchmarks.detection.choice import suite as choice
from benchmarks.detection.choice.injected import stretches_of
from benchmarks.detection.evaluation.recordings import load_labels, load_published_run, load_tsb_series
from benchmarks.detection.evaluation.report import TOTALS

EVENTS = {"X-1": [(900, 1000)], "X-2": [(1000, 1100), (2300, 2400)], "X-3": [(1200, 1300)]}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    lines = ["chan_id,spacecraft,anomaly_sequences,class,num_values"]
    for channel, events in EVENTS.items():
        telemetry = generator.normal(size=(8000, 3))
        for start, end in events:
            telemetry[3000 + start : 3000 + end + 1, 0] += 6
        np.savez(tmp_path / f"{channel}.npz", train=telemetry[:3000], test=telemetry[3000:])
        lines.append(f'{channel},SIM,"{[list(event) for event in events]}",[point],5000')
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def benchmark(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    monkeypatch.setattr(sys, "argv", ["run", *map(str, arguments)])
    run.main()
    return capsys.readouterr().out


@pytest.mark.slow
def test_any_directory_of_the_format_is_scored(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = data / "result.json"
    printed = benchmark(
        monkeypatch, capsys, "--suite", "nasa", "--data", data, "--seeds", 2, "--json", result
    )
    document = json.loads(result.read_text(encoding="utf-8"))
    assert tuple(document["totals"]) == TOTALS
    assert document["shipped"]["tp"] == 4
    assert document["shipped"]["fp"] == 0
    assert set(document["detected"]) == set(EVENTS)
    assert document["controls"]["flag everything"]["corrected_f0_5"] == 0
    assert document["published"] == {}
    assert "statistics alone, nested" in printed


@pytest.mark.slow
def test_what_injected_faults_choose_is_tested_on_the_labelled_channels(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    values = np.sin(np.arange(2000) / 9) + np.random.default_rng(1).normal(0, 0.2, 2000)
    stretches = stretches_of("made here", {"wave": values})
    monkeypatch.setattr(choice, "nominal_stretches", lambda _data: stretches)
    result = data / "result.json"
    printed = benchmark(monkeypatch, capsys, "--suite", "choice", "--data", data, "--json", result)
    document = json.loads(result.read_text(encoding="utf-8"))
    chosen, rows = document["chosen"], document["rows"]
    assert document["totals"]["f1"] == rows["chosen on injected faults"]["f1"]
    assert set(rows) == {"chosen on injected faults", "shipped"}
    assert rows["shipped"]["tp"] == 4
    assert max(document["injected"], key=lambda one: one["merit"])["families"] == chosen["families"]
    assert f"chosen on injected faults: {chosen}" in printed


def test_a_missing_directory_is_skipped_with_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = benchmark(monkeypatch, capsys, "--suite", "tsb", "--data", tmp_path / "absent")
    assert printed.startswith("skipped: ")
    assert printed.count("\n") == 1


def test_an_unknown_combination_ends_with_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "RUNNERS", {})
    with pytest.raises(SystemExit, match=r"^Suite nasa has no mode offline here"):
        benchmark(monkeypatch, capsys, "--suite", "nasa", "--data", tmp_path)


def test_the_series_of_tsb_are_test_arrays(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "tsb_ad_series.csv").write_text(
        "file,chan_id,spacecraft,train_length,vus_window,published_vus_pr POLY\n1.csv,X-1,SIM,500,20,0.5\n",
        encoding="utf-8",
    )
    assert load_tsb_series(data)[0].published == {"POLY": 0.5}
    result = data / "result.json"
    printed = benchmark(monkeypatch, capsys, "--suite", "tsb", "--data", data, "--json", result)
    totals = json.loads(result.read_text(encoding="utf-8"))["totals"]
    assert totals["vus_pr"] > 0.9
    assert "published POLY" in printed


def test_rows_of_one_channel_are_joined(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(
        'chan_id,anomaly_sequences\nP,"[[1, 2]]"\nP,"[[5, 6], [8, 9]]"\n', encoding="utf-8"
    )
    assert load_labels(tmp_path) == {"P": [(1, 2), (5, 6), (8, 9)]}


def test_a_published_run_holds_true_and_false_detections(tmp_path: Path) -> None:
    assert load_published_run(tmp_path) is None
    (tmp_path / "telemanom_2018_run.csv").write_text(
        'chan_id,fp_sequences,tp_sequences\nP,"[[10, 20]]","[(30, 40)]"\n', encoding="utf-8"
    )
    assert load_published_run(tmp_path) == {"P": [(30, 40), (10, 20)]}

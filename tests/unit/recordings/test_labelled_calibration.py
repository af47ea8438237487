"""What operators said of a recording's telemetry: what was called false does not come again, faults do."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis_server.judging.calibration_file import load_calibration
from analysis_server.judging.triton import Forecast
from recordings.calibrate import main
from recordings.preview import ModelFile, records_of, verdicts
from scoring.alert_rule import Run, alerts_of, judged_of
from telemetry_core.contract.messages import generated_us_of, time_of
from telemetry_core.labels import labels_csv
from telemetry_core.service.settings import load_mission
from telemetry_replay.recording import recording_of
from telemetry_replay.samples import read_samples

pytestmark = pytest.mark.slow

MODEL = Path(__file__).parents[3] / "model_repository" / "lstm_timeseries" / "1"
MISSION = """
name: small
model: {name: lstm_timeseries}
window: {length: 128, max_span_s: 900, max_gap_s: 60}
periodic: {share: 1.0}
subsystems:
  eps:
    horizon: 5
    channels: {voltage: {unit: V}, current: {unit: A}}
  aocs:
    horizon: 5
    channels: {rate: {unit: deg/s}}
recording:
  satellite_id: SAT-1
  time: {column: t, format: unix_s}
  channels: {u: eps.voltage, i: eps.current, r: aocs.rate}
"""
BEGIN_S = 1_700_000_000
COUNT = 1_200
SLEW = slice(500, 540)
FAULT = slice(900, 960)

Floats = NDArray[np.float64]


def nominal() -> Floats:
    """float64[channel, time]."""
    return np.random.default_rng(4).normal(size=(3, COUNT))


def with_slew(values: Floats, at: slice = SLEW, size: float = 8.0) -> Floats:
    """Let the voltage be raised for a while: nothing is wrong with that."""
    found = values.copy()
    found[0, at] += size
    return found


def with_fault(values: Floats) -> Floats:
    """Let the current swing four times as far."""
    found = values.copy()
    found[1, FAULT] *= 8
    return found


class Silent(ModelFile):
    """A model without a word: constants of a recording ask none."""

    def infer(self, _name: str, _version: str, windows: NDArray[np.float32]) -> Forecast:
        ahead = np.zeros((len(windows), 64), np.float32)
        return Forecast(mean=ahead, std=ahead + 1, step_mean=windows * 0, step_std=windows * 0 + 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("calibration.json", "model.onnx"):
        (tmp_path / name).write_bytes((MODEL / name).read_bytes())
    (tmp_path / "mission.yaml").write_text(MISSION, encoding="utf-8")
    return tmp_path


def record(folder: Path, values: Floats) -> Path:
    rows = [f"{BEGIN_S + place},{u},{i},{r}" for place, (u, i, r) in enumerate(values.T)]
    path = folder / "flight.csv"
    path.write_text("\n".join(["t,u,i,r", *rows]), encoding="utf-8")
    return path


def calibrate(folder: Path, values: Floats, labels: str | None = None) -> None:
    command = ["calibrate", record(folder, values), "--mission", folder / "mission.yaml", "--model", folder]
    if labels is not None:
        (folder / "labels.csv").write_text(labels, encoding="utf-8")
        command += ["--labels", folder / "labels.csv"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(part) for part in command])
        main()


def alerts(folder: Path, values: Floats, subsystem: str = "eps") -> list[Run]:
    """What the platform would have raised over telemetry, by the constants of now."""
    mission = load_mission(folder / "mission.yaml")
    layout = recording_of(mission, "mission.yaml")
    records = records_of(read_samples(record(folder, values), layout, mission), layout)
    rows = [row for row in verdicts(records, mission, Silent(folder)) if row.subsystem == subsystem]
    return alerts_of(map(judged_of, sorted(rows, key=lambda row: generated_us_of(row.job_id))))


def during(found: Sequence[Run], at: slice) -> list[Run]:
    """Those that were raised around some samples."""
    return [run for run in found if at.start <= (run.raised_us or 0) / 1e6 - BEGIN_S < at.stop + 64]


def labels_of(*said: tuple[Run, str]) -> str:
    """Write as `make labels` does what was said of alerts."""
    rows = [
        {
            "satellite_id": "SAT-1", "subsystem": "eps", "channel": None, "label": word, "kind": "anomaly",
            "start_time": time_of(run.started_us), "end_time": time_of(run.last_us), "reason": "anomaly",
        }
        for run, word in said
    ]  # fmt: skip
    return "".join(labels_csv(rows, more=["kind", "reason"]))


def test_what_was_called_false_does_not_come_again_and_a_true_one_is_found(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flown = with_fault(with_slew(nominal()))
    calibrate(folder, nominal())
    raised = alerts(folder, flown)
    (false,), (true,) = during(raised, SLEW), during(raised, FAULT)
    calibrate(folder, flown, labels_of((false, "nominal"), (true, "anomalous")))
    assert "sample sets count as nominal" in capsys.readouterr().err
    again = alerts(folder, flown)
    assert not during(again, SLEW)
    assert during(again, FAULT)
    later = alerts(folder, with_fault(with_slew(nominal(), slice(700, 740), 8.4)))
    assert not during(later, slice(700, 740)), "a later one, larger by a twentieth"
    assert during(later, FAULT)


def test_what_was_called_anomalous_is_no_part_of_what_is_usual(folder: Path) -> None:
    broken = nominal()
    broken[1, 300:900] *= 8
    calibrate(folder, nominal())
    usual = load_calibration(folder).changes.channels["eps.current"]
    row = "SAT-1,eps,,2023-11-14T22:18:20Z,2023-11-14T22:28:20Z,anomalous,limit\n"
    calibrate(folder, broken, HEAD + row)
    kept = load_calibration(folder).changes.channels["eps.current"]
    calibrate(folder, broken)
    spoiled = load_calibration(folder).changes.channels["eps.current"]
    of_change = np.isfinite(usual.common)
    assert np.median(spoiled.common[of_change] / usual.common[of_change]) > 3
    assert np.median(kept.common[of_change] / usual.common[of_change]) == pytest.approx(1, abs=0.3)


HEAD = "satellite_id,subsystem,channel,start_time,end_time,label,kind\n"
WITHIN = "2023-11-14T22:20:00Z,2023-11-14T22:21:00Z"


def test_true_anomalies_that_would_be_missed_refuse_the_calibration(folder: Path) -> None:
    before = (folder / "calibration.json").read_bytes()
    quiet = HEAD + f"SAT-1,eps,,{WITHIN},anomalous,anomaly\n"
    with pytest.raises(SystemExit, match="1 of 1 anomalies that were called true would be missed"):
        calibrate(folder, nominal(), quiet)
    assert (folder / "calibration.json").read_bytes() == before
    calibrate(folder, nominal(), quiet.replace("anomaly\n", "limit\n"))


def test_anomalous_wins_over_nominal(folder: Path) -> None:
    flown = with_slew(nominal())
    calibrate(folder, nominal())
    (run,) = during(alerts(folder, flown), SLEW)
    calibrate(folder, flown, labels_of((run, "nominal"), (run, "anomalous")))
    assert during(alerts(folder, flown), SLEW)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (f"SAT-2,eps,,{WITHIN},nominal,", "none of its 0 labels of SAT-1 is of this recording, 2023"),
        (f"SAT-1,eps,,{WITHIN},nominal,".replace("2023", "2026"), "none of its 1 labels .* --keep-times"),
        (f"SAT-1,esp,,{WITHIN},nominal,", "labels.csv:2: column 'subsystem': the mission has no esp: write"),
        (f"SAT-1,eps,,{WITHIN},false,", "labels.csv:2: column 'label'"),
        ("SAT-1,eps,,2023-11-14T00:00:00Z,2023-11-15T00:00:00Z,anomalous,", "eps: all of the recording"),
    ],
)  # fmt: skip
def test_labels_that_can_not_be_used_are_refused(folder: Path, row: str, told: str) -> None:
    before = (folder / "calibration.json").read_bytes()
    with pytest.raises(SystemExit, match=told):
        calibrate(folder, nominal(), f"{HEAD}{row}\n")
    assert (folder / "calibration.json").read_bytes() == before


def test_of_other_subsystems_the_constants_stay_as_they_were(folder: Path) -> None:
    calibrate(folder, nominal())
    plain = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))["changes"]
    calibrate(folder, nominal(), HEAD + f"SAT-1,aocs,,{WITHIN},anomalous,limit\n")
    labelled = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))["changes"]
    for name in ("eps.voltage", "eps.current"):
        assert labelled["channels"][name] == plain["channels"][name]

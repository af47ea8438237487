"""The preview tells what the platform would say of a recording under two mission files."""

import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from recordings.preview import ModelFile, alerts, comparison, preview, records_of, verdicts, without_settings
from telemetry_core.contract.errors import InvalidMission
from telemetry_core.contract.inferences import Verdict
from telemetry_core.contract.messages import job_id_of
from telemetry_core.contract.mission import Mission
from telemetry_core.service.settings import load_mission
from telemetry_replay.recording import recording_of
from telemetry_replay.samples import read_samples

REPOSITORY = Path(__file__).parents[3] / "model_repository"
STEPS = 200
SPIKE = 150
MISSION: dict[str, Any] = {
    "name": "preview",
    "model": {"name": "lstm_timeseries"},
    "window": {"length": 64, "max_span_s": 900, "max_gap_s": 60},
    "periodic": {"share": 1.0},
    "subsystems": {
        "aocs": {"horizon": 3, "channels": {"gyro_x": {"unit": "deg/s"}, "gyro_y": {"unit": "deg/s"}}}
    },
    "recording": {
        "satellite_id": "SAT-001",
        "time": {"column": "time"},
        "channels": {"x": "aocs.gyro_x", "y": "aocs.gyro_y"},
    },
}


def mission(**detection: Any) -> Mission:
    content = copy.deepcopy(MISSION)
    if detection:
        content["subsystems"]["aocs"]["channels"]["gyro_y"]["detection"] = detection
    return Mission.model_validate(content)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    values = np.random.default_rng(1).normal(0, 0.006, (STEPS, 2))
    values[:, 1] -= 0.064
    values[SPIKE, 1] += 1
    begin = datetime(2026, 5, 1, tzinfo=UTC)
    lines = [
        f"{(begin + timedelta(seconds=2 * step)).isoformat()},{x:.6f},{y:.6f}"
        for step, (x, y) in enumerate(values)
    ]
    path = tmp_path_factory.mktemp("preview") / "recording.csv"
    path.write_text("\n".join(["time,x,y", *lines]), encoding="utf-8")
    return path


def alerts_of(recording: Path, subject: Mission) -> list[tuple[str, str]]:
    layout = recording_of(subject, "mission.yaml")
    model = ModelFile(REPOSITORY / "lstm_timeseries" / "1")
    return alerts(verdicts(records_of(read_samples(recording, layout, subject), layout), subject, model))


def test_one_spike_is_one_alert_of_its_channel(recording: Path) -> None:
    assert alerts_of(recording, mission()) == [("aocs", "gyro_y")]


def test_setting_that_hides_the_spike_leaves_no_alert(recording: Path) -> None:
    assert alerts_of(recording, mission(direction="below")) == []


def test_setting_of_another_side_leaves_the_alert(recording: Path) -> None:
    assert alerts_of(recording, mission(direction="above", minimum_deviation=0.5)) == [("aocs", "gyro_y")]


def test_preview_counts_alerts_per_day_before_and_after(recording: Path) -> None:
    text = preview(recording, [mission(), mission(direction="below")], ["old.yaml", "new.yaml"], REPOSITORY)
    assert f"verdicts before {STEPS}, after {STEPS}" in text
    one_alert = 86_400 / (2 * (STEPS - 1))
    assert text.splitlines()[-1].split() == ["all", f"{one_alert:.2f}", "0.00"]


def test_without_settings_is_the_same_mission_judged_as_usual() -> None:
    assert without_settings(mission(smoothing=5)) == mission()


def test_mission_without_recording_section_is_refused(recording: Path, tmp_path: Path) -> None:
    path = tmp_path / "mission.yaml"
    path.write_text(
        yaml.safe_dump({key: value for key, value in MISSION.items() if key != "recording"}), encoding="utf-8"
    )
    with pytest.raises(InvalidMission, match="recording"):
        preview(recording, [load_mission(path)], [str(path)], REPOSITORY)


@pytest.mark.parametrize(
    ("count", "interval_s", "max_span_s", "share", "y", "said"),
    [
        (40, 3_600, 10_000, 1, "0.1",
         ("verdicts on aocs: 40, all warming up: sampled every 3,600 s, a verdict needs 10 samples within"
         " max_span_s (10,000 s): enlarge it to 36,000 s")),
        (40, 86_400, 600_000, 1, "0.1",
         ("verdicts on aocs: 40, all warming up: sampled every 86,400 s, a verdict needs 10 samples within"
         " max_span_s (600,000 s): that is 604,800 s at most")),
        (1, 1, 900, 1, "0.1", "verdicts on aocs: 1, all warming up: samples: 1, a verdict needs 10"),
        (40, 1, 900, 0, "0.1",
         ("verdicts on aocs: 0, of its 40 samples none that was drawn ends 10 in a row without a gap"
         " (max_gap_s 60 s); `periodic: {share: 1}` draws all")),
        (40, 1, 900, 1, "", "column 'y' holds no value"),
    ],
    ids=["hourly", "daily", "one row", "none drawn", "an empty column"],
)  # fmt: skip
def test_what_is_not_judged_says_why_and_what_to_do(
    tmp_path: Path, count: int, interval_s: int, max_span_s: int, share: int, y: str, said: str
) -> None:
    subject = Mission.model_validate(
        MISSION | {"window": MISSION["window"] | {"max_span_s": max_span_s}, "periodic": {"share": share}}
    )
    begin = datetime(2025, 5, 1, tzinfo=UTC)
    times = [(begin + timedelta(seconds=interval_s * step)).isoformat() for step in range(count)]
    path = tmp_path / "slow.csv"
    path.write_text("\n".join(["time,x,y", *(f"{time},0.{step},{y}" for step, time in enumerate(times))]))
    lines = preview(path, [subject, subject], ["old", "new"], REPOSITORY).splitlines()
    head = next(place for place, line in enumerate(lines) if line.startswith("alerts per day"))
    assert lines[1:head] == [said]


def test_recording_without_any_value_says_so(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("time,x,y\n2026-05-01T00:00:00Z,,\n2026-05-01T00:00:01Z,,\n")
    lines = preview(path, [mission(), mission()], ["old", "new"], REPOSITORY).splitlines()
    assert lines[1:4] == [
        "column 'x' holds no value",
        "column 'y' holds no value",
        "verdicts on aocs: 0, no column of it holds a value",
    ]


@dataclass
class Row:
    job_id: str
    subsystem: str
    anomaly_score: float
    verdict: Verdict
    contributions: dict[str, dict[str, float]]


def row(second: int, score: float, channel: str) -> Any:
    verdict = Verdict.ANOMALOUS if score > 0.7 else Verdict.NOMINAL
    return Row(job_id_of("S", second * 1_000_000), "eps", score, verdict, {channel: {"residual": 1.0}})


def test_alerts_are_those_of_the_platform_named_after_the_highest_score() -> None:
    rows = [row(1, 0.99, "soc"), row(2, 0.999, "amps"), row(3, 0.1, "soc"), row(400, 0.1, "soc")]
    later = [row(500, 0.99, "soc"), row(900, 0.8, "amps")]
    assert alerts([*rows, *later][::-1]) == [("eps", "amps"), ("eps", "soc")]


def test_single_suspicious_verdict_is_no_alert() -> None:
    assert alerts([row(1, 0.1, "soc"), row(2, 0.75, "soc"), row(3, 0.1, "soc")]) == []


def test_channels_stand_below_their_subsystem() -> None:
    lines = comparison([("eps", "soc"), ("eps", "amps")], [("eps", "soc")], days=2.0).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["eps", "1.00", "0.50"],
        ["amps", "0.50", "0.00"],
        ["soc", "0.50", "0.50"],
        ["all", "1.00", "0.50"],
    ]

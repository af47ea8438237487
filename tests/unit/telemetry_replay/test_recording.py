"""The recording section of a mission file: mistakes are refused with file and reason."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from telemetry_core.contract.errors import InvalidMission
from telemetry_core.contract.mission import Mission
from telemetry_core.service.settings import load_mission
from telemetry_replay.recording import recording_of

PROJECT = Path(__file__).resolve().parents[3]
RECORDING: dict[str, Any] = {
    "satellite_id": "OPS-SAT",
    "time": {"column": "T"},
    "channels": {"a": "eps.battery_voltage"},
}


def mission_with(recording: dict[str, Any] | None) -> Mission:
    mission = load_mission(PROJECT / "missions" / "default.yaml")
    return mission.model_copy(update={"recording": recording})


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "missions").glob("opssat_*.yaml")), ids=lambda path: path.stem
)
def test_shipped_recording_missions_are_valid(path: Path) -> None:
    mission = load_mission(path)
    assert mission.name == path.stem
    assert recording_of(mission, path.name).satellite_id == "OPS-SAT"


def test_time_without_a_format_is_iso() -> None:
    assert recording_of(mission_with(RECORDING), "m.yaml").time.format == "iso8601"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"colour": "red"}, r"m\.yaml: recording\.colour: Extra inputs"),
        ({"satellite_id": "a b"}, "recording.satellite_id"),
        ({"time": {"column": "T", "format": "julian"}}, "strptime pattern"),
        ({"channels": {}}, "recording.channels"),
        ({"channels": {"a": "eps"}}, "recording.channels"),
        ({"channels": {"a": "eps.volume"}}, r"eps\.volume, not in subsystems"),
        ({"channels": {"a": "eps.battery_voltage", "b": "eps.battery_voltage"}}, "to two columns"),
        ({"skip_lines": -1}, "recording.skip_lines"),
    ],
)
def test_mistake_is_refused_with_its_place(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidMission, match=reason):
        recording_of(mission_with(RECORDING | change), "m.yaml")


def test_mission_without_recording_is_refused() -> None:
    with pytest.raises(InvalidMission, match="no `recording:` section"):
        recording_of(mission_with(None), "m.yaml")


def test_mission_file_carries_the_section_through(tmp_path: Path) -> None:
    content = yaml.safe_load((PROJECT / "missions" / "default.yaml").read_text(encoding="utf-8"))
    path = tmp_path / "mission.yaml"
    path.write_text(yaml.safe_dump(content | {"recording": RECORDING}), encoding="utf-8")
    assert recording_of(load_mission(path), str(path)).channels == {"a": "eps.battery_voltage"}

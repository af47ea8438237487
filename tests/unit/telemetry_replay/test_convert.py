"""Arrays to a recording: what comes out can be replayed with the mission that comes with it."""

from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

from telemetry_core.contract.errors import InvalidMission
from telemetry_core.service.settings import load_mission
from telemetry_replay.convert import convert
from telemetry_replay.recording import recording_of
from telemetry_replay.samples import InvalidRecordingError, read_samples


def options(directory: Path, **changes: object) -> Namespace:
    defaults = {
        "directory": directory, "out": directory / "out", "array": "test", "channel": [],
        "interval": 0.5, "satellite": "SMAP-MSL",
    }  # fmt: skip
    return Namespace(**(defaults | changes))


def write_channel(directory: Path, name: str, length: int) -> None:
    values = np.arange(length * 3, dtype=np.float32).reshape(length, 3)
    np.savez(directory / f"{name}.npz", train=values[:2], test=values)


def test_first_columns_become_one_channel_subsystems(tmp_path: Path) -> None:
    write_channel(tmp_path, "A-2", 4)
    write_channel(tmp_path, "T-13", 2)
    convert(options(tmp_path))
    mission = load_mission(tmp_path / "out" / "mission.yaml")
    assert list(mission.subsystems) == ["ch_a_2", "ch_t_13"]
    samples = read_samples(
        tmp_path / "out" / "recording.parquet", recording_of(mission, "mission.yaml"), mission
    )
    np.testing.assert_array_equal(samples.values, [[0, 0], [3, 3], [6, np.nan], [9, np.nan]])
    assert np.diff(samples.unix_us).tolist() == [500_000] * 3


def test_channels_can_be_chosen(tmp_path: Path) -> None:
    write_channel(tmp_path, "A-2", 4)
    write_channel(tmp_path, "T-13", 2)
    convert(options(tmp_path, channel=["T-13"]))
    assert list(load_mission(tmp_path / "out" / "mission.yaml").subsystems) == ["ch_t_13"]


@pytest.mark.parametrize(("change", "reason"), [({"array": "valid"}, "valid"), ({"channel": ["Z-9"]}, "Z-9")])
def test_absent_array_or_channel_is_named(tmp_path: Path, change: dict[str, object], reason: str) -> None:
    write_channel(tmp_path, "A-2", 4)
    with pytest.raises(InvalidRecordingError, match=reason):
        convert(options(tmp_path, **change))


def test_folder_without_arrays_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRecordingError, match=r"no \.npz file"):
        convert(options(tmp_path))


def test_damaged_array_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "A-2.npz").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(InvalidRecordingError, match=r"A-2\.npz"):
        convert(options(tmp_path))


def test_single_array_instead_of_an_archive_is_named(tmp_path: Path) -> None:
    with (tmp_path / "A-2.npz").open("wb") as stream:
        np.save(stream, np.zeros(3))
    with pytest.raises(InvalidRecordingError, match=r"A-2\.npz"):
        convert(options(tmp_path))


def test_satellite_id_that_the_platform_refuses_is_refused(tmp_path: Path) -> None:
    write_channel(tmp_path, "A-2", 4)
    with pytest.raises(InvalidMission, match="satellite_id"):
        convert(options(tmp_path, satellite="a b"))

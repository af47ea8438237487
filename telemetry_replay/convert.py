"""Arrays as a recording: `python -m telemetry_replay.convert npz DIR --out DIR`.

For the NASA SMAP and MSL channels: of every `CHANNEL.npz` the first column of one array becomes one column
of `recording.parquet` and one subsystem of `mission.yaml`. The samples carry no times; they get even ones.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import yaml
from numpy.typing import NDArray

from telemetry_core.contract.errors import InvalidMission
from telemetry_core.service.settings import load_mission
from telemetry_replay.recording import recording_of
from telemetry_replay.samples import InvalidRecordingError

FIRST_SAMPLE_US: Final = 1_577_836_800_000_000
"""2020-01-01, as good as any: the replay shifts it to now."""
WINDOW_LENGTH: Final = 64


def read_channels(directory: Path, array: str, names: list[str]) -> dict[str, NDArray[np.float64]]:
    """First column of `array` of every .npz file, by channel; `names` selects (empty = all)."""
    files = sorted(directory.glob("*.npz"))
    if names:
        files = [directory / f"{name}.npz" for name in names]
    if not files:
        raise InvalidRecordingError(f"{directory}: holds no .npz file")
    return {file.stem: _first_column(file, array) for file in files}


def _first_column(file: Path, array: str) -> NDArray[np.float64]:
    try:
        with file.open("rb") as stream:
            arrays = np.load(stream, allow_pickle=False)
            values = np.asarray(arrays[array], dtype=np.float64)
    except (OSError, BadZipFile, LookupError, ValueError, EOFError) as error:
        raise InvalidRecordingError(f"{file}: {error}") from error
    if values.ndim not in {1, 2} or not values.size:
        raise InvalidRecordingError(f"{file}: {array} has the shape {values.shape}, (time, column) is needed")
    return values if values.ndim == 1 else values[:, 0]


def subsystem_of(channel: str) -> str:
    """Name of the one-channel subsystem, for example `A-2` to `ch_a_2`."""
    return f"ch_{re.sub(r'[^a-z0-9]+', '_', channel.lower())}"


def build_table(channels: dict[str, NDArray[np.float64]], interval_s: float) -> pa.Table:
    """One row a sample, one column a channel; shorter channels end in missing values."""
    length = max(map(len, channels.values()))
    times = FIRST_SAMPLE_US + np.round(np.arange(length) * interval_s * 1e6).astype(np.int64)
    columns = {
        name: np.concatenate([values, np.full(length - len(values), np.nan)])
        for name, values in channels.items()
    }
    return pa.table({"time": pa.array(times, pa.timestamp("us", tz="UTC")), **columns})


def build_mission(channels: list[str], satellite_id: str, interval_s: float) -> dict[str, Any]:
    """Mission file of these channels: a subsystem each, no rules, the periodic check only."""
    return {
        "name": re.sub(r"[^a-z0-9]+", "_", satellite_id.lower()),
        "model": {"name": "lstm_timeseries", "version": "1"},
        "window": {
            "length": WINDOW_LENGTH,
            "max_span_s": 2.0 * WINDOW_LENGTH * interval_s,
            "max_gap_s": 10.0 * interval_s,
        },
        "periodic": {"share": 0.1, "reason": "periodic_check"},
        "subsystems": {
            subsystem_of(name): {"horizon": 5, "channels": {"value": {"unit": "1"}}} for name in channels
        },
        "recording": {
            "satellite_id": satellite_id,
            "time": {"column": "time"},
            "channels": {name: f"{subsystem_of(name)}.value" for name in channels},
        },
    }


def convert(options: argparse.Namespace) -> None:
    """Write `recording.parquet` and `mission.yaml`; raises `InvalidMission` for names that can't be used."""
    mission_file = options.out / "mission.yaml"
    channels = read_channels(options.directory, options.array, options.channel)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        pa.parquet.write_table(build_table(channels, options.interval), options.out / "recording.parquet")
        mission = yaml.safe_dump(
            build_mission(list(channels), options.satellite, options.interval), sort_keys=False
        )
        mission_file.write_text(mission, encoding="utf-8")
    except OSError as error:
        raise InvalidRecordingError(f"{options.out}: {error.strerror}") from error
    recording_of(load_mission(mission_file), str(mission_file))
    sys.stdout.write(f"{len(channels)} channels in {options.out / 'recording.parquet'}\n")


def main() -> int:
    """Entry point; the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m telemetry_replay.convert", description=__doc__)
    parser.add_argument("kind", choices=["npz"])
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--array", default="test", help="array of each file (default test)")
    parser.add_argument("--channel", action="append", default=[], help="only this channel; may be repeated")
    parser.add_argument("--interval", type=float, default=1.0, metavar="S", help="seconds between samples")
    parser.add_argument("--satellite", default="SMAP-MSL", metavar="ID")
    options = parser.parse_args()
    if not 0.001 <= options.interval <= 3600:
        parser.error("--interval takes 0.001 to 3600 seconds")
    try:
        convert(options)
    except (InvalidMission, InvalidRecordingError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Fit constants to one satellite's recording: `python -m recordings.calibrate FILE --mission MISSION.yaml`.

With `--labels` what operators said of its telemetry counts: a file of `make labels` (ADR 0060).
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis_server.judging.calibration_file import CALIBRATION_FILE
from recordings.change_constants import EventsMissed, Floats, NothingNominal, Recorded, fit_changes
from recordings.said import Said, read_said
from scoring.calibration import BOUNDED_FORMAT
from scoring.fitting.constants import six_digits
from scoring.measures.changes import Range
from telemetry_core.contract.errors import InvalidMission
from telemetry_core.contract.mission import Mission
from telemetry_core.labels import InvalidLabels
from telemetry_core.service.command_line import end_with
from telemetry_core.service.settings import load_mission
from telemetry_replay.recording import recording_of
from telemetry_replay.samples import InvalidRecordingError, read_samples, with_held_values
from training.band_widths import Factors, ModelForecaster, fitted, windows_with_future
from training.calibrate import REPOSITORY

INTERVAL_QUANTILES = (0.05, 0.95)
INTERVAL_MARGIN = 2.0
"""Constants serve intervals so many times shorter and longer than the recording's own."""


def fitted_intervals(unix_us: npt.NDArray[np.int64], values: Floats) -> Range | None:
    """Sampling intervals in seconds that a channel's constants serve; None with fewer than two samples.

    Args:
        unix_us: int64[time], ascending.
        values: float64[time], NaN = no sample of the channel at that time.
    """
    intervals_s = np.diff(unix_us[np.isfinite(values)]) / 1e6
    if not intervals_s.size:
        return None
    low, high = np.quantile(intervals_s, INTERVAL_QUANTILES)
    return six_digits(low / INTERVAL_MARGIN), six_digits(high * INTERVAL_MARGIN)


def recorded_widths(recorded: Recorded, mission: Mission, model: Path) -> dict[str, Factors]:
    """Widths of the forecast bands of every channel that the recording says enough of."""
    windows = {
        f"{subsystem}.{name}": windows_with_future(
            values, mission.window.length, mission.counters.get(f"{subsystem}.{name}", np.inf)
        )
        for subsystem, telemetry in recorded.items()
        for name, values in telemetry.items()
    }
    return fitted(windows, ModelForecaster(model))


def read_recorded(
    path: Path, mission: Mission, source: str
) -> tuple[npt.NDArray[np.int64], dict[str, dict[str, Floats]]]:
    """Read times, int64[time] in Unix microseconds, and the channels that the model sees, float64[time] each.

    Raises what reading and the mission raise.
    """
    recording = recording_of(mission, source)
    samples = with_held_values(read_samples(path, recording, mission), recording, mission)
    columns = dict(zip(recording.channels.values(), samples.values.T, strict=True))
    features = {
        name: [channel for channel in subsystem.features if f"{name}.{channel}" in columns]
        for name, subsystem in mission.subsystems.items()
    }
    return samples.unix_us, {
        name: {channel: columns[f"{name}.{channel}"] for channel in channels}
        for name, channels in features.items()
        if channels
    }


def without_anomalous(recorded: Recorded, said: Mapping[str, Said]) -> dict[str, dict[str, Floats]]:
    """Leave out what people called anomalous: it is as if no sample had come then."""
    return {
        subsystem: {
            name: np.where(said[subsystem].is_anomalous, np.nan, values) if subsystem in said else values
            for name, values in telemetry.items()
        }
        for subsystem, telemetry in recorded.items()
    }


def remark(said: Mapping[str, Said]) -> str:
    """Say how much of the recording people called what."""
    nominal, anomalous = (
        sum(int(getattr(one, word).sum()) for one in said.values()) for word in ("is_nominal", "is_anomalous")
    )
    return f"labels: {nominal} sample sets count as nominal, {anomalous} are left out as anomalous"


def calibrate(content: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Put the constants of a recording into the content of calibration.json; raises why it can't be done."""
    mission = load_mission(options.mission)
    unix_us, recorded = read_recorded(options.file, mission, str(options.mission))
    said: dict[str, Said] = {}
    if options.labels is not None:
        satellite_id = recording_of(mission, str(options.mission)).satellite_id
        said = read_said(options.labels, mission, satellite_id, unix_us, recorded)
        print(remark(said), file=sys.stderr)
    changes = fit_changes(recorded, mission.window.length, mission.counters, said)
    changes["fitted"] = {"data": options.file.name, "window_length": mission.window.length}
    for subsystem, telemetry in recorded.items():
        for name, values in telemetry.items():
            changes["channels"][f"{subsystem}.{name}"]["intervals_s"] = fitted_intervals(unix_us, values)
    former = content.get("band_widths", {})
    kept = {name: one for name, one in former.items() if name not in changes["channels"]}
    widths = recorded_widths(without_anomalous(recorded, said), mission, options.model)
    return content | {
        "format": max(content.get("format", 1), BOUNDED_FORMAT),
        "changes": changes,
        "band_widths": kept | widths,
    }


def main() -> None:
    """Put the constants of a recording into calibration.json beside the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="nominal recording, .csv or .parquet")
    add("--mission", type=Path, required=True, help="mission file with `recording:`")
    add("--labels", type=Path, help="what operators said of its telemetry, .csv; then it may hold anomalies")
    add("--model", type=Path, default=REPOSITORY / "lstm_timeseries" / "1", help="folder of calibration.json")
    options = parser.parse_args()
    path = options.model / CALIBRATION_FILE
    try:
        content = calibrate(json.loads(path.read_text(encoding="utf-8")), options)
    except (InvalidMission, InvalidRecordingError, InvalidLabels, NothingNominal) as error:
        sys.exit(str(error))
    except EventsMissed as error:
        sys.exit(
            f"{error}, so nothing is written: what was called nominal is too much like them. Look at both"
            f" again, and delete the rows of {options.labels} that are wrong"
        )
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{path}: {', '.join(content['changes']['channels'])}")


if __name__ == "__main__":
    end_with(main)

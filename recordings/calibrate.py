"""Fit constants to one satellite's recording: `python -m recordings.calibrate FILE --mission MISSION.yaml`.

The channels of the recording are then judged by their newest samples, against the recording and against the
earlier samples of the window (`scoring/measures/changes.py`).
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis_server.judging.calibration_file import CALIBRATION_FILE
from scoring.calibration import BOUNDED_FORMAT
from scoring.change_score import recent_evidence
from scoring.fitting.constants import RARE, six_digits
from scoring.measures.changes import CHANGES, ChannelChanges, Range, RecentStatistics, change_evidence
from scoring.measures.counters import straightened
from scoring.measures.masked import masked_max
from telemetry_core.contract.errors import InvalidMission
from telemetry_core.contract.mission import MAX_WINDOW_LENGTH, Mission
from telemetry_core.service.command_line import end_with
from telemetry_core.service.settings import load_mission
from telemetry_replay.recording import recording_of
from telemetry_replay.samples import InvalidRecordingError, read_samples, with_held_values
from training.band_widths import Factors, ModelForecaster, fitted, windows_with_future
from training.calibrate import REPOSITORY

Floats = npt.NDArray[np.float64]
Recorded = Mapping[str, Mapping[str, Floats]]
"""Subsystem to channel to float64[time], NaN = missing; the channels of a subsystem are equally long."""

BLOCK = 100
"""Consecutive verdicts of which the largest change counts."""
MOST_BLOCKS = 200
COMMON = 0.9
"""Quantile of the largest changes of the blocks that is common."""
LEAST_SHARE = 0.01
"""Smallest common change, as a share of the channel's scale: a constant channel has none of its own."""
LEVEL_SHARE = 0.3
"""A channel's scale is its deviation, and at least this share of its largest value."""
SMALLEST_SIZE = 1e-9
INTERVAL_QUANTILES = (0.05, 0.95)
INTERVAL_MARGIN = 2.0
"""Constants serve intervals so many times shorter and longer than the recording's own."""


def stream_windows(values: Floats, length: int) -> Iterator[npt.NDArray[np.float32]]:
    """Windows as the trigger sends them, of each channel's own last samples, one for each time.

    Args:
        values: float64[channel, time], NaN = no sample of the channel at that time.
        length: Steps of a window; padded with NaN in front.

    Yields:
        float32[job, channel, length], BLOCK jobs at once.
    """
    is_sampled = np.isfinite(values)
    sampled_until = np.cumsum(is_sampled, axis=1)
    ending_at = [
        np.lib.stride_tricks.sliding_window_view(
            np.concatenate([np.full(length, np.nan), channel[mine]]).astype(np.float32), length
        )
        for channel, mine in zip(values, is_sampled, strict=True)
    ]
    for start in range(0, values.shape[1], BLOCK):
        ends = sampled_until[:, start : start + BLOCK]
        yield np.stack([own[last] for own, last in zip(ending_at, ends, strict=True)], axis=1)


def measured_blocks(values: Floats, length: int, moduli: Floats) -> list[RecentStatistics]:
    """Statistics of the verdicts of at most MOST_BLOCKS blocks, spread over the recording.

    `values` is float64[channel, time], `moduli` float64[channel], infinite where a channel is no counter.
    """
    blocks = list(stream_windows(values, length))
    every = -(-len(blocks) // MOST_BLOCKS)
    return [
        RecentStatistics.measure(straightened(windows.astype(np.float64), moduli).astype(np.float64))
        for windows in blocks[::every]
    ]


def fit_channels(blocks: Sequence[RecentStatistics], values: Floats) -> list[ChannelChanges]:
    """What is usual for each channel and which distances are common; NaN where the recording is too short.

    Nor has any a usual level (ADR 0042). `values` is float64[channel, time].
    """
    usual = finite_quantile(np.concatenate([block.newest for block in blocks]), 0.5)
    largest = np.stack([masked_max(np.moveaxis(block.distances(usual), 0, -1)) for block in blocks])
    size = np.maximum(np.nanstd(values, axis=1), LEVEL_SHARE * np.nanmax(np.abs(values), axis=1))
    is_share = np.array(["share" in name for name in CHANGES])
    floor = LEAST_SHARE * np.where(is_share, 1.0, np.maximum(size, SMALLEST_SIZE)[:, None])
    common = np.maximum(finite_quantile(largest, COMMON), floor[:, None])
    is_level = np.array([name.startswith("mean_") for name in CHANGES])
    usual[:, is_level] = np.nan
    common[:, 0, is_level] = np.nan
    return [ChannelChanges(usual=one, common=other) for one, other in zip(usual, common, strict=True)]


def finite_quantile(value: Floats, quantile: float) -> Floats:
    """Quantile over the first axis without NaN, float64[n, ...] to [...]; NaN where nothing is left."""
    is_known = np.isfinite(value).any(axis=0)
    found = np.nanquantile(np.where(is_known, value, 0.0), quantile, axis=0)
    return np.where(is_known, found, np.nan)


def fit_changes(
    recorded: Recorded, length: int = MAX_WINDOW_LENGTH, counters: Mapping[str, float] = MappingProxyType({})
) -> dict[str, Any]:
    """The `changes` part of a calibration file, from nominal telemetry alone; progress goes to stderr.

    One threshold serves all subsystems of as many channels: 1 in 1,000 of their verdicts together exceeds it.

    Args:
        recorded: Telemetry of every channel.
        length: Steps of the windows that will be judged.
        counters: By `subsystem.channel`, the modulo of each counter.
    """
    channels: dict[str, Any] = {}
    evidence: dict[int, list[Floats]] = {}
    for number, (subsystem, telemetry) in enumerate(recorded.items(), start=1):
        values = np.stack(list(telemetry.values()))
        moduli = np.array([counters.get(f"{subsystem}.{name}", np.inf) for name in telemetry])
        blocks = measured_blocks(values, length, moduli)
        fitted = fit_channels(blocks, values)
        channels |= {
            f"{subsystem}.{name}": document(one) for name, one in zip(telemetry, fitted, strict=True)
        }
        found = np.concatenate([recent_evidence(change_evidence(block, fitted)) for block in blocks])
        evidence.setdefault(len(telemetry), []).append(found[np.isfinite(found)])
        sys.stderr.write(f"\r{number}/{len(recorded)} subsystems calibrated")
    sys.stderr.write("\n")
    return {
        "measures": list(CHANGES),
        "channels": channels,
        "thresholds": {
            str(count): six_digits(float(np.quantile(np.concatenate(rows), 1 - RARE)))
            for count, rows in evidence.items()
        },
    }


def document(channel: ChannelChanges) -> dict[str, Any]:
    """One channel's constants with six significant digits; unknown = null."""
    return {
        "usual": [None if np.isnan(value) else six_digits(value) for value in channel.usual.tolist()],
        "common": [
            [None if np.isnan(value) else six_digits(value) for value in family]
            for family in channel.common.tolist()
        ],
    }


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


def main() -> None:
    """Put the constants of a recording into calibration.json beside the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE", help="nominal recording, .csv or .parquet")
    parser.add_argument("--mission", type=Path, required=True, help="mission file with `recording:`")
    parser.add_argument(
        "--model", type=Path, default=REPOSITORY / "lstm_timeseries" / "1", help="folder of calibration.json"
    )
    arguments = parser.parse_args()
    try:
        mission = load_mission(arguments.mission)
        unix_us, recorded = read_recorded(arguments.file, mission, str(arguments.mission))
    except (InvalidMission, InvalidRecordingError) as error:
        sys.exit(str(error))
    path = arguments.model / CALIBRATION_FILE
    content = json.loads(path.read_text(encoding="utf-8"))
    changes = fit_changes(recorded, mission.window.length, mission.counters)
    changes["fitted"] = {"data": arguments.file.name, "window_length": mission.window.length}
    for subsystem, telemetry in recorded.items():
        for name, values in telemetry.items():
            changes["channels"][f"{subsystem}.{name}"]["intervals_s"] = fitted_intervals(unix_us, values)
    content |= {"format": max(content.get("format", 1), BOUNDED_FORMAT), "changes": changes}
    former = content.get("band_widths", {})
    kept = {name: one for name, one in former.items() if name not in changes["channels"]}
    content["band_widths"] = kept | recorded_widths(recorded, mission, arguments.model)
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{path}: {', '.join(content['changes']['channels'])}")


if __name__ == "__main__":
    end_with(main)

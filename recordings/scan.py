"""What in a recording is unlike the rest of it: `python -m recordings.scan FILE --mission MISSION.yaml`."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from scoring.measures.counters import straightened
from scoring.retrospective import Peak, scan_recording
from telemetry_core.contract.errors import InvalidMission
from telemetry_core.contract.messages import time_of
from telemetry_core.contract.mission import Mission
from telemetry_core.service.command_line import end_with
from telemetry_core.service.settings import load_mission
from telemetry_replay.recording import recording_of
from telemetry_replay.samples import InvalidRecordingError, Samples, read_samples, with_held_values
from training.evaluation.report import table

HEAD = ("channel", "from", "to", "score", "by")


def scanned_channels(path: Path, mission: Mission, source: str) -> Iterator[tuple[str, Samples, list[Peak]]]:
    """Scan the channels of a recording that the model sees, one after the other.

    Raises:
        InvalidRecordingError: It can't be read.
        ValueError: It is too short.
    """
    recording = recording_of(mission, source)
    samples = with_held_values(read_samples(path, recording, mission), recording, mission)
    for remark in samples.remarks():
        print(remark, file=sys.stderr)
    for index, channel in enumerate(recording.channels.values()):
        subsystem, _, name = channel.partition(".")
        if name in mission.subsystems[subsystem].features:
            modulo = np.array([mission.counters.get(channel, np.inf)])
            straight = straightened(samples.values[:, index][None, None], modulo)[0]
            yield channel, samples, scan_recording(straight.T.astype(np.float64))[0]


def rows_of(channel: str, samples: Samples, peaks: list[Peak]) -> Iterator[tuple[str, ...]]:
    """Rows of the table, in the order of time."""
    for peak in sorted(peaks, key=lambda peak: peak.start):
        ends = (samples.unix_us[min(end, samples.unix_us.size - 1)] for end in (peak.start, peak.end))
        first, last = (time_of(int(end)).isoformat(timespec="seconds") for end in ends)
        yield channel, first, last, f"{peak.score:.2f}", max(peak.shares, key=lambda name: peak.shares[name])


def main() -> None:
    """Print what the scan detects, channel by channel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE", help="recording, .csv or .parquet")
    parser.add_argument("--mission", type=Path, required=True, help="mission file with `recording:`")
    arguments = parser.parse_args()
    rows: list[tuple[str, ...]] = []
    try:
        mission = load_mission(arguments.mission)
        for channel, samples, peaks in scanned_channels(arguments.file, mission, str(arguments.mission)):
            print(f"{channel}: {samples.unix_us.size} samples, {len(peaks)} detections", file=sys.stderr)
            rows.extend(rows_of(channel, samples, peaks))
    except (InvalidMission, InvalidRecordingError) as error:
        sys.exit(str(error))
    except ValueError as error:
        sys.exit(f"{arguments.file}: {error}")
    print("\n".join(table(HEAD, rows)) if rows else "nothing is unlike the rest")


if __name__ == "__main__":
    end_with(main)

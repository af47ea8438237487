"""Alerts per day of a recording before and after a change of the mission file, without a server.

`python -m recordings.preview FILE --mission NEW.yaml [--against OLD.yaml]` sends the recording through the
trigger's windows and rules, the model and the score, all in this process: what the platform would have said.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from analysis_server.judging.calibration_file import load_calibration
from analysis_server.judging.coverage import WHAT_TO_DO, uncovered_in_words
from analysis_server.judging.inference import infer_windows
from analysis_server.judging.learned import Lookup, nothing_learned
from analysis_server.judging.triton import OUTPUTS, Forecast
from analysis_server.windows.window_sets import WindowSet, windows_of_batch
from kafka_inference_trigger.trigger import InferenceTrigger
from scoring.alert_rule import alerts_of, judged_of
from telemetry_core.contract.errors import InvalidMission
from telemetry_core.contract.inferences import SubsystemInference, Verdict
from telemetry_core.contract.messages import generated_us_of
from telemetry_core.contract.mission import MAX_SPAN_S, MIN_WINDOW_LENGTH, Mission, enough_span_s
from telemetry_core.kafka.records import Record
from telemetry_core.service.command_line import end_with
from telemetry_core.service.settings import Settings, load_mission
from telemetry_replay.__main__ import build_messages
from telemetry_replay.recording import Recording, recording_of
from telemetry_replay.samples import InvalidRecordingError, Samples, read_samples

MESSAGES_PER_PLAN = 500
DAY_US = 86_400 * 1_000_000

Alert = tuple[str, str]
"""Subsystem and the channel that contributes most at the alert's peak."""


class ModelFile:
    """A model of the repository and its constants, run here instead of in Triton."""

    def __init__(self, directory: Path) -> None:
        self._session = onnxruntime.InferenceSession(
            directory / "model.onnx", providers=["CPUExecutionProvider"]
        )
        self.calibration = load_calibration(directory)
        self.learned: Lookup = nothing_learned

    def judge(self, task: WindowSet) -> list[SubsystemInference]:
        """Judge windows as a worker does."""
        return infer_windows(task, infer=self.infer, calibration=self.calibration, learned=self.learned)

    def infer(self, _name: str, _version: str, windows: NDArray[np.float32]) -> Forecast:
        """Forecast float32[row, time]."""
        mean, std, step_mean, step_std = self._session.run(OUTPUTS, {"INPUT": windows})
        return Forecast(mean=mean, std=std, step_mean=step_mean, step_std=step_std)


def records_of(samples: Samples, recording: Recording) -> list[Record]:
    """Turn a recording into the records that Kafka would hold, each received when it was generated."""
    return [
        Record(value=value, key=None, partition=0, offset=offset, received_us=generated_us)
        for offset, (generated_us, value) in enumerate(build_messages(samples, recording))
    ]


def verdicts(records: Sequence[Record], mission: Mission, model: ModelFile) -> Iterator[SubsystemInference]:
    """Judge what the mission's rules and its periodic check pick."""
    trigger = InferenceTrigger(mission, topic="preview", clock=lambda: datetime.now(UTC))
    for start in range(0, len(records), MESSAGES_PER_PLAN):
        for batch in trigger.plan(records[start : start + MESSAGES_PER_PLAN]).batches:
            yield from model.judge(windows_of_batch(batch))


def alerts(rows: Iterable[SubsystemInference]) -> list[Alert]:
    """Return the alerts of one satellite by the platform's rule, each named after its highest score."""
    ordered = sorted(rows, key=lambda row: (row.subsystem, generated_us_of(row.job_id)))
    found = []
    for subsystem, group in groupby(ordered, lambda row: row.subsystem):
        by_job = {row.job_id: row for row in group}
        found += [
            (subsystem, main_channel(by_job[run.peak_job_id]))
            for run in alerts_of(map(judged_of, by_job.values()))
        ]
    return found


def main_channel(row: SubsystemInference) -> str:
    """Name the channel with the largest contribution."""
    shares = {channel: sum(parts.values()) for channel, parts in (row.contributions or {}).items()}
    return max(shares, key=lambda channel: shares[channel])


def without_settings(mission: Mission) -> Mission:
    """Return the mission as if no channel had detection settings."""
    content = mission.model_dump()
    for subsystem in content["subsystems"].values():
        for channel in subsystem["channels"].values():
            del channel["detection"]
    return Mission.model_validate(content)


def comparison(before: Sequence[Alert], after: Sequence[Alert], days: float) -> str:
    """Lay out alerts per day by subsystem and by the channel that explains them."""
    lines = [f"{'alerts per day':42} {'before':>9} {'after':>9}"]
    earlier, later = Counter(before), Counter(after)
    for subsystem in sorted({name for name, _ in earlier | later}):
        pairs = sorted(pair for pair in earlier | later if pair[0] == subsystem)
        totals = (sum(earlier[pair] for pair in pairs), sum(later[pair] for pair in pairs))
        lines.append(_line(subsystem, *totals, days))
        lines += [_line(f"  {pair[1]}", earlier[pair], later[pair], days) for pair in pairs]
    return "\n".join([*lines, _line("all", len(before), len(after), days)])


def _line(name: str, before: int, after: int, days: float) -> str:
    return f"{name:42} {before / days:9.2f} {after / days:9.2f}"


def preview(file: Path, missions: Sequence[Mission], names: Sequence[str], repository: Path) -> str:
    """Replay `file` under both missions, the earlier one first; raises for what can't be read."""
    found = []
    for mission, name in zip(missions, names, strict=True):
        recording = recording_of(mission, name)
        samples = read_samples(file, recording, mission)
        model = ModelFile(repository / mission.model.name / mission.model.version)
        found.append(list(verdicts(records_of(samples, recording), mission, model)))
    days = max(int(samples.unix_us[-1] - samples.unix_us[0]), 1) / DAY_US
    head = f"{file.name}: {days:.2f} days, verdicts before {len(found[0])}, after {len(found[1])}"
    without = [*learning(found[1]), *unjudged(found[1], samples, recording, mission)]
    return "\n".join(
        [head, *samples.remarks(), *without, comparison(alerts(found[0]), alerts(found[1]), days)]
    )


def groups_of(rows: Iterable[SubsystemInference]) -> dict[str, list[SubsystemInference]]:
    """Group rows by subsystem, in the order of its name."""
    ordered = sorted(rows, key=lambda row: row.subsystem)
    return {name: list(group) for name, group in groupby(ordered, lambda row: row.subsystem)}


def learning(rows: Iterable[SubsystemInference]) -> list[str]:
    """Say of each subsystem how many verdicts are learning, why, and what to do."""
    lines = []
    for subsystem, mine in groups_of(row for row in rows if row.verdict is Verdict.LEARNING).items():
        why = uncovered_in_words(mine[-1].input_data["not_calibrated"])
        lines.append(f"{len(mine)} verdicts on {subsystem} are learning: {why}; {WHAT_TO_DO}")
    return lines


def unjudged(
    rows: Iterable[SubsystemInference], samples: Samples, recording: Recording, mission: Mission
) -> list[str]:
    """Name empty columns, and say why a subsystem has no verdict, or none but warming up, and what to do."""
    verdicts_on = groups_of(rows)
    lines = [
        f"column {name!r} holds no value"
        for name, column in zip(recording.channels, samples.values.T, strict=True)
        if not np.isfinite(column).any()
    ]
    for subsystem in dict.fromkeys(path.partition(".")[0] for path in recording.channels.values()):
        mine = verdicts_on.get(subsystem, [])
        if any(row.verdict is not Verdict.WARMING_UP for row in mine):
            continue
        places = [path.startswith(f"{subsystem}.") for path in recording.channels.values()]
        present = np.isfinite(samples.values[:, places])
        times_us = samples.unix_us[present[:, present.sum(axis=0).argmax()]]
        lines.append(
            f"verdicts on {subsystem}: {len(mine)}, {'all warming up: ' if mine else ''}"
            f"{_why_unjudged(times_us, mission)}"
        )
    return lines


def _why_unjudged(times_us: NDArray[np.int64], mission: Mission) -> str:
    """Tell from the times of a subsystem's most sampled channel."""
    count, window = times_us.size, mission.window
    if not count:
        return "no column of it holds a value"
    if count < MIN_WINDOW_LENGTH:
        return f"samples: {count}, a verdict needs {MIN_WINDOW_LENGTH}"
    interval_s = float(np.median(np.diff(times_us))) / 1e6
    if window.is_too_rare(interval_s):
        enough_s = enough_span_s(interval_s)
        advice = f"enlarge it to {enough_s:,.6g} s" if enough_s else f"that is {MAX_SPAN_S:,.6g} s at most"
        return (
            f"sampled every {interval_s:,.6g} s, a verdict needs {MIN_WINDOW_LENGTH} samples within"
            f" max_span_s ({window.max_span_s:,.6g} s): {advice}"
        )
    return (
        f"of its {count} samples none that was drawn ends {MIN_WINDOW_LENGTH} in a row without a gap"
        f" (max_gap_s {window.max_gap_s:,.6g} s); `periodic: {{share: 1}}` draws all"
    )


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(prog="preview", description="Alerts per day before and after.")
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="recording, .csv or .parquet")
    add("--mission", type=Path, required=True, metavar="NEW", help="mission file with `recording:`")
    add("--against", type=Path, metavar="OLD", help="default: NEW without its detection settings")
    options = parser.parse_args()
    try:
        mission = load_mission(options.mission)
        former = load_mission(options.against) if options.against else without_settings(mission)
        names = [str(options.against or options.mission), str(options.mission)]
        print(preview(options.file, [former, mission], names, Settings().model_repository))
    except (InvalidMission, InvalidRecordingError, OSError, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    end_with(main)

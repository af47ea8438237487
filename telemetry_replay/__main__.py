"""Replay of a recording: `python -m telemetry_replay FILE --mission MISSION.yaml`."""

import argparse
import math
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import orjson

from telemetry_core.contract.errors import InvalidMission
from telemetry_core.contract.mission import SATELLITE_ID_PATTERN
from telemetry_core.service.settings import Settings, load_mission
from telemetry_replay.pacing import Pacer, parse_speed
from telemetry_replay.publisher import PublishingError, TelemetryPublisher, usable_bootstrap
from telemetry_replay.recording import Recording, recording_of
from telemetry_replay.samples import (
    InvalidRecordingError,
    Samples,
    read_samples,
    require_no_future,
    shift_to_now,
)

REPORT_EVERY_S: Final = 2.0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def build_messages(samples: Samples, recording: Recording) -> Iterator[tuple[int, bytes]]:
    """Generation time in microseconds and JSON of every sample set that holds a value."""
    paths = [path.split(".") for path in recording.channels.values()]
    for unix_us, row in zip(samples.unix_us.tolist(), samples.values.tolist(), strict=True):
        subsystems: dict[str, dict[str, float]] = {}
        for (subsystem, channel), value in zip(paths, row, strict=True):
            if not math.isnan(value):
                subsystems.setdefault(subsystem, {})[channel] = value
        if subsystems:
            moment = _EPOCH + timedelta(microseconds=unix_us)
            timestamp = moment.isoformat(timespec="microseconds" if unix_us % 1000 else "milliseconds")
            header = {"timestamp": timestamp, "satellite_id": recording.satellite_id}
            yield unix_us, orjson.dumps(header | subsystems)


class Progress:
    """A line on stderr every few seconds: messages, rate, time left."""

    def __init__(self, total: int, pacer: Pacer) -> None:
        self._total = total
        self._pacer = pacer
        self._due_s = REPORT_EVERY_S

    def report(self, done: int, *, final: bool = False) -> None:
        """Write the line when it is due."""
        elapsed_s = self._pacer.elapsed_s
        if elapsed_s < self._due_s and not final:
            return
        self._due_s = elapsed_s + REPORT_EVERY_S
        rate = done / max(elapsed_s, 1e-9)
        left_s = (self._total - done) / rate if rate else math.inf
        sys.stderr.write(f"{done}/{self._total} messages, {rate:.1f} msg/s, {left_s:.0f} s left\n")


def replay(samples: Samples, recording: Recording, publisher: TelemetryPublisher, pacer: Pacer) -> int:
    """Send the sample sets when they are due; the number of messages sent."""
    first_us = int(samples.unix_us[0])
    progress = Progress(len(samples.unix_us), pacer)
    sent = 0
    for unix_us, value in build_messages(samples, recording):
        if not pacer.wait_until((unix_us - first_us) / 1e6):
            break
        publisher.send(recording.satellite_id, value)
        sent += 1
        progress.report(sent)
    progress.report(sent, final=True)
    return sent


def prepare(options: argparse.Namespace) -> tuple[Samples, Recording]:
    """Read mission and recording and settle the times; raises for whatever can't be replayed."""
    mission = load_mission(options.mission)
    recording = recording_of(mission, str(options.mission))
    if options.satellite:
        recording = recording.model_copy(update={"satellite_id": options.satellite})
    samples = read_samples(options.file, recording, mission)
    for remark in samples.remarks():
        sys.stderr.write(f"{remark}\n")
    if options.limit:
        samples = replace(
            samples, unix_us=samples.unix_us[: options.limit], values=samples.values[: options.limit]
        )
    now_us = time.time_ns() // 1000
    if options.keep_times:
        require_no_future(samples, now_us=now_us)
        return samples, recording
    return shift_to_now(samples, now_us=now_us, speed=options.speed), recording


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    settings = Settings()
    parser = argparse.ArgumentParser(
        prog="python -m telemetry_replay", description="Replay recorded telemetry."
    )
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="recording, .csv or .parquet")
    add("--mission", type=Path, required=True, help="mission file with a `recording:` section")
    add(
        "--speed",
        type=parse_speed,
        default=math.inf,
        metavar="N|max",
        help="multiple of real time (default max)",
    )
    add("--keep-times", action="store_true", help="send the recorded times instead of shifting them to now")
    add("--satellite", type=satellite_id, metavar="ID", help="satellite id instead of the mission file's")
    add("--limit", type=positive_count, metavar="N", help="replay the first N samples only")
    add("--kafka", default=settings.kafka_bootstrap_servers, metavar="HOST:PORT")
    add("--topic", default=settings.kafka_topic)
    return parser.parse_args()


def satellite_id(text: str) -> str:
    """Read a satellite id that the platform accepts."""
    if not re.fullmatch(SATELLITE_ID_PATTERN, text):
        raise argparse.ArgumentTypeError(f"{text!r}: letters, digits and _ . - only, 50 at most")
    return text


def positive_count(text: str) -> int:
    """Read a number of samples, at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number from 1 on is needed")
    return int(text)


def main() -> int:
    """Entry point; the process's exit status."""
    options = parse_arguments()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        samples, recording = prepare(options)
        publisher = TelemetryPublisher(usable_bootstrap(options.kafka), options.topic, is_replay=True)
    except (InvalidMission, InvalidRecordingError, PublishingError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sent = replay(samples, recording, publisher, Pacer(options.speed, stop))
    if lost := publisher.close():
        sys.stderr.write(f"{lost} of {sent} messages were not delivered to Kafka: {publisher.failure}\n")
        return 1
    sys.stdout.write(f"{sent} messages of {recording.satellite_id} sent to {options.topic}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

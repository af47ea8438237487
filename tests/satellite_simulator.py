#!/usr/bin/env python3
"""Simulated telemetry of a satellite constellation, sent to Kafka: see --help."""

import argparse
import math
import os
import signal
import sys
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
REQUIREMENTS = {
    "confluent_kafka": "confluent-kafka~=2.9.0",
    "numpy": "numpy",
    "orjson": "orjson",
    "sgp4": "sgp4",
}
SETTLING_S_PER_SATELLITE = 4e-4  # measured: 2.9 s for the initial state of 10,000 satellites


def use_project_environment() -> None:
    """Continue in the project's environment where this Python lacks the packages, or say what to install."""
    missing = [package for module, package in REQUIREMENTS.items() if find_spec(module) is None]
    if not missing:
        return
    python = PROJECT / ".venv" / "bin" / "python"
    if python.exists() and not Path(sys.prefix).samefile(python.parent.parent):
        os.execv(python, [str(python), *sys.argv])  # noqa: S606 - the same script, arguments unchanged
    sys.stderr.write(f"Missing packages: {', '.join(missing)}. Install them with:\n")
    sys.stderr.write(f"  python3 -m pip install {' '.join(REQUIREMENTS.values())}\n")
    sys.exit(2)


if __name__ == "__main__":
    use_project_environment()
sys.path.insert(0, str(PROJECT))

import orjson  # noqa: E402 - only now is the environment known to have it

from simulator import faults  # noqa: E402
from simulator.console import Console  # noqa: E402
from simulator.constellation import satellite_ids, simulate  # noqa: E402
from simulator.disorder import Disorder, Sending, Shares  # noqa: E402
from simulator.on_change import OnChange  # noqa: E402
from simulator.sinks import KafkaSink, Ledger, LinesSink, Sink, open_for_writing  # noqa: E402
from telemetry_core.service.command_line import end_with  # noqa: E402
from telemetry_replay.pacing import Pacer, parse_speed  # noqa: E402
from telemetry_replay.publisher import PublishingError, usable_bootstrap  # noqa: E402

DESCRIPTION = """Sends the telemetry of simulated satellites to Kafka: orbits by SGP4, and the eclipses,
power, heat, attitude and ground contacts that follow from them. Nominal values stay well inside the limits;
faults are injected on purpose."""
FAULTS = f"""Faults: [SATELLITE/]KIND[:[SUBSYSTEM.]CHANNEL][*SIZE][@START][+SECONDS]
KIND is one of {", ".join(faults.KINDS)}.
START counts seconds from the first message (default {faults.DEFAULT_START_S:.0f}); without SECONDS a fault
lasts to the end; SIZE scales it (default 1); the satellite is the first one unless named.
Examples: low_battery@60   drift:battery_temperature*2@30+120   SAT-002/stuck:gyro_x"""


def parse_arguments() -> argparse.Namespace:
    """Read the command line; a mistake ends with a sentence that says what to write instead."""
    parser = argparse.ArgumentParser(
        description=DESCRIPTION, epilog=FAULTS, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--kafka", default="localhost:9092", metavar="HOST:PORT")
    add("--topic", default="satellite-telemetry")
    add("--satellites", type=int, default=None, metavar="N", help="1 to 10 (default 10)")
    add("--fleet", type=int, metavar="N", help="up to 10,000 satellites instead of --satellites")
    add(
        "--interval",
        type=positive_seconds,
        default=5.0,
        metavar="S",
        help="seconds between messages (default 5)",
    )
    add(
        "--duration",
        type=positive_seconds,
        default=5400.0,
        metavar="S",
        help="seconds to simulate (default 5400)",
    )
    add("--seed", type=int, default=0, help="same seed, start and interval: same messages (default 0)")
    add("--start", type=iso_time, metavar="ISO", help="time of the first message (default now)")
    add("--speed", type=parse_speed, default=1.0, metavar="N|max", help="multiple of real time (default 1)")
    add(
        "--fault",
        action="append",
        default=[],
        metavar="FAULT",
        help="inject a fault, see below; may be repeated",
    )
    add("--truth", type=Path, metavar="FILE", help="write what was injected as JSON lines")
    add("--output", metavar="FILE|-", help="write messages as JSON lines instead of sending them to Kafka")
    add(
        "--late",
        type=share,
        default=0.0,
        metavar="SHARE",
        help="share of messages held back by 1 to 3 samples",
    )
    add(
        "--on-change",
        action="store_true",
        help="send only values that changed (channels with `reporting: on_change`)",
    )
    add("--duplicates", type=share, default=0.0, metavar="SHARE", help="share of messages sent twice")
    add(
        "--garbage",
        type=share,
        default=0.0,
        metavar="SHARE",
        help="share of messages followed by an invalid one",
    )
    add(
        "--ledger", type=Path, metavar="FILE", help="record every delivered message with partition and offset"
    )
    options = parser.parse_args()
    check_count(parser, options)
    return options


def check_count(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Settle the number of satellites."""
    if options.fleet is not None and options.satellites is not None:
        parser.error("--satellites and --fleet exclude each other")
    if options.fleet is not None and not 1 <= options.fleet <= 10_000:
        parser.error("--fleet takes 1 to 10000 satellites")
    if options.satellites is not None and not 1 <= options.satellites <= 10:
        parser.error("--satellites takes 1 to 10; use --fleet N for up to 10000")
    options.satellites = options.fleet or options.satellites or 10
    if options.seed < 0:
        parser.error("--seed must not be negative")


def positive_seconds(text: str) -> float:
    """Read a duration in seconds, at least a millisecond."""
    seconds = float(text) if text.replace(".", "", 1).isdigit() else math.nan
    if not 0.001 <= seconds <= 31_536_000:
        raise argparse.ArgumentTypeError(f"{text!r}: a number of seconds from 0.001 to a year is needed")
    return seconds


def share(text: str) -> float:
    """Read a share from 0 up to 0.5."""
    value = float(text) if text.replace(".", "", 1).isdigit() else math.nan
    if not 0 <= value <= 0.5:
        raise argparse.ArgumentTypeError(f"{text!r}: a share from 0 to 0.5 is needed, for example 0.05")
    return value


def iso_time(text: str) -> datetime:
    """Read a time in ISO 8601; without a zone it is UTC."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r}: write ISO 8601, for example 2026-01-31T12:00:00Z"
        ) from error
    if not 1980 <= time.year <= 2050:
        raise argparse.ArgumentTypeError(f"{text!r}: the orbit model holds from 1980 to 2050")
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def latest_start(duration_s: float, speed: float, lead_s: float) -> datetime:
    """Time of the first message that keeps the last one from lying in the future when it is sent."""
    ahead_s = max(0.0, duration_s * (1 - 1 / speed)) - lead_s
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000) - timedelta(
        milliseconds=math.ceil(ahead_s * 1e3)
    )


def open_sink(options: argparse.Namespace, stack: ExitStack) -> tuple[Sink, str]:
    """Open what takes the messages, and the header's line about it."""
    if options.output is None:
        is_replay = options.start is not None or options.speed != 1
        sink = KafkaSink(usable_bootstrap(options.kafka), options.topic, is_replay=is_replay)
        return sink, f"Kafka:        {options.kafka}"
    if options.output == "-":
        return LinesSink(sys.stdout), "Output:       -"
    stream = stack.enter_context(open_for_writing(Path(options.output), "--output"))
    return LinesSink(stream), f"Output:       {options.output}"


def open_ledger(options: argparse.Namespace, stack: ExitStack) -> Ledger | None:
    """Open the record of what is delivered, if it is wanted."""
    if options.ledger is None:
        return None
    return Ledger(stack.enter_context(open_for_writing(options.ledger, "--ledger")))


def run(options: argparse.Namespace, injected: list[faults.Fault], stop: threading.Event) -> int:
    """Simulate and send until the duration is over or `stop` is set; the process's exit status."""
    names = satellite_ids(options.satellites)
    lead_s = (
        0.0 if options.start or options.speed == math.inf else 0.2 + SETTLING_S_PER_SATELLITE * len(names)
    )
    start: datetime = options.start or latest_start(options.duration, options.speed, lead_s)
    pacer = Pacer(options.speed, stop, delay_s=lead_s)
    steps = max(1, math.ceil(round(options.duration / options.interval, 6)))
    console = Console(
        names, interval_s=options.interval, duration_s=options.duration, to_stderr=options.output == "-"
    )
    with ExitStack() as stack:
        sink, target = open_sink(options, stack)
        ledger = open_ledger(options, stack)
        if options.truth:
            write_truth(options.truth, injected, names, start, options.duration)
        console.header(target)
        messages = simulate(len(names), start, options.interval, steps, options.seed, injected)
        link = Disorder(
            Shares(late=options.late, duplicates=options.duplicates, garbage=options.garbage), options.seed
        )
        on_change = OnChange()
        sent = done = 0
        while done < steps:
            step = list(islice(messages, len(names)))
            if not pacer.wait_until(done * options.interval):
                break
            done += 1
            console.step(done, step)
            telemetry = on_change.changed(step) if options.on_change else step
            sent += send(link.deliver(telemetry), sink, ledger)
        sent += send(link.flush(), sink, ledger)
        pacer.wait_until(options.duration)
        lost = sink.close()
        console.footer(steps=done, messages=sent, elapsed_s=pacer.elapsed_s)
    if lost:
        sys.stderr.write(f"{lost} of {sent} messages were not delivered to Kafka\n")
        return 1
    console.print("", "✅ Shutdown complete")
    return 0


def send(sendings: Iterable[Sending], sink: Sink, ledger: Ledger | None) -> int:
    """Hand over to the sink; the number of messages."""
    count = 0
    for sending in sendings:
        sink.send(sending, ledger.entry(sending) if ledger else None)
        count += 1
    return count


def write_truth(
    path: Path, injected: list[faults.Fault], names: list[str], start: datetime, duration_s: float
) -> None:
    """Write one JSON line a fault."""
    with open_for_writing(path, "--truth") as stream:
        for fault in injected:
            stream.write(orjson.dumps(faults.truth_line(fault, names, start, duration_s)).decode() + "\n")


def main() -> int:
    """Entry point."""
    options = parse_arguments()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        names = satellite_ids(options.satellites)
        injected = [faults.parse_fault(text, names) for text in options.fault]
        return run(options, injected, stop)
    except (faults.InvalidFaultError, PublishingError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    end_with(main)

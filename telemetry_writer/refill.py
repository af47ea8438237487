"""`python -m telemetry_writer.refill FROM TO`: re-imports samples that VictoriaMetrics lost, from Kafka.

FROM and TO are times of reception. Importing a sample again changes nothing. The service does the same by
itself: for what it wrote shortly before its own start, and before a start of VictoriaMetrics.
"""

import argparse
import sys
import threading
from collections.abc import Iterable
from itertools import islice
from typing import Final

import structlog

from telemetry_core.contract.errors import DependencyUnavailable, PlatformError
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.kafka.look_back import read_since
from telemetry_core.kafka.records import MAX_BATCH, Record
from telemetry_core.service.command_line import MOMENT_HELP, end_with, moment_of
from telemetry_core.service.liveness import Loop
from telemetry_core.service.settings import Settings, load_mission
from telemetry_core.victoriametrics import DEPENDENCY, VictoriaMetrics
from telemetry_writer.writer import SERVICE, TelemetryWriter

RESTORE_EVERY_S: Final = 2.0

_log = structlog.get_logger(SERVICE)


def refill(records: Iterable[Record], writer: TelemetryWriter) -> int:
    """Import the samples of records that were imported before; return how many records there were."""
    count = 0
    remaining = iter(records)
    while batch := list(islice(remaining, MAX_BATCH)):
        writer.rewrite(batch)
        count += len(batch)
    if count:
        _log.info(f"Imported the samples of {count} earlier messages again")
    return count


def keep_restored(victoria: VictoriaMetrics, stop: threading.Event, loop: Loop) -> None:
    """Until `stop`: send again what VictoriaMetrics lost when it was killed."""
    with loop:
        while not stop.is_set():
            try:
                victoria.restore_lost()
                loop.tick()
            except DependencyUnavailable as error:
                loop.hold(error.dependency)
            except Exception:  # noqa: BLE001 - health tells after a while, and the next round tries again
                _log.exception("Samples that VictoriaMetrics lost could not be resent")
                loop.hold(DEPENDENCY)
            stop.wait(RESTORE_EVERY_S)


def main() -> None:
    """Import the samples of a time again."""
    parser = argparse.ArgumentParser(prog="refill", description=__doc__)
    parser.add_argument("first", metavar="FROM", type=moment_of, help=MOMENT_HELP)
    parser.add_argument("last", metavar="TO", type=moment_of)
    options = parser.parse_args()
    settings = Settings()
    first_us, last_us = microseconds_of(options.first), microseconds_of(options.last)
    try:
        writer = TelemetryWriter(
            load_mission(settings.mission_file), VictoriaMetrics(settings.victoria_metrics_url)
        )
        records = read_since(settings, since_us=first_us)
        count = refill((record for record in records if record.received_us <= last_us), writer)
    except PlatformError as error:
        sys.exit(str(error))
    print(f"Imported the samples of {count} messages again")  # noqa: T201 - its answer


if __name__ == "__main__":
    end_with(main)

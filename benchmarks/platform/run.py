"""All benchmarks in one run: `python -m benchmarks.platform.run --help`."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg2
import requests

from benchmarks.platform import console, machine, model_server
from benchmarks.platform.figures import Section
from benchmarks.platform.postgres import alarm_reads, retention, row_store, summary_views
from benchmarks.platform.postgres.many_alarms import STANDING
from benchmarks.platform.stream import alarms, end_to_end, latency, trigger
from telemetry_core.postgres.migrations import MIGRATIONS, load_migrations, migrate, renew_roles
from telemetry_core.service.command_line import end_with
from telemetry_core.service.settings import Settings
from testbed.postgres_server import administer
from testbed.running_platform import Platform
from testbed.supervised import Supervised

DATABASE = "benchmark"
PARTS = (
    "trigger", "end-to-end", "model", "store", "views", "retention", "latency", "alarms", "alarm-reads",
    "console",
)  # fmt: skip


def main() -> None:
    options = read_options()
    settings = Settings()
    try:
        about = machine.describe(Platform(supervised=Supervised()))
    except (psycopg2.OperationalError, requests.RequestException) as error:
        sys.exit(f"The platform does not answer; start it with 'make up'. {error}")
    print(machine.text(about), flush=True)
    benchmarks: dict[str, Callable[[], list[Section]]] = {
        "trigger": partial(trigger.measure, options.messages),
        "end-to-end": partial(end_to_end.measure, settings, options.judged),
        "model": partial(model_server.measure, settings),
        "store": partial(in_own_database, settings, row_store.measure),
        "views": partial(
            in_own_database,
            settings,
            partial(summary_views.sections, jobs=options.views, explained=options.explain),
        ),
        "retention": partial(in_own_database, settings, partial(retention.sections, jobs=options.expired)),
        "latency": partial(latency.measure, settings, options.latency_s),
        "alarms": partial(alarms.measure, settings),
        "alarm-reads": partial(
            in_own_database,
            settings,
            partial(alarm_reads.sections, alarms=options.alarms, jobs=options.views),
        ),
        "console": partial(console.measure, options.live_minutes),
    }
    sections = []
    started_s = time.monotonic()
    for name in options.only or benchmarks:
        for section in benchmarks[name]():
            print(section.text(), flush=True)
            sections.append(section.document())
    print(f"{time.monotonic() - started_s:.0f} s")
    if options.json:
        document = {"machine": about, "sections": sections}
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.platform.run", description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be repeated")
    parser.add_argument(
        "--messages", type=at_least(400), default=20_000, help="of the trigger's topic (default 20000)"
    )
    parser.add_argument(
        "--judged", type=at_least(100), default=1000, help="messages sent end to end (default 1000)"
    )
    parser.add_argument(
        "--latency-s", type=at_least(1), default=60, help="seconds of 1 message/s (default 60)"
    )
    parser.add_argument(
        "--views", type=at_least(100), default=20_000, metavar="JOBS",
        help="jobs behind the operator's views; 1000000 takes minutes and 3 GB (default 20000)",
    )  # fmt: skip
    parser.add_argument(
        "--expired", type=at_least(100), default=20_000, metavar="JOBS",
        help="jobs of which half is deleted; 1000000 takes minutes and 3 GB (default 20000)",
    )  # fmt: skip
    parser.add_argument(
        "--alarms", type=at_least(STANDING), default=10_000,
        help="alarms that operators read, beside the verdicts of --views jobs; 1000000 takes minutes and 2 GB"
        " (default 10000)",
    )  # fmt: skip
    parser.add_argument(
        "--live-minutes", type=int, default=0,
        help="minutes of accelerated live data in the console; 30 tell whether its memory grows (default 0)",
    )  # fmt: skip
    parser.add_argument("--explain", action="store_true", help="print the plans of the views' queries")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there too")
    return parser.parse_args()


def at_least(least: int) -> Callable[[str], int]:
    """Read a number below which there is too little to measure."""

    def number(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"too few to measure: at least {least}")
        return int(text)

    return number


def in_own_database(settings: Settings, measure: Callable[[Settings], list[Section]]) -> list[Section]:
    """Measure in a migrated database of the running server that exists only meanwhile."""
    with own_database(settings) as private:
        return measure(private)


@contextmanager
def own_database(settings: Settings) -> Iterator[Settings]:
    """Create a database, and drop it afterwards."""
    administer(settings, f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    administer(settings, f"CREATE DATABASE {DATABASE}")
    try:
        private = settings.model_copy(update={"postgres_db": DATABASE})
        migrate(private, load_migrations(MIGRATIONS))
        renew_roles(private)
        yield private
    finally:
        administer(settings, f"DROP DATABASE {DATABASE} WITH (FORCE)")


if __name__ == "__main__":
    end_with(main)

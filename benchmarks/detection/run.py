"""Detection measured on recorded and simulated telemetry: `python -m benchmarks.detection.run --help`.

Suites are added to RUNNERS; each takes Options and returns a Report.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.detection import bands, time_to_limit
from benchmarks.detection.choice import suite as choice
from benchmarks.detection.evaluation.report import ALARMS, RULE, TOTALS, DataMissingError, Options, Report
from benchmarks.detection.field import sources as field_sources
from benchmarks.detection.field import suite as field
from benchmarks.detection.recorded import causal, nasa, opssat, tsb
from telemetry_core.service.command_line import end_with

SUITES = ("nasa", "nasa-causal", "tsb", "tsb-causal", "opssat", "field", "bands", "choice", "time-to-limit")
SIMULATED = ("field", "time-to-limit")
"""They need no recordings."""
READ_BACK = ("field", "nasa-causal")
"""Their alerts can be those of the alarm service."""
MODES = ("offline", "pipeline")
DEFAULT_SEEDS = 10


def run_pipeline(options: Options) -> Report:
    """Load the clients of the servers only where they are needed."""
    pipeline = import_module("benchmarks.detection.recorded.pipeline")
    report: Report = pipeline.run(options)
    return report


RUNNERS: dict[tuple[str, str], Callable[[Options], Report]] = {
    ("nasa", "offline"): nasa.run,
    ("nasa-causal", "offline"): causal.run,
    ("tsb-causal", "offline"): causal.run_tsb,
    ("nasa", "pipeline"): run_pipeline,
    ("tsb", "offline"): tsb.run,
    ("opssat", "offline"): opssat.run,
    ("opssat", "pipeline"): opssat.refuse_pipeline,
    ("field", "offline"): field.run,
    ("bands", "offline"): bands.run,
    ("choice", "offline"): choice.run,
    ("time-to-limit", "offline"): time_to_limit.run,
}


def main() -> None:
    arguments = read_arguments()
    key = (arguments.suite, arguments.mode)
    if key not in RUNNERS:
        sys.exit(f"Suite {key[0]} has no mode {key[1]} here; there are {known()}.")
    started_s = time.monotonic()
    try:
        report = RUNNERS[key](options_of(arguments))
    except DataMissingError as missing:
        print(f"skipped: {missing}")
        return
    document = as_document(report, key, time.monotonic() - started_s)
    print("\n".join([*report.lines, "", *totals_lines(document["totals"])]))
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def options_of(arguments: argparse.Namespace) -> Options:
    return Options(
        data=arguments.data or Path(),
        seeds=arguments.seeds,
        constants=arguments.constants or (),
        through=arguments.through,
    )


def read_arguments() -> argparse.Namespace:
    parser = parser_of_arguments()
    arguments = parser.parse_args()
    is_simulated = arguments.suite in SIMULATED
    if arguments.data is None and not is_simulated:
        parser.error(f"suite {arguments.suite} needs --data DIR")
    if arguments.through == ALARMS and (arguments.suite not in READ_BACK or arguments.mode != "offline"):
        parser.error(f"--through {ALARMS} is for the suites {' and '.join(READ_BACK)}, offline")
    if arguments.seeds is None:
        arguments.seeds = field.RECORDINGS if is_simulated else DEFAULT_SEEDS
    if arguments.constants is None and is_simulated:
        raising = field_sources.RAISING if arguments.through == ALARMS else field_sources.CONSTANTS
        arguments.constants = list(raising)
    elif arguments.constants and not is_simulated:
        parser.error("--constants is for suite field")
    if arguments.through == ALARMS and not set(arguments.constants or ()) <= set(field_sources.RAISING):
        parser.error("posted series raise no alarms")
    if arguments.seeds < 1:
        parser.error("--seeds must be at least 1")
    return arguments


def parser_of_arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection.run", description=__doc__)
    parser.add_argument("--suite", choices=SUITES, required=True)
    parser.add_argument("--mode", choices=MODES, default="offline")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="recordings, never shipped; field needs none"
    )
    parser.add_argument(
        "--seeds",
        type=int,
        metavar="N",
        help="shuffles of the folds (default 10); of suite field, nominal recordings of a cell (default 3)",
    )
    parser.add_argument(
        "--constants",
        nargs="+",
        choices=tuple(field_sources.CONSTANTS),
        help="which of suite field's sources (default all)",
    )
    parser.add_argument(
        "--through",
        choices=(RULE, ALARMS),
        default=RULE,
        help=f"what tells alerts in the suites {' and '.join(READ_BACK)}: the rule in this process (default),"
        " or what the alarm service keeps of the committed verdicts",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there too")
    return parser


def known() -> str:
    return ", ".join(f"--suite {suite} --mode {mode}" for suite, mode in sorted(RUNNERS))


def as_document(report: Report, key: tuple[str, str], seconds: float) -> dict[str, Any]:
    """The report as JSON; totals in the order of TOTALS, null where a suite has no such figure."""
    found = {**report.totals, "suite": key[0], "mode": key[1], "seconds": round(seconds, 1)}
    return {
        "totals": {name: found.get(name) for name in TOTALS},
        "detected": {channel: list(intervals) for channel, intervals in report.detected.items()},
        **report.details,
    }


def totals_lines(totals: dict[str, Any]) -> list[str]:
    return [f"{name:<25} {value}" for name, value in totals.items()]


if __name__ == "__main__":
    end_with(main)

"""What the commands of several services have in common."""

import argparse
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Never

from telemetry_core.contract.values import parse_time

MOMENT_HELP: Final = "ISO 8601, UTC unless it says otherwise"
CUT_OFF: Final = 141
"""What a shell calls the end of a command by SIGPIPE."""


def moment_of(text: str) -> datetime:
    """Read a time of the command line: ISO 8601, UTC unless it says otherwise."""
    try:
        return parse_time(text, zone=UTC)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a valid time: {error}") from error


def end_with(main: Callable[[], int | None]) -> Never:
    """Run a command and exit with its status; without a word if its reader, such as `head`, has gone."""
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still buffered
        status = CUT_OFF
    sys.exit(status)

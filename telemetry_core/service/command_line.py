"""Arguments that commands of several services take."""

import argparse
from datetime import UTC, datetime
from typing import Final

from telemetry_core.contract.values import parse_time

MOMENT_HELP: Final = "ISO 8601, UTC unless it says otherwise"


def moment_of(text: str) -> datetime:
    """Read a time of the command line: ISO 8601, UTC unless it says otherwise."""
    try:
        return parse_time(text, zone=UTC)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a valid time: {error}") from error

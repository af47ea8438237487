"""What every suite returns: totals of fixed names, a table, and everything else as JSON."""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TOTALS = (
    "suite", "mode", "tp", "fp", "fn", "f1", "f0_5", "corrected_f0_5", "nominal_flagged", "vus_pr", "auc_pr",
    "false_alarms_per_1000_max", "found_share_min", "found_share_mean", "delay_median_s",
    "coverage_90_min", "coverage_90_max", "time_error_median_max",
    "seconds", "config_hash",
)  # fmt: skip

RULE = "rule"
ALARMS = "alarms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Of one run."""

    data: Path
    """A suite that simulates its telemetry reads nothing there."""
    seeds: int
    """Shuffles of the folds and random controls, or simulated recordings of a cell."""
    constants: Sequence[str] = ()
    """Sources of the constants that suite field measures."""
    through: str = RULE
    """What tells alerts: the rule in this process, or what the alarm service keeps (ALARMS)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Figures of one suite in one mode."""

    totals: Mapping[str, Any]
    """By the names in TOTALS; the caller adds suite, mode and seconds."""
    detected: Mapping[str, Sequence[tuple[int, int]]]
    """Intervals by channel, in samples of the judged series, inclusive."""
    lines: Sequence[str]
    """The table as it is printed."""
    details: Mapping[str, Any] = field(default_factory=dict)


class DataMissingError(Exception):
    """The directory holds nothing that this suite can read."""


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Columns as wide as their widest cell; the first is text, the others figures."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in cells
    ]


def config_hash(config: object) -> str:
    """First 12 hexadecimal digits of the SHA-256 of a configuration."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:12]


def progress(text: str) -> None:
    """Show what is being done, beside the result."""
    print(text, file=sys.stderr, flush=True)

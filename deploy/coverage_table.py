"""Table of the lines and branches of each measured package that unit tests run; `make coverage` prints it.

`python -m deploy.coverage_table FILE` reads the JSON report of coverage.py; a share too low is exit status 1.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PACKAGES: Final = ("scoring", "kafka_inference_trigger", "telemetry_core", "analysis_server")
LEAST: Final = 0.95
"""Share of each package's lines, and of its branches, that must run: raise, never lower."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of a package's lines and branches ran, and how many there are."""

    package: str
    lines_run: int
    lines: int
    branches_run: int
    branches: int

    @property
    def shares(self) -> tuple[float, float]:
        """Shares of lines and of branches that ran; of none, all did."""
        return (
            self.lines_run / self.lines if self.lines else 1.0,
            self.branches_run / self.branches if self.branches else 1.0,
        )


def is_enough(one: Coverage) -> bool:
    """Tell whether enough of a package's lines and enough of its branches ran."""
    return min(one.shares) >= LEAST


def coverage_of(package: str, report: Mapping[str, Any]) -> Coverage:
    """Sum up the report's files of a package. Raises ValueError where none was measured."""
    found = [file["summary"] for path, file in report["files"].items() if path.startswith(f"{package}/")]
    if not found:
        raise ValueError(f"the report has no file of {package}/")
    return Coverage(
        package,
        lines_run=sum(file["covered_lines"] for file in found),
        lines=sum(file["num_statements"] for file in found),
        branches_run=sum(file["covered_branches"] for file in found),
        branches=sum(file["num_branches"] for file in found),
    )


def table(packages: Sequence[Coverage]) -> str:
    """Return a line per package, which says where too little runs."""
    rows = [f"{'unit tests alone':<26}{'lines':>16}{'branches':>18}"]
    for one in packages:
        lines, branches = one.shares
        rows.append(
            f"{one.package:<26}{one.lines_run:>5} of {one.lines:<5}{lines:>6.1%}"
            f"{one.branches_run:>7} of {one.branches:<5}{branches:>6.1%}"
            + ("" if is_enough(one) else f"  too little: {LEAST:.0%} must run")
        )
    return "\n".join(rows)


def main(arguments: Sequence[str]) -> int:
    """Print the table of a report; 1 where too little of a package runs."""
    report = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    measured = [coverage_of(package, report) for package in PACKAGES]
    print(table(measured))
    return int(not all(map(is_enough, measured)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

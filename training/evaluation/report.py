"""Reports beside the recipes: Markdown to read, JSON to compare."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

REPORTS = Path(__file__).parents[1] / "reports"


def table(head: Iterable[Any], rows: Iterable[Iterable[Any]]) -> Iterable[str]:
    """Lines of a Markdown table."""
    cells = list(head)
    yield f"| {' | '.join(map(str, cells))} |"
    yield f"|{' --- |' * len(cells)}"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"


def write_report(stem: str, facts: dict[str, Any], lines: Iterable[str]) -> None:
    """Write facts as `<stem>.json` and lines as `<stem>.md`."""
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / f"{stem}.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    (REPORTS / f"{stem}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")

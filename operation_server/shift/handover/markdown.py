"""The hand-over report as Markdown: what operators wrote is shown, never taken for markup. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from operation_server.shift.handover.schemas import HandOver
from operation_server.shift.handover.sections import (
    MORE,
    NOTHING,
    TITLE,
    Section,
    moment_of,
    sections_of_now,
    sections_of_span,
    span_of,
)

_MARKUP: Final = re.compile(r"([\\`*_\[\]<>|~&#!])")


def markdown_of(report: HandOver) -> str:
    """Lay the report out."""
    lines = [f"# {TITLE}", "", span_of(report)]
    for section in sections_of_span(report):
        lines += _lines(section)
    lines += ["", f"**{moment_of(report)}**"]
    for section in sections_of_now(report):
        lines += _lines(section)
    return "\n".join([*lines, ""])


def _lines(section: Section) -> Iterator[str]:
    yield from ("", f"## {section.title}", "")
    if section.rows:
        yield _row(section.heads)
        yield f"|{' --- |' * len(section.heads)}"
    else:
        yield NOTHING
    for place, cells in enumerate(section.rows):
        shown = [_plain(cell) for cell in cells]
        yield _row([f"~~{cell}~~" if cell else "" for cell in shown] if place in section.struck else shown)
    if section.is_cut:
        yield from ("", MORE)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Keep on one line, with no character that means something."""
    return _MARKUP.sub(r"\\\1", " / ".join(text.split("\n")))

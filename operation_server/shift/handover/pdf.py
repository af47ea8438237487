"""The hand-over report as PDF, to be filed or sent: what operators wrote is shown, never taken for markup.

Its fonts lie within, so it looks the same everywhere; a character that neither has is told by its code.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache, partial
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, LongTable, Paragraph, SimpleDocTemplate, TableStyle

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

_FONTS: Final = Path(__file__).parent / "fonts"
_LATIN: Final = "DejaVuSans"
_HANGUL: Final = "NanumSquareR"
_HANGUL_LETTERS: Final = (range(0x3131, 0x318F), range(0xAC00, 0xD7A4))

_PAGE: Final = landscape(A4)
_MARGIN: Final = 32.0
_FRAME_PADDING: Final = 6.0
"""That of the library's frames."""
_PADDING: Final = 3.0
_BEGINNING: Final = 70.0
"""Points that a heading needs on its page, with the first row of its table."""
_LONGEST_WORD: Final = 90.0
"""Points: longer words break, or a table would be wider than its page."""
_WIDEST: Final = 300.0
"""Points that a column gets at most while another one wants some."""

_CELL: Final = ParagraphStyle("cell", fontName=_LATIN, fontSize=8, leading=10)
_TEXT: Final = ParagraphStyle("text", parent=_CELL, fontSize=9, leading=12, spaceBefore=4, spaceAfter=4)
_HEADING: Final = ParagraphStyle("heading", parent=_TEXT, fontSize=11, leading=14, spaceBefore=10)
_TITLE: Final = ParagraphStyle("title", parent=_HEADING, fontSize=16, leading=20)
_TABLE: Final = TableStyle(
    [
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
        ("LINEBELOW", (0, 0), (-1, 0), 0.75, colors.black),
        ("LINEBELOW", (0, 1), (-1, -1), 0.25, colors.lightgrey),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        *((f"{side}PADDING", (0, 0), (-1, -1), _PADDING) for side in ("LEFT", "RIGHT")),
        *((f"{side}PADDING", (0, 0), (-1, -1), 1.5) for side in ("TOP", "BOTTOM")),
    ]
)


def pdf_of(report: HandOver) -> bytes:
    """Lay the report out on pages of A4, landscape."""
    _register_fonts()
    flow: list[Flowable] = [Paragraph(TITLE, _TITLE), Paragraph(span_of(report), _TEXT)]
    for section in sections_of_span(report):
        flow += _parts(section)
    flow.append(Paragraph(moment_of(report), _HEADING))
    for section in sections_of_now(report):
        flow += _parts(section)
    written = BytesIO()
    document = SimpleDocTemplate(
        written, pagesize=_PAGE, title=TITLE, subject=span_of(report), lang="en",
        leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN,
    )  # fmt: skip
    footer = partial(_write_footer, f"{TITLE}. {span_of(report)}")
    document.build(flow, onFirstPage=footer, onLaterPages=footer)
    return written.getvalue()


@cache
def _register_fonts() -> frozenset[int]:
    """Make both fonts known, once; return the characters that `_LATIN` has."""
    fonts = {name: TTFont(name, _FONTS / f"{name}.ttf") for name in (_LATIN, _HANGUL)}
    for font in fonts.values():
        pdfmetrics.registerFont(font)
    return frozenset(fonts[_LATIN].face.charToGlyph)


def _write_footer(text: str, canvas: Canvas, _document: SimpleDocTemplate) -> None:
    margin = _MARGIN + _FRAME_PADDING
    canvas.setFont(_LATIN, _CELL.fontSize)
    canvas.drawString(margin, _MARGIN / 2, text)
    canvas.drawRightString(_PAGE[0] - margin, _MARGIN / 2, f"Page {canvas.getPageNumber()}")


def _parts(section: Section) -> Iterator[Flowable]:
    yield CondPageBreak(_BEGINNING)
    yield Paragraph(section.title, _HEADING)
    if section.rows:
        heads = [Paragraph(head, _CELL) for head in section.heads]
        rows = [
            [_cell(text, is_struck=place in section.struck) for text in row]
            for place, row in enumerate(section.rows)
        ]
        yield LongTable(
            [heads, *rows],
            colWidths=_widths(section),
            repeatRows=1,
            splitInRow=1,
            style=_TABLE,
            hAlign="LEFT",
        )
    else:
        yield Paragraph(NOTHING, _TEXT)
    if section.is_cut:
        yield Paragraph(MORE, _TEXT)


def _cell(text: str, *, is_struck: bool) -> Paragraph:
    marked = "".join(f'<font name="{font}">{escape(run)}</font>' for font, run in runs(text))
    return Paragraph(f"<strike>{marked}</strike>" if is_struck else marked, _CELL)


def runs(text: str) -> Iterator[tuple[str, str]]:
    """Yield a text on one line as parts that one font can write, each with its font."""
    for font, run in groupby(_drawable(text), key=_font_of):
        yield font, "".join(run)


def _drawable(text: str) -> Iterator[str]:
    known = _register_fonts()
    for character in unicodedata.normalize("NFC", " / ".join(text.split("\n"))):
        is_known = _font_of(character) == _HANGUL or ord(character) in known
        yield from character if is_known else f"[U+{ord(character):04X}]"


def _font_of(character: str) -> str:
    return _HANGUL if any(ord(character) in letters for letters in _HANGUL_LETTERS) else _LATIN


def _widths(section: Section) -> list[float]:
    """Give each column what its longest word needs, and the rest to those with more to say."""
    columns = list(zip(section.heads, *section.rows, strict=True))
    least = [min(_LONGEST_WORD, max(map(_width, " ".join(texts).split()), default=0)) for texts in columns]
    wanted = [min(_WIDEST, max(map(_width, texts))) for texts in columns]
    least = [points + 2 * _PADDING + 1 for points in least]
    missing = [max(0, points + 2 * _PADDING + 1 - need) for points, need in zip(wanted, least, strict=True)]
    left = _PAGE[0] - 2 * (_MARGIN + _FRAME_PADDING) - sum(least)
    share = min(1.0, left / sum(missing)) if sum(missing) else 0.0
    return [need + share * more for need, more in zip(least, missing, strict=True)]


def _width(text: str) -> float:
    return sum(pdfmetrics.stringWidth(run, font, _CELL.fontSize) for font, run in runs(text))

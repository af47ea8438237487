"""The report as pages: read back as its readers' programs do."""

import re
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from operation_server.shift.handover.markdown import markdown_of
from operation_server.shift.handover.pdf import pdf_of
from operation_server.shift.handover.schemas import HandOver
from tests.unit.operation_server.shift.handover.reports import alarm, entry, report


def pages(found: HandOver) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(pdf_of(found))).pages]


def written(text: str, **changes: Any) -> str:
    """Return what a report says of an entry, as one line."""
    return " ".join(" ".join(pages(report(entries=[entry(text, **changes)]))).split())


def test_empty_report_says_so_in_each_section() -> None:
    text = "\n".join(pages(report()))
    titles = re.findall("^## (.*)$", markdown_of(report()), flags=re.MULTILINE)
    assert len(titles) == text.count("None.") == 15
    assert [title for title in titles if title not in text] == []
    assert "From 2026-11-01T04:00:00Z to 2026-11-01T12:00:00Z." in text
    assert "As of 2026-11-01T12:00:00Z:" in text


@pytest.mark.parametrize(
    "words",
    ["김민준이 배터리 히터를 껐다", "Łukasz Müller-Ğışı", "Ωмега → 5 °C ≤ 10 µs", "한글 and Latin, mixed가"],
)
def test_words_in_any_script_of_its_fonts_can_be_read_again(words: str) -> None:
    assert f"{words} {words}" in written(words, operator=words).replace(f"{words} SAT", words)


def test_character_that_no_font_has_is_told_by_its_code() -> None:
    assert "fire [U+1F525] in [U+91D1]" in written("fire \N{FIRE} in \u91d1")


def test_syllables_that_a_keyboard_sends_in_parts_are_whole() -> None:
    assert "\ud55c\uae00" in written("\u1112\u1161\u11ab\u1100\u1173\u11af")


@pytest.mark.parametrize(
    "words", ["<img src=x onerror=alert(1)>", "<b>bold</b> &amp; <font color=red>", "</para><a href=x>y</a>"]
)
def test_words_of_operators_are_no_markup(words: str) -> None:
    assert words in written(words)


def test_lines_of_an_entry_stay_apart() -> None:
    assert "one / two / / three" in written("one\ntwo\n\nthree")


@pytest.mark.parametrize("words", ["W" * 2_000, "뷁" * 2_000, "word " * 400, "\n".join("a" * 1_000)])
def test_entry_of_any_shape_finds_its_place(words: str) -> None:
    kept = "".join(words.split())
    text = "".join("".join(pages(report(entries=[entry(words)] * 3))).replace("/", "").split())
    assert text.count(kept[0]) >= 3 * kept.count(kept[0])


def test_a_thousand_alarms_fill_pages_that_repeat_the_headings() -> None:
    alarms = [alarm(number, acknowledged_by="김민준") for number in range(1_000)]
    found = pages(report(raised={"alarms": alarms, "is_truncated": True}))
    assert len(found) > 20
    assert all("severity alarm state" in " ".join(page.split()) for page in found[1:-2])
    text = "".join(found)
    assert [number for number in range(1_000) if f"SAT-{number:04}" not in text] == []
    assert text.count("김민준") == 1_000
    assert "There are more." in text
    assert [f"Page {number}" in page for number, page in enumerate(found, start=1)] == [True] * len(found)

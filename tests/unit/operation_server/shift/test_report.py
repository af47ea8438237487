from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from operation_server.shift.markdown import markdown_of
from operation_server.shift.report import not_judged_of, silent_of
from operation_server.shift.report_schemas import HandOver
from operation_server.shift.schemas import ShiftEntry

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
NOTHING: dict[str, Any] = {"alarms": [], "is_truncated": False}


def part(name: str, verdict: str | None, **lacks: Any) -> dict[str, Any]:
    return {"subsystem": name, "verdict": verdict, "learning": None, "rarely_sampled": None, **lacks}


def satellite(name: str, *parts: dict[str, Any], is_stale: bool = False) -> dict[str, Any]:
    return {"satellite_id": name, "is_stale": is_stale, "last_contact": NOW, "subsystems": parts}


def report(**changes: Any) -> HandOver:
    return HandOver.model_validate(
        {
            "start_time": NOW - timedelta(hours=8), "end_time": NOW, "generated_at": NOW, "entries": [],
            "has_more_entries": False, "raised_by_severity": [], "indicators": [], "raised": NOTHING,
            "platform": NOTHING, "attention": {"count": 0, "is_truncated": False, "counts": []},
            "standing": NOTHING, "returned": NOTHING, "shelved": [], "out_of_service": [],
            "has_more_suppressions": False, "silent": [], "not_judged": [], **changes,
        }
    )  # fmt: skip


def entry(text: str, **changes: Any) -> ShiftEntry:
    return ShiftEntry.model_validate(
        {"id": 1, "at": NOW, "operator": "Ada", "text": text, "satellite_id": None, "alarm_id": None,
         "corrects": None, "corrected_by": None, **changes}
    )  # fmt: skip


def test_subsystem_without_a_verdict_is_named_with_what_it_lacks() -> None:
    few = {"samples": 10, "needed": 2_000, "remaining_s": None, "reason": "too_few_samples"}
    rare = {"interval_s": 600, "needed": 10, "max_span_s": 3_600, "enough_span_s": 6_000}
    fleet = [
        satellite("SAT-002", part("eps", "nominal"), part("comm", "learning")),
        satellite("SAT-001", part("eps", "learning", learning=few), part("aocs", "warming_up"),
                  part("thermal", "warming_up", rarely_sampled=rare), part("comm", None)),
    ]  # fmt: skip
    assert [(one.satellite_id, one.subsystem, one.reason) for one in not_judged_of(fleet)] == [
        ("SAT-001", "eps", "too_few_samples"), ("SAT-001", "thermal", "rarely_sampled"),
        ("SAT-002", "comm", "learning"),
    ]  # fmt: skip


def test_silent_satellites_are_named_in_order() -> None:
    fleet = [satellite("B", is_stale=True), satellite("C"), satellite("A", is_stale=True)]
    assert [one.satellite_id for one in silent_of(fleet)] == ["A", "B"]


def test_empty_report_says_so_in_each_section() -> None:
    text = markdown_of(report())
    assert text.startswith("# Hand-over report\n\nFrom 2026-11-01T04:00:00.000Z to 2026-11-01T12:00:00.000Z.")
    assert text.count("\n## ") == text.count("\nNone.\n") == 11
    assert "There are more." not in text


def test_section_says_where_it_ends() -> None:
    more = report(has_more_entries=True, standing={"alarms": [], "is_truncated": True})
    assert markdown_of(more).count("There are more.") == 2


def test_corrected_entry_is_struck_through_and_names_the_newer_one() -> None:
    text = markdown_of(
        report(
            entries=[
                entry("pass lost", corrected_by=2, satellite_id="SAT-001"),
                entry("pass late", id=2, corrects=1, satellite_id="SAT-001"),
            ]
        )
    )
    assert "- ~~1, 2026-11-01T12:00:00.000Z, Ada, `SAT-001`: pass lost~~ (corrected by 2)" in text
    assert "- 2, 2026-11-01T12:00:00.000Z, Ada, corrects 1, `SAT-001`: pass late" in text


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a\n# b", "a / \\# b"), ("<img src=x onerror=alert(1)>", "\\<img src=x onerror=alert(1)\\>"),
        ("![x](http://y)", "\\!\\[x\\](http://y)"), ("a | b \\| c", "a \\| b \\\\\\| c"),
        ("~~gone~~ `x` **y** &amp;", "\\~\\~gone\\~\\~ \\`x\\` \\*\\*y\\*\\* \\&amp;"),
    ],
)  # fmt: skip
def test_words_of_operators_are_no_markup(written: str, shown: str) -> None:
    found = markdown_of(report(entries=[entry(written, operator=written)]))
    assert f"- 1, 2026-11-01T12:00:00.000Z, {shown}: {shown}\n" in found

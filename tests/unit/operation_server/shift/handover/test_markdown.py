from datetime import timedelta

import pytest

from operation_server.shift.handover.markdown import markdown_of
from tests.unit.operation_server.shift.handover.reports import NOW, alarm, entry, report


def test_empty_report_says_so_in_each_section() -> None:
    text = markdown_of(report())
    assert text.startswith("# Hand-over report\n\nFrom 2026-11-01T04:00:00Z to 2026-11-01T12:00:00Z.")
    assert text.count("\n## ") == text.count("\nNone.\n") == 15
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
    struck = "~~1~~ | ~~2026-11-01T12:00:00Z~~ | ~~Ada~~ | ~~SAT-001~~ | ~~pass lost~~ | ~~corrected by 2~~"
    assert f"| {struck} |" in text
    assert "| 2 | 2026-11-01T12:00:00Z | Ada | SAT-001 | pass late | corrects 1 |" in text


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
    assert f"| 1 | 2026-11-01T12:00:00Z | {shown} |  | {shown} |  |\n" in found


def test_contacts_and_changes_are_told_in_words() -> None:
    nothing = {"satellite_id": None, "subsystem": None, "version": None, "operator": None, "comment": None}
    limit = {**nothing, "at": NOW, "kind": "limit", "subsystem": "eps", "name": "low_battery", "version": 3}
    changes = [
        {**limit, "operator": "Ada", "comment": "winter",
         "details": {"below": 25, "above": None, "latching": True}},
        {**limit, "version": 4, "operator": "Ada", "comment": "spring", "details": {}},
        {**nothing, "at": NOW, "kind": "calibration", "satellite_id": "SAT-001", "subsystem": "eps",
         "name": "active", "version": 2, "details": {"samples": 2000}},
        {**nothing, "at": NOW, "kind": "upgrade", "name": "0036_more.sql", "details": {"migrations": 2}},
    ]  # fmt: skip
    contacts = [
        {"satellite_id": "SAT-001", "started_at": None, "ended_at": NOW - timedelta(hours=1)},
        {"satellite_id": "SAT-001", "started_at": NOW, "ended_at": None},
    ]
    text = markdown_of(report(changes=changes, contacts=contacts))
    at = "2026-11-01T12:00:00Z"
    version = f"| {at} | limit | eps low\\_battery version"
    assert f"{version} 3 | below 25, above none, latching true | Ada | winter |" in text
    assert f"{version} 4 | as in the mission file | Ada | spring |" in text
    assert f"| {at} | calibration | SAT-001 eps version 2 | active, samples 2000 |  |  |" in text
    assert f"| {at} | upgrade | 0036\\_more.sql | migrations 2 |  |  |" in text
    assert f"| SAT-001 | before | 2026-11-01T11:00:00Z |\n| SAT-001 | {at} | goes on |" in text


def test_passes_are_told_with_what_came_of_them_and_those_to_come_apart() -> None:
    planned = {
        "satellite_id": "SAT-001", "ground_station": "Svalbard | 2", "start_time": NOW,
        "end_time": NOW + timedelta(minutes=10), "outcome": "planned", "first_heard": None,
        "last_heard": None,
    }  # fmt: skip
    heard = {**planned, "outcome": "heard", "first_heard": NOW, "last_heard": NOW + timedelta(minutes=9)}
    text = markdown_of(
        report(
            passes={"passes": [heard], "is_truncated": True},
            next_passes={"passes": [planned], "is_truncated": False},
        )
    )
    of_span, of_now = text.split("**As of ")
    told = "| SAT-001 | Svalbard \\| 2 | 2026-11-01T12:00:00Z | 2026-11-01T12:10:00Z |"
    assert f"{told} heard | 2026-11-01T12:00:00Z | 2026-11-01T12:09:00Z |\n\nThere are more." in of_span
    assert f"{told} planned |  |  |\n" in of_now


def test_alarm_is_told_with_value_and_limit() -> None:
    over = alarm(state="returned_unacknowledged", returned_at=NOW)
    text = markdown_of(report(standing={"alarms": [over], "is_truncated": False}))
    at = "2026-11-01T12:00:00Z"
    told = "critical | SAT-0001 eps low\\_battery | returned unacknowledged"
    assert f"| {told} | {at} | {at} | 12.5 | below 20 |  |" in text

"""The hand-over report as Markdown: what operators wrote is shown, never taken for markup. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from operation_server.alarms.schemas import Alarm, SuppressedReason
from operation_server.http.responses import utc_text
from operation_server.shift.report_schemas import AlarmList, HandOver
from operation_server.shift.schemas import Indicator, RaisedAlarms, ShiftEntry

_MARKUP: Final = re.compile(r"([\\`*_\[\]<>|~&#!])")
_NOTHING: Final = "None."


def markdown_of(report: HandOver) -> str:
    """Lay the report out, the sections in the order of the console's page."""
    return "\n".join(
        [
            "# Hand-over report",
            "",
            f"From {utc_text(report.start_time)} to {utc_text(report.end_time)}.",
            *_section("Shift log", _entries(report.entries), more=report.has_more_entries),
            *_section("Alarms raised", _raised(report.raised_by_severity), more=False),
            *_alarms("The newest of them", report.raised),
            *_section("Performance", _indicators(report.indicators), more=False),
            *_alarms("Platform alarms", report.platform),
            "",
            f"**As of {utc_text(report.generated_at)}:**",
            *_alarms("Standing", report.standing),
            *_alarms("Over, waiting to be acknowledged or reset", report.returned),
            *_section("Shelved", _suppressed(report.shelved), more=report.has_more_suppressions),
            *_section(
                "Out of service", _suppressed(report.out_of_service), more=report.has_more_suppressions
            ),
            *_section("Silent satellites", _silent(report), more=False),
            *_section("Not judged", _not_judged(report), more=False),
            "",
        ]
    )


def _section(title: str, lines: Iterable[str], *, more: bool) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    yield from list(lines) or [_NOTHING]
    if more:
        yield from ("", "There are more.")


def _alarms(title: str, found: AlarmList) -> Iterator[str]:
    rows = [_alarm_cells(alarm) for alarm in found.alarms]
    heads = ["severity", "alarm", "state", "from", "until", "worst value", "limit", "acknowledged by"]
    return _section(title, _table(heads, rows), more=found.is_truncated)


def _alarm_cells(alarm: Alarm) -> list[str]:
    return [
        alarm.severity,
        f"`{alarm.satellite_id}` {alarm.subsystem} {_plain(alarm.reason)}",
        alarm.state.replace("_", " "),
        utc_text(alarm.started_at),
        _time(alarm.returned_at),
        _number(alarm.worst_value),
        alarm.limit or "",
        _plain(alarm.acknowledged_by or ""),
    ]


def _entries(entries: Sequence[ShiftEntry]) -> Iterator[str]:
    for entry in entries:
        about = entry.alarm_id or entry.satellite_id
        head = [str(entry.id), utc_text(entry.at), _plain(entry.operator)]
        head += [f"corrects {entry.corrects}"] if entry.corrects else []
        head += [f"`{about}`"] if about else []
        line = f"{', '.join(head)}: {_plain(entry.text)}"
        yield f"- ~~{line}~~ (corrected by {entry.corrected_by})" if entry.corrected_by else f"- {line}"


def _raised(groups: Sequence[RaisedAlarms]) -> Iterator[str]:
    rows = [
        [
            group.severity, group.kind, str(group.count), str(group.acknowledged),
            _number(group.acknowledged_median_s), _number(group.acknowledged_p90_s),
        ]
        for group in groups
    ]  # fmt: skip
    heads = ["severity", "kind", "raised", "acknowledged", "after s (median)", "after s (90 %)"]
    return _table(heads, rows)


def _indicators(indicators: Sequence[Indicator]) -> Iterator[str]:
    rows = [[one.name.replace("_", " "), _number(one.value), _number(one.target)] for one in indicators]
    return _table(["indicator", "value", "at most"], rows)


def _suppressed(reasons: Sequence[SuppressedReason]) -> Iterator[str]:
    rows = [
        [
            f"`{one.satellite_id}` {one.subsystem} {_plain(one.reason)}", _plain(one.operator),
            _plain(one.comment), utc_text(one.since), _time(one.until),
        ]
        for one in reasons
    ]  # fmt: skip
    return _table(["alarms of", "by", "why", "since", "until"], rows)


def _silent(report: HandOver) -> Iterator[str]:
    rows = [[f"`{one.satellite_id}`", _time(one.last_contact)] for one in report.silent]
    return _table(["satellite", "last contact"], rows)


def _not_judged(report: HandOver) -> Iterator[str]:
    rows = [
        [f"`{one.satellite_id}`", one.subsystem, one.reason.replace("_", " ")] for one in report.not_judged
    ]
    return _table(["satellite", "subsystem", "reason"], rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        yield f"| {' | '.join(heads)} |"
        yield f"|{' --- |' * len(heads)}"
        yield from (f"| {' | '.join(row)} |" for row in rows)


def _plain(text: str) -> str:
    """Keep on one line, with no character that means something."""
    return _MARKUP.sub(r"\\\1", " / ".join(text.split("\n")))


def _time(at: datetime | None) -> str:
    return utc_text(at) if at else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"

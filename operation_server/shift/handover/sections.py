"""The hand-over report as titles and tables of plain text, in the order of the console's page. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from operation_server.alarms.schemas import Alarm, SuppressedReason
from operation_server.http.responses import utc_text
from operation_server.shift.handover.schemas import AlarmList, Change, Contact, HandOver, PassList
from operation_server.shift.schemas import Indicator, RaisedAlarms, ShiftEntry

TITLE: Final = "Hand-over report"
NOTHING: Final = "None."
MORE: Final = "There are more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A table under its title; without rows, nothing happened."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    is_cut: bool = False
    #: Places of rows whose place another one takes: they are struck through.
    struck: frozenset[int] = frozenset()


def span_of(report: HandOver) -> str:
    """Say what the first sections are about."""
    return f"From {_time(report.start_time)} to {_time(report.end_time)}."


def moment_of(report: HandOver) -> str:
    """Say what the other sections are about."""
    return f"As of {_time(report.generated_at)}:"


def sections_of_span(report: HandOver) -> list[Section]:
    """Return what happened in the span."""
    return [
        _entries(report.entries, is_cut=report.has_more_entries),
        _contacts(report.contacts, is_cut=report.has_more_contacts),
        _passes("Passes of contact plans", report.passes),
        _changes(report.changes, is_cut=report.has_more_changes),
        _raised(report.raised_by_severity),
        _alarms("The newest of them", report.raised),
        _indicators(report.indicators),
        _alarms("Platform alarms", report.platform),
    ]


def sections_of_now(report: HandOver) -> list[Section]:
    """Return how everything is."""
    is_cut = report.has_more_suppressions
    return [
        _passes("Passes that run or come next", report.next_passes),
        _alarms("Standing", report.standing),
        _alarms("Over, waiting to be acknowledged or reset", report.returned),
        _suppressed("Shelved", report.shelved, is_cut=is_cut),
        _suppressed("Out of service", report.out_of_service, is_cut=is_cut),
        Section(
            title="Silent satellites",
            heads=["satellite", "last contact"],
            rows=[[one.satellite_id, _time(one.last_contact)] for one in report.silent],
        ),
        Section(
            title="Not judged",
            heads=["satellite", "subsystem", "reason"],
            rows=[[one.satellite_id, one.subsystem, _words(one.reason)] for one in report.not_judged],
        ),
    ]


def _entries(entries: Sequence[ShiftEntry], *, is_cut: bool) -> Section:
    rows = [
        [
            str(entry.id), _time(entry.at), entry.operator, entry.alarm_id or entry.satellite_id or "",
            entry.text, _correction(entry),
        ]
        for entry in entries
    ]  # fmt: skip
    return Section(
        title="Shift log",
        heads=["no.", "at", "by", "about", "entry", "correction"],
        rows=rows,
        is_cut=is_cut,
        struck=frozenset(place for place, entry in enumerate(entries) if entry.corrected_by),
    )


def _correction(entry: ShiftEntry) -> str:
    told = [f"corrects {entry.corrects}"] if entry.corrects else []
    told += [f"corrected by {entry.corrected_by}"] if entry.corrected_by else []
    return ", ".join(told)


def _contacts(contacts: Sequence[Contact], *, is_cut: bool) -> Section:
    rows = [
        [one.satellite_id, _time(one.started_at) or "before", _time(one.ended_at) or "goes on"]
        for one in contacts
    ]
    title = "Contacts of satellites that were silent in between"
    return Section(title=title, heads=["satellite", "from", "until"], rows=rows, is_cut=is_cut)


def _passes(title: str, found: PassList) -> Section:
    rows = [
        [
            one.satellite_id, one.ground_station, _time(one.start_time), _time(one.end_time), one.outcome,
            _time(one.first_heard), _time(one.last_heard),
        ]
        for one in found.passes
    ]  # fmt: skip
    heads = ["satellite", "ground station", "from", "until", "outcome", "first heard", "last heard"]
    return Section(title=title, heads=heads, rows=rows, is_cut=found.is_truncated)


def _changes(changes: Sequence[Change], *, is_cut: bool) -> Section:
    rows = [
        [_time(one.at), one.kind, _subject(one), _details(one), one.operator or "", one.comment or ""]
        for one in changes
    ]
    heads = ["at", "of", "about", "to", "by", "why"]
    return Section(title="Changes", heads=heads, rows=rows, is_cut=is_cut)


def _subject(change: Change) -> str:
    named = change.name if change.kind != "calibration" else None
    version = f"version {change.version}" if change.version is not None else None
    return " ".join(word for word in (change.satellite_id, change.subsystem, named, version) if word)


def _details(change: Change) -> str:
    told = ", ".join(f"{_words(field)} {_value(value)}" for field, value in change.details.items())
    if change.kind == "limit":
        return told or "as in the mission file"
    return f"{change.name}, {told}" if change.kind == "calibration" else told


def _value(value: bool | float | str | None) -> str:  # noqa: FBT001 - one of many values
    if value is None:
        return "none"
    return f"{value:.15g}" if isinstance(value, float) else str(value).lower()


def _raised(groups: Sequence[RaisedAlarms]) -> Section:
    rows = [
        [
            group.severity, group.kind, str(group.count), str(group.acknowledged),
            _number(group.acknowledged_median_s), _number(group.acknowledged_p90_s),
        ]
        for group in groups
    ]  # fmt: skip
    heads = ["severity", "kind", "raised", "acknowledged", "after s (median)", "after s (90 %)"]
    return Section(title="Alarms raised", heads=heads, rows=rows)


def _alarms(title: str, found: AlarmList) -> Section:
    heads = ["severity", "alarm", "state", "from", "until", "worst value", "limit", "acknowledged by"]
    rows = [_alarm(alarm) for alarm in found.alarms]
    return Section(title=title, heads=heads, rows=rows, is_cut=found.is_truncated)


def _alarm(alarm: Alarm) -> list[str]:
    return [
        alarm.severity,
        f"{alarm.satellite_id} {alarm.subsystem} {alarm.reason}",
        _words(alarm.state),
        _time(alarm.started_at),
        _time(alarm.returned_at),
        _number(alarm.worst_value),
        alarm.limit or "",
        alarm.acknowledged_by or "",
    ]


def _indicators(indicators: Sequence[Indicator]) -> Section:
    rows = [[_words(one.name), _number(one.value), _number(one.target)] for one in indicators]
    return Section(title="Performance", heads=["indicator", "value", "at most"], rows=rows)


def _suppressed(title: str, reasons: Sequence[SuppressedReason], *, is_cut: bool) -> Section:
    rows = [
        [
            f"{one.satellite_id} {one.subsystem} {one.reason}", one.operator, one.comment,
            _time(one.since), _time(one.until),
        ]
        for one in reasons
    ]  # fmt: skip
    heads = ["alarms of", "by", "why", "since", "until"]
    return Section(title=title, heads=heads, rows=rows, is_cut=is_cut)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _time(at: datetime | None) -> str:
    return utc_text(at, timespec="seconds") if at else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
